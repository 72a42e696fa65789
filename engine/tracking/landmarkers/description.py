# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ONNX model of faces takes and gives: the words of ``docs/custom_engine.md``.

The same description serves a file that a person writes and the networks that Facewright knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ...core.arkit import MEDIAPIPE_NAMES, NAMES
from ..appearance import MAPS

# Meaning of landmarks -> how many.
LANDMARK_COUNTS = {
    "landmarks478": 478,
    "landmarks468": 468,
    "landmarks106": 106,
    "landmarks68": 68,
    "landmarks66": 66,
}
PRESENCE, TONGUE, WEIGHTS = "presence", "tongue", "weights"
ROTATION, LOOKS = "rotation", "appearance"
MEANINGS = (*LANDMARK_COUNTS, PRESENCE, TONGUE, WEIGHTS, ROTATION, LOOKS)
# Units by meaning, the usual one first.
PLACE_UNITS = ("pixels", "0..1", "-1..1", "heatmaps")
CHANCE_UNITS = ("probability", "logit")
ROTATION_UNITS = ("degrees", "matrix")
ANGLES = ("pitch", "yaw", "roll")
# Lists of weights that need not be spelled out.
NAMED_LISTS = {"arkit": NAMES, "mediapipe": MEDIAPIPE_NAMES}


class InputPicture(NamedTuple):
    """What the network is fed.

    Attributes:
        size: Side of the square picture in pixels.
        name: Of the input; empty for the only one.
        channels_last: (1, size, size, 3) instead of (1, 3, size, size).
        colour: ``RGB`` or ``BGR``.
        scale, mean, std: A plane is ``(pixel * scale - mean) / std``, in the order of ``colour``.
        margin: Side of the crop by the larger side of the box around the face's landmarks.
        shift: How far the crop's centre lies from the box's, to the right and down the crop, as
            a share of the box's larger side.
        rotated: The crop is upright with the eyes; else with the picture.
        black: What lies beyond the picture is black; else its edge is repeated.
    """

    size: int
    name: str = ""
    channels_last: bool = False
    colour: str = "RGB"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    margin: float = 1.5
    shift: tuple[float, float] = (0.0, 0.0)
    rotated: bool = True
    black: bool = False


class Output(NamedTuple):
    """What one of the outputs means.

    Attributes:
        meaning: One of ``MEANINGS``.
        name: Of the output; empty to go by ``index`` or, without one, by the count of numbers.
        index: Its place among the outputs, from 0; None likewise.
        units: Of landmarks one of ``PLACE_UNITS``, of presence and tongue of ``CHANCE_UNITS``, of
            weights too, of a rotation of ``ROTATION_UNITS``.
        axes: Of landmarks ``xyz`` or ``xy``.
        weights: Names of the weights in the output's order; empty text for one to leave out.
        angles: Order of a rotation's angles in degrees, about the axes of ``core.axes.euler_deg``.
        signs: What each of them is multiplied by.
        optional: The model may lack it.
    """

    meaning: str
    name: str = ""
    index: int | None = None
    units: str = ""
    axes: str = "xyz"
    weights: tuple[str, ...] = ()
    angles: tuple[str, ...] = ANGLES
    signs: tuple[float, ...] = (1.0, 1.0, 1.0)
    optional: bool = False

    @property
    def count(self) -> int:
        """How many numbers it has; 0 for heat maps, where that depends on their size."""
        if self.meaning in LANDMARK_COUNTS:
            if self.units == "heatmaps":
                return 0
            return LANDMARK_COUNTS[self.meaning] * len(self.axes)
        if self.meaning == WEIGHTS:
            return len(self.weights)
        if self.meaning == ROTATION:
            return 9 if self.units == "matrix" else 3
        return MAPS if self.meaning == LOOKS else 1


@dataclass(frozen=True)
class Description:
    """An ONNX model of faces.

    Attributes:
        name: What people call it.
        picture: What it is fed.
        outputs: What it gives; one of them landmarks.
        detector: The detector that finds faces for it.
    """

    name: str
    picture: InputPicture
    outputs: tuple[Output, ...]
    detector: str = "blazeface"

    @property
    def landmarks(self) -> Output:
        """The output with the landmarks."""
        return next(output for output in self.outputs if output.meaning in LANDMARK_COUNTS)

    def output(self, meaning: str) -> Output | None:
        """The output with a meaning, if there is one."""
        return next((output for output in self.outputs if output.meaning == meaning), None)
