# SPDX-License-Identifier: GPL-3.0-or-later
"""Face Cap (Bannaflak), live: OSC over UDP, port 9000.

    /HT x y z    head position        /HR x y z    head angles, degrees
    /ELR x y     left eye, degrees    /ERR x y     right eye    /W index value    one weight

The pose of a frame comes before its weights, which come one by one; a smaller index begins the
next. Order of the weights: the
app's own list, as in its Unity receiver. Angles about x, y, z of ARKit's frame, which is ours;
positions are centimetres, as in the app's text files.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT, INDEX
from ..core.types import FaceTrack
from . import osc
from .packet import LARGEST_VALUE
from .sample import FaceSample

TITLE = "Face Cap"
PORT = 9000


def _both(name: str) -> tuple[str, str]:
    return f"{name}Left", f"{name}Right"


ORDER: tuple[str, ...] = (
    "browInnerUp",
    *_both("browDown"),
    *_both("browOuterUp"),
    *_both("eyeLookUp"),
    *_both("eyeLookDown"),
    *_both("eyeLookIn"),
    *_both("eyeLookOut"),
    *_both("eyeBlink"),
    *_both("eyeSquint"),
    *_both("eyeWide"),
    "cheekPuff",
    *_both("cheekSquint"),
    *_both("noseSneer"),
    "jawOpen",
    "jawForward",
    *_both("jaw"),
    "mouthFunnel",
    "mouthPucker",
    *_both("mouth"),
    "mouthRollUpper",
    "mouthRollLower",
    "mouthShrugUpper",
    "mouthShrugLower",
    "mouthClose",
    *_both("mouthSmile"),
    *_both("mouthFrown"),
    *_both("mouthDimple"),
    *_both("mouthUpperUp"),
    *_both("mouthLowerDown"),
    *_both("mouthPress"),
    *_both("mouthStretch"),
    "tongueOut",
)
_PLACE = np.array([INDEX[name] for name in ORDER])
_LENGTHS = {"/HT": 3, "/HR": 3, "/ELR": 2, "/ERR": 2, "/W": 2}


class FaceCapDecoder:
    """Collects a frame; the last weight, or a smaller index, ends it."""

    def __init__(self) -> None:
        self._weights = np.full(COUNT, np.nan)
        self._pose: dict[str, np.ndarray] = {}
        # As it was when the frame's weights began: what comes after them is the next frame's.
        self._pose_of_frame: dict[str, np.ndarray] = {}
        self._last = -1

    def feed(self, data: bytes) -> list[FaceSample]:
        """See ``packet.Decoder``."""
        samples = []
        for address, arguments in osc.parse(data):
            length = _LENGTHS.get(address)
            if length is None or len(arguments) < length:
                continue
            values = arguments[:length]
            if not all(
                isinstance(v, int | float) and -LARGEST_VALUE <= v <= LARGEST_VALUE for v in values
            ):
                continue
            if address != "/W":
                self._pose[address] = np.array(values, float)
                continue
            index = int(values[0])
            if not 0 <= index < COUNT:
                continue
            if index <= self._last:
                samples.append(self._sample())
            if self._last < 0:
                self._pose_of_frame = dict(self._pose)
            self._weights[_PLACE[index]] = values[1]
            self._last = index
            if index == COUNT - 1:
                samples.append(self._sample())
        return samples

    def _sample(self) -> FaceSample:
        sample = FaceSample(None, weights=self._weights.copy())
        for address, column in (("/HT", sample.head_cm), ("/HR", sample.head_deg)):
            if address in self._pose_of_frame:
                column[:] = self._pose_of_frame[address]
        for eye, address in enumerate(("/ELR", "/ERR")):
            if address in self._pose_of_frame:
                sample.gaze_deg[eye] = self._pose_of_frame[address]
        self._last = -1
        return sample


def encode(row: FaceTrack) -> list[bytes]:
    """A frame as the app sends it, in bundles of at most 1500 bytes; nothing without a face.

    Args:
        row: A track of one frame.
    """
    if not row.valid[0]:
        return []

    def floats(values: np.ndarray) -> list[float]:
        return [float(value) for value in np.nan_to_num(values)]

    said = [
        osc.message("/HT", *floats(row.head_cm[0])),
        osc.message("/HR", *floats(row.head_deg[0])),
        osc.message("/ELR", *floats(row.gaze_deg[0, 0])),
        osc.message("/ERR", *floats(row.gaze_deg[0, 1])),
    ]
    weights = floats(row.weights[0][_PLACE])
    said += [osc.message("/W", index, weight) for index, weight in enumerate(weights)]
    return osc.bundles(said)


def is_face_cap(addresses: list[str]) -> bool:
    """Whether a packet with these OSC addresses is Face Cap's, which has few and short ones."""
    return bool(addresses) and all(a in _LENGTHS or a == "/HRQ" for a in addresses)
