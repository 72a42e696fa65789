# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's tracking packets: UDP port 11573, little-endian, 1785 bytes for each face.

    f64 time | i32 id | 2 f32 camera size | f32 right eye, left eye open | u8 has 3D | f32 error |
    4 f32 quaternion | 3 f32 Euler | 3 f32 translation | 68 f32 confidence | 68 x 2 f32 landmarks |
    70 x 3 f32 points | 14 f32 features

Source: facetracker.py and Unity/OpenSee.cs of github.com/emilianavt/OpenSeeFace. Nothing is sent
without a face.

Pose. The tracker fits a model behind the camera (its depth is negative), so a face that looks into
the camera has the Euler angles 180, 0, 90. A head that looks down has more than 180, one that
turns to the image's right more than 0, one whose top tilts to the image's left more than 90: its
own way to fit its own model to projected points of known poses shows it. The translation is
(up, left, towards the camera) in units of the model, whose face is 0.91 wide.

Weights. The tracker tells no blend shapes but features of -1 to 1 against the median of the last
minutes. What they are turned into is a table of our own (``_weights``): what their names ask for,
and nothing for names that it has no word for.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from ..core.arkit import COUNT, INDEX
from .packet import finite, limited, unreadable
from .sample import FaceSample

TITLE = "OpenSeeFace"
PORT = 11573
_FACE = struct.Struct("<di2f2fBf4f3f3f68f136f210f14f")
FACE_BYTES = _FACE.size
_MOST_FACES = 36
# A face of 0.91 units, ear to ear, is about 14 cm wide.
_CM = 15.0
# Features, by place.
_FEATURES = (
    "eye_l",
    "eye_r",
    "brow_steepness_l",
    "brow_updown_l",
    "brow_quirk_l",
    "brow_steepness_r",
    "brow_updown_r",
    "brow_quirk_r",
    "corner_updown_l",
    "corner_inout_l",
    "corner_updown_r",
    "corner_inout_r",
    "mouth_open",
    "mouth_wide",
)
# Places in the unpacked packet.
_TIME, _ID, _RIGHT_OPEN, _LEFT_OPEN, _HAS_3D = 0, 1, 4, 5, 6
_EULER, _TRANSLATION = slice(12, 15), slice(15, 18)
_FIRST_FEATURE = 18 + 68 + 136 + 210


class OpenSeeFaceDecoder:
    """Packets to samples, of the face with the lowest id in each."""

    def feed(self, data: bytes) -> list[FaceSample]:
        """One sample; see ``packet.Decoder``."""
        faces = decode(data)
        return [faces[min(faces)]]


def decode(data: bytes) -> dict[int, FaceSample]:
    """All faces of a packet by their ids.

    Raises:
        FacewrightError: ``packet-unreadable``.
    """
    limited(data, TITLE)
    count, rest = divmod(len(data), FACE_BYTES)
    if rest or not 1 <= count <= _MOST_FACES:
        raise unreadable(TITLE, f"{len(data)} bytes are no {FACE_BYTES} for each face")
    return dict(_face(data, number * FACE_BYTES) for number in range(count))


def is_openseeface(data: bytes) -> bool:
    """Whether the size and the fields that have limits fit."""
    if len(data) % FACE_BYTES or not 0 < len(data) <= _MOST_FACES * FACE_BYTES:
        return False
    time_s, face, width, height = struct.unpack_from("<di2f", data)
    return 0 < time_s < 1e11 and 0 <= face < 1000 and 1 <= width <= 1e5 and 1 <= height <= 1e5


def _face(data: bytes, offset: int) -> tuple[int, FaceSample]:
    values = _FACE.unpack_from(data, offset)
    features = dict(zip(_FEATURES, values[_FIRST_FEATURE:], strict=True))
    euler, shift = values[_EULER], values[_TRANSLATION]
    finite((*values[_RIGHT_OPEN : _LEFT_OPEN + 1], *euler, *shift, *features.values()), TITLE)
    time_s = values[_TIME]
    if not 0 <= time_s < 1e11:
        raise unreadable(TITLE, f"the time is {time_s}")
    has_pose = values[_HAS_3D] == 1
    sample = FaceSample(time_s, weights=_weights(values[_LEFT_OPEN], values[_RIGHT_OPEN], features))
    if has_pose:
        sample.head_deg[:] = _turn(euler[0] - 180), _turn(euler[1]), _turn(euler[2] - 90)
        sample.head_cm[:] = np.array([-shift[1], shift[0], shift[2]]) * _CM
    return values[_ID], sample


def _weights(left_open: float, right_open: float, features: dict[str, float]) -> np.ndarray:
    """Features as ARKit weights; NaN where nothing is known.

    Lids: closed is blink 1. Jaw: mouth_open. Corners: a higher one (negative: the tracker takes
    the upper lip less the corner) smiles, a lower one frowns; out together with a wide mouth
    stretches, a narrow mouth puckers. Brows: up raises the outer brow and, with the inner end
    higher (positive steepness), the inner; down lowers.
    """
    weights = np.full(COUNT, np.nan)

    def tell(name: str, value: float) -> None:
        weights[INDEX[name]] = min(max(value, 0.0), 1.0)

    wide = features["mouth_wide"]
    inner = 0.0
    for side, key, opened in (("Left", "l", left_open), ("Right", "r", right_open)):
        tell(f"eyeBlink{side}", 1.0 - opened)
        corner, out = features[f"corner_updown_{key}"], features[f"corner_inout_{key}"]
        brow, steep = features[f"brow_updown_{key}"], features[f"brow_steepness_{key}"]
        tell(f"mouthSmile{side}", -corner)
        tell(f"mouthFrown{side}", corner)
        tell(f"mouthStretch{side}", min(wide, out) - max(-corner, 0.0))
        tell(f"browOuterUp{side}", brow)
        tell(f"browDown{side}", -brow)
        inner += max(brow, 0.0) / 2 + max(steep, 0.0) / 4
    tell("browInnerUp", inner)
    tell("mouthPucker", -wide)
    tell("jawOpen", features["mouth_open"])
    return weights


def _turn(degrees: float) -> float:
    """The same angle within -180..180."""
    return math.remainder(degrees, 360.0)
