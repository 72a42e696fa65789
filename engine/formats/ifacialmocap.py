# SPDX-License-Identifier: GPL-3.0-or-later
"""iFacialMocap and Facemotion3d: text over UDP or TCP, versions 1 and 2.

A frame is ``name-INT|…|=head#rx,ry,rz,px,py,pz|rightEye#rx,ry,rz|leftEye#rx,ry,rz|`` in any order,
INT 0 to 100; version 2 and Facemotion3d put ``&`` before the number, which may then be negative.
Over TCP the text ``___iFacialMocap`` ends a frame. The app starts when it is greeted.
https://www.ifacialmocap.com/for-developer/

Angles are degrees of ARKit's frame, which is ours (x right, y up, z towards the camera): in a
packet of the app eyeLookDown 17 comes with +6 about x, and two eyes that look inward have about y
a negative angle on the left and a positive one on the right. Positions are metres, z negative in
front of the phone. A rotation is taken as x, y, z in the order of ``FaceTrack``.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT, NAMES
from ..core.types import FaceTrack
from .names import arkit_index, short_name
from .packet import LARGEST_PACKET, limited, number, unreadable
from .sample import FaceSample

TITLE, FACEMOTION_TITLE = "iFacialMocap", "Facemotion3d"
UDP_PORT, TCP_PORT = 49983, 49986
PHONE_PORT, FACEMOTION_PHONE_PORT = 49983, 49993
_SECRET = b"sahuasouryya9218sauhuiayeta91555dy3719"
_VERSION_2 = b"|sendDataVersion=v2"
GREETINGS = {
    "udp": b"iFacialMocap_" + _SECRET + _VERSION_2,
    "tcp": b"iFacialMocap_UDPTCP_" + _SECRET + _VERSION_2,
}
FAREWELLS = {"udp": b"", "tcp": b"iFacialMocap_UDPTCPSTOP_" + _SECRET}
FACEMOTION_GREETINGS = {
    "udp": b"FACEMOTION3D_OtherStreaming",
    "tcp": b"FACEMOTION3D_OtherStreaming|protocol=tcp",
}
FACEMOTION_FAREWELL = b"StopStreaming_FACEMOTION3D"
END = b"___iFacialMocap"
_VERSION_3 = b"FMV3"
_MOST_PARTS = 512
# A frame has about 1000 bytes; so many more without an end are no frame.
_LONGEST_FRAME = 16_384
_TURNS = {"head": 6, "rightEye": 3, "leftEye": 3}


class IFacialMocapDecoder:
    """Frames to samples.

    Args:
        transport: "udp": every call is a whole packet. "tcp": a stream in pieces of any length.
        title: For messages.
    """

    def __init__(self, transport: str = "udp", title: str = TITLE) -> None:
        self._is_stream = transport == "tcp"
        self._title = title
        self._pending = b""

    def feed(self, data: bytes) -> list[FaceSample]:
        """See ``packet.Decoder``."""
        if not self._is_stream:
            return [decode(data, self._title)]
        if len(data) > LARGEST_PACKET:
            self._pending = b""
        *frames, rest = (self._pending + limited(data, self._title)).split(END)
        self._pending = rest
        if rest.startswith(_VERSION_3) or len(rest) > _LONGEST_FRAME:
            self._pending = b""
            if rest.startswith(_VERSION_3):
                raise _version_3(self._title)
            raise unreadable(self._title, f"{len(rest)} bytes without an end of a frame")
        return [decode(frame, self._title) for frame in frames if frame.strip()]


def decode(data: bytes, title: str = TITLE) -> FaceSample:
    """One frame without its end.

    Returns:
        Without a time: the app sends none. Weights as sent, not limited to 0..1.

    Raises:
        FacewrightError: ``packet-unreadable``.
    """
    limited(data, title)
    if data.startswith(_VERSION_3):
        raise _version_3(title)
    try:
        text = data.removesuffix(END).decode()
    except UnicodeDecodeError as error:
        raise unreadable(title, "it is not UTF-8") from error
    parts = text.split("|", _MOST_PARTS)
    if len(parts) > _MOST_PARTS:
        raise unreadable(title, f"it has more than {_MOST_PARTS} parts")
    weights = np.full(COUNT, np.nan)
    turns: dict[str, list[float]] = {}
    valid = True
    for part in parts:
        part = part.strip().lstrip("=")
        if "#" in part:
            name, _, numbers = part.partition("#")
            if name in _TURNS:
                turns[name] = _numbers(numbers, _TURNS[name], title)
            continue
        name, sign, value = part.partition("&") if "&" in part else part.rpartition("-")
        if not sign:
            continue
        index = arkit_index(name)
        if index is not None:
            weights[index] = number(value, title) / 100.0
        elif name == "trackingStatus":
            valid = value.strip() != "0"
    if not turns and np.isnan(weights).all():
        raise unreadable(title, "it names nothing of a face")
    return _sample(valid, weights, turns)


def encode(row: FaceTrack, facemotion: bool = False) -> bytes:
    """A frame as the app sends it over UDP, in version 2.

    Args:
        row: A track of one frame. Without a face the frame says trackingStatus 0, and rests.
        facemotion: Spell names in full, as Facemotion3d does.
    """
    weights = np.nan_to_num(row.weights[0].astype(float))
    percent = np.rint(weights * 100.0).astype(int)
    parts = [
        f"{name if facemotion else short_name(name)}&{value}"
        for name, value in zip(NAMES, percent.tolist(), strict=True)
    ]
    parts.append(f"trackingStatus&{int(row.valid[0])}")
    gaze = row.gaze_deg[0]
    head = [*row.head_deg[0], *(row.head_cm[0] / 100.0)]
    parts.append(f"=head#{_text(head)}")
    parts.append(f"rightEye#{_text([*gaze[1], 0.0])}")
    parts.append(f"leftEye#{_text([*gaze[0], 0.0])}")
    return "|".join([*parts, ""]).encode()


def dialect_of(data: bytes) -> str | None:
    """ "ifacialmocap", "facemotion3d", or None for what is neither."""
    if data.startswith(_VERSION_3):
        return "ifacialmocap"
    if b"|" not in data or b"#" not in data or len(data) > _LONGEST_FRAME:
        return None
    if b"head#" not in data:
        return None
    return "facemotion3d" if b"FM_" in data or b"SmileLeft&" in data else "ifacialmocap"


def _sample(valid: bool, weights: np.ndarray, turns: dict[str, list[float]]) -> FaceSample:
    sample = FaceSample(None, valid, weights)
    if "head" in turns:
        sample.head_deg[:] = turns["head"][:3]
        sample.head_cm[:] = np.array(turns["head"][3:]) * 100.0
    for eye, name in enumerate(("leftEye", "rightEye")):
        if name in turns:
            sample.gaze_deg[eye] = turns[name][:2]
    return sample


def _numbers(text: str, count: int, title: str) -> list[float]:
    cells = text.split(",", count)
    if len(cells) != count:
        raise unreadable(title, f"{count} numbers are wanted where {len(cells)} are")
    return [number(cell, title) for cell in cells]


def _text(values: list[float]) -> str:
    return ",".join(f"{value:.6g}" for value in np.nan_to_num(np.array(values, float)))


def _version_3(title: str) -> Exception:
    return unreadable(
        title,
        "it is of version 3, a binary form that is not read here",
        "Switch the app to version 2 of its data (in its settings, under the connection).",
    )
