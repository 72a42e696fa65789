# SPDX-License-Identifier: GPL-3.0-or-later
"""VTube Studio's phone app and MeowFace: JSON over UDP, on request to the phone's port 21412.

https://github.com/DenchiSoft/VTubeStudioBlendshapeUDPReceiverTest: a frame has Timestamp (Unix
milliseconds), FaceFound, Rotation, Position, EyeLeft, EyeRight (each x, y, z) and BlendShapes, a
list of {"k": name, "v": weight}. Names match in any case. The sender stops when it is not asked
again within the asked time.

Signs are not documented. Programs that read both take these angles for iFacialMocap's, which are
ours (see ``ifacialmocap``): degrees about x, y and z. Position is taken as centimetres in the same
frame.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from ..core.arkit import NAMES, live_link_name
from ..core.types import FaceTrack
from .names import arkit_index
from .packet import LARGEST_VALUE, limited, unreadable
from .sample import FaceSample

TITLE = "VTube Studio"
PORT, PHONE_PORT = 11125, 21412
# Asked every second; a phone that lost us stops soon.
_SECONDS = 5.0
_MOST_SHAPES = 1024
_DEEPEST = 8
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]")


class VTubeStudioDecoder:
    """Packets to samples."""

    def feed(self, data: bytes) -> list[FaceSample]:
        """See ``packet.Decoder``."""
        return [decode(data)]


def decode(data: bytes) -> FaceSample:
    """One packet.

    Returns:
        Time: seconds of the phone's clock since 1970.

    Raises:
        FacewrightError: ``packet-unreadable``.
    """
    told = _object(data)
    shapes = told.get("blendshapes")
    if not isinstance(shapes, list) or len(shapes) > _MOST_SHAPES:
        raise unreadable(TITLE, "it has no list of BlendShapes")
    sample = FaceSample(_time(told.get("timestamp")), told.get("facefound") is not False)
    for shape in shapes:
        name, weight = (_lower(shape).get(key) for key in ("k", "v"))
        index = arkit_index(name) if isinstance(name, str) else None
        if index is not None:
            sample.weights[index] = _number(weight)
    for key, column in (("rotation", sample.head_deg), ("position", sample.head_cm)):
        if key in told:
            column[:] = _xyz(told[key])
    for eye, key in enumerate(("eyeleft", "eyeright")):
        if key in told:
            sample.gaze_deg[eye] = _xyz(told[key])[:2]
    return sample


def request(port: int = PORT, name: str = "Facewright") -> bytes:
    """What the phone is asked with.

    Args:
        port: Where we listen.
        name: At most 32 characters.
    """
    asked = {
        "messageType": "iOSTrackingDataRequest",
        "time": _SECONDS,
        "sentBy": name,
        "ports": [port],
    }
    return json.dumps(asked).encode()


def encode(row: FaceTrack, time_s: float) -> bytes:
    """A packet as the app sends it.

    Args:
        row: A track of one frame.
        time_s: Seconds since 1970.
    """

    def xyz(values: np.ndarray) -> dict[str, float]:
        return dict(zip("xyz", np.nan_to_num(values).tolist(), strict=True))

    weights = np.nan_to_num(row.weights[0]).tolist()
    told = {
        "Timestamp": round(time_s * 1000),
        "Hotkey": -1,
        "FaceFound": bool(row.valid[0]),
        "Rotation": xyz(row.head_deg[0]),
        "Position": xyz(row.head_cm[0]),
        "EyeLeft": xyz(np.array([*row.gaze_deg[0, 0], 0.0])),
        "EyeRight": xyz(np.array([*row.gaze_deg[0, 1], 0.0])),
        "BlendShapes": [
            {"k": live_link_name(name), "v": weight}
            for name, weight in zip(NAMES, weights, strict=True)
        ],
    }
    return json.dumps(told, separators=(",", ":")).encode()


def is_vtube_studio(data: bytes) -> bool:
    """Whether this begins and reads like a frame of the app."""
    return data[:1] == b"{" and b'"blendshapes"' in data[:4096].lower()


def _object(data: bytes) -> dict[str, object]:
    limited(data, TITLE)
    # Brackets in brackets are read by recursion; a face needs three.
    if not _is_flat(data):
        raise unreadable(TITLE, "its brackets lie too deep")
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise unreadable(TITLE, "it is no JSON") from error
    lowered = _lower(told)
    if not lowered:
        raise unreadable(TITLE, "it is no JSON object")
    return lowered


def _is_flat(data: bytes) -> bool:
    depth = 0
    for bracket in data.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        if depth > _DEEPEST:
            return False
    return True


def _lower(told: object) -> Mapping[str, object]:
    if not isinstance(told, dict):
        return {}
    return {key.lower(): value for key, value in told.items()}


def _time(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    # Milliseconds since 1970; 1e14 is in the year 5138.
    return float(told) / 1000.0 if 0 <= told < 1e14 else None


def _number(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise unreadable(TITLE, "a value is no number")
    if not -LARGEST_VALUE <= told <= LARGEST_VALUE:
        raise unreadable(TITLE, "a value cannot be meant")
    return float(told)


def _xyz(told: object) -> list[float]:
    axes = _lower(told)
    return [_number(axes.get(axis)) for axis in "xyz"]
