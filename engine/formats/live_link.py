# SPDX-License-Identifier: GPL-3.0-or-later
"""Live Link Face, the packets that the iPhone app sends to Unreal Engine: UDP port 11111.

Everything is big-endian (Unreal's network byte order). Version 6, one packet a frame:

    u8 version | i32 n, n bytes id | i32 n, n bytes subject | i32 frame | f32 part of a frame |
    i32 rate numerator | i32 rate denominator | u8 61 | 61 x f32

Without a face the app sends the packet as far as the subject. Sources: Unreal's
AppleARKitLiveLinkSource.cpp (byte order, order of the values), recordings of the app (version 6).
Version 5 differs in the time (Unreal's FTimecode, whose size on the wire no recording shows), so
it is refused.

Units and signs. The angles are radians: where the weight eyeLookDown is 1, a recorded EyePitch is
0.56, and the same eye by iFacialMocap, which sends degrees, is at 32. The nine angles are Unreal's
yaw, pitch, roll of ARKit's frames (x -> y, y -> z, -z -> x): positive yaw turns to the actor's
right, positive pitch looks down, positive roll tilts the head's top to the image's right. In the
recordings the eyes keep these signs against eyeLook* (correlation above 0.995), and the eyes lead
the head by two frames in turns of equal sign. With the phone in landscape the app turns signs.

Sides. In a recording of 2021 the jaw swings against the mouth (correlation -0.94), in the app's CSV
along with it (0.83): that version exchanged the sides of one of the two. Which one no recording
shows, so both are taken as they are sent.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..core.arkit import COUNT
from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .live_link_angles import from_live_link, to_live_link
from .packet import finite, limited, shown, unreadable
from .sample import FaceSample

TITLE = "Live Link Face"
PORT = 11111
VERSION = 6
VALUES = 61
# Receivers in use expect an id of 36 characters, as the phone's.
DEVICE = "FACE0A5C-0001-4000-8000-FACE0A5C0001"
# Ids and names are short; a length beyond is no length.
_LONGEST_TEXT = 1024
_LENGTH = struct.Struct(">i")
_DAY_S = 86400.0
_FRAME = struct.Struct(">ifiiB61f")
# A recording of an hour at 60 frames a second has 75 MB.
_LARGEST_RECORDING = 256 * 2**20


class LiveLinkDecoder:
    """Packets to samples."""

    def __init__(self) -> None:
        self._last_s: float | None = None

    def feed(self, data: bytes) -> list[FaceSample]:
        """See ``packet.Decoder``. Times go on past midnight."""
        sample = decode(data)
        if sample.time_s is None:
            return [sample]
        if self._last_s is not None:
            days = round((self._last_s - sample.time_s) / _DAY_S)
            sample = replace(sample, time_s=sample.time_s + days * _DAY_S)
        self._last_s = sample.time_s
        return [sample]


def decode(data: bytes) -> FaceSample:
    """One packet, the whole datagram.

    Returns:
        Time: seconds since midnight of the phone's timecode; None without a face.

    Raises:
        FacewrightError: ``packet-unreadable``.
    """
    subject, offset = _header(data)
    rest = len(data) - offset
    if rest <= _FRAME.size - 4 * VALUES:
        return FaceSample(None, valid=False, subject=subject)
    if rest != _FRAME.size:
        raise unreadable(TITLE, f"{rest} bytes follow the name, not {_FRAME.size}")
    frame, part, numerator, denominator, count, *values = _FRAME.unpack_from(data, offset)
    if count != VALUES:
        raise unreadable(TITLE, f"it has {count} values, not {VALUES}")
    if not (0 < numerator <= 1_000_000 and 0 < denominator <= 1_000_000):
        raise unreadable(TITLE, f"the rate is {numerator}/{denominator}")
    finite((part, *values), TITLE)
    row = np.array(values)
    head_deg, gaze_deg = from_live_link(row[COUNT:])
    return FaceSample(
        (frame + part) * denominator / numerator,
        weights=row[:COUNT],
        head_deg=head_deg,
        gaze_deg=gaze_deg,
        subject=subject,
    )


def encode(
    row: FaceTrack,
    time_s: float | None = None,
    device: str = DEVICE,
    subject: str = "Facewright",
    rate: tuple[int, int] = (60, 1),
) -> bytes:
    """A packet as the app sends it.

    Args:
        row: A track of one frame.
        time_s: Seconds since midnight; the row's own time when None.
        device: Id of the sender; Unreal lists one device for each.
        subject: Name of the subject in Unreal.
        rate: Frames a second, numerator and denominator.
    """
    names = b"".join(_LENGTH.pack(len(t)) + t for t in (device.encode(), subject.encode()))
    header = bytes([VERSION]) + names
    if not row.valid[0]:
        return header
    time_s = float(row.time_s[0]) if time_s is None else time_s
    frame = time_s % _DAY_S * rate[0] / rate[1]
    whole = math.floor(frame)
    part = min(frame - whole, 1.0 - 2.0**-24)  # which 32 bits do not round to a whole frame
    radians = np.nan_to_num(to_live_link(row.head_deg[0], row.gaze_deg[0]))
    values = (*np.nan_to_num(row.weights[0]).tolist(), *radians.tolist())
    return header + _FRAME.pack(whole, part, *rate, VALUES, *values)


def is_live_link(data: bytes) -> bool:
    """Whether this has the header of a packet of version 6."""
    try:
        _header(data)
    except FacewrightError:
        return False
    return True


def packets_of_recording(data: bytes, name: str) -> Iterator[bytes]:
    """The packets of a ``.gesichter`` recording (Live Link VTuber's container).

    Gzip of: u8 6 | u32 count | count x (u32 size | packet), big-endian.

    Args:
        data: The whole file.
        name: Of the file, for messages.

    Raises:
        FacewrightError: ``file-unreadable``: no such file, or cut off.
    """
    stream = gzip.GzipFile(fileobj=io.BytesIO(data))
    left = _LARGEST_RECORDING

    def read(size: int) -> bytes:
        nonlocal left
        left -= size
        try:
            block = stream.read(size) if left >= 0 else b""
        except (OSError, EOFError, zlib.error) as error:
            raise _broken(name, str(error)) from error
        if len(block) < size:
            raise _broken(name, "it ends too early" if left >= 0 else "it is too large")
        return block

    version, count = struct.unpack(">BI", read(5))
    if version != VERSION:
        raise _broken(name, f"its version is {version}, not {VERSION}")
    for _ in range(count):
        (size,) = struct.unpack(">I", read(4))
        if size > 2 * _LONGEST_TEXT + 9 + _FRAME.size:
            raise _broken(name, f"a packet has {size} bytes")
        yield read(size)


def _header(data: bytes) -> tuple[str, int]:
    """The subject's name, as it may be shown, and where the frame begins."""
    limited(data, TITLE)
    if not data or data[0] != VERSION:
        what = f"its version is {data[0]}" if data else "it is empty"
        raise unreadable(TITLE, f"{what}, and {VERSION} is read here", "Update the app.")
    _device, offset = _text(data, 1)
    subject, offset = _text(data, offset)
    return shown(subject), offset


def _text(data: bytes, offset: int) -> tuple[str, int]:
    begin = offset + _LENGTH.size
    if begin > len(data):
        raise unreadable(TITLE, "it ends in its header")
    (length,) = _LENGTH.unpack_from(data, offset)
    if not 0 <= length <= _LONGEST_TEXT or begin + length > len(data):
        raise unreadable(TITLE, f"a name of {length} bytes")
    try:
        return data[begin : begin + length].decode(), begin + length
    except UnicodeDecodeError as error:
        raise unreadable(TITLE, "a name is not UTF-8") from error


def _broken(name: str, what: str) -> FacewrightError:
    return FacewrightError(
        f'"{name}" is no .gesichter recording that can be read: {what}.',
        "Record it again, or copy it again from where it was recorded.",
        "file-unreadable",
    )
