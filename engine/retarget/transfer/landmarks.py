# SPDX-License-Identifier: GPL-3.0-or-later
"""Named places of a face, and where all points of the face mesh lie on the shipped head.

The numbering is that of MediaPipe's face mesh, so the network that tracks video can find the
points on any head that looks like one (``engine/pipeline/guess_landmarks.py``).
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from ...core.errors import FacewrightError
from .request import FacePoints

COUNT = 468
MARKS = Path(__file__).with_name("template_marks.json")

# What a person may place, and its number in the face mesh. Left is the character's.
NAMED: dict[str, int] = {
    "eyeOuterLeft": 263,
    "eyeInnerLeft": 362,
    "eyeUpperLidLeft": 386,
    "eyeLowerLidLeft": 374,
    "eyeOuterRight": 33,
    "eyeInnerRight": 133,
    "eyeUpperLidRight": 159,
    "eyeLowerLidRight": 145,
    "browInnerLeft": 285,
    "browMiddleLeft": 334,
    "browOuterLeft": 276,
    "browInnerRight": 55,
    "browMiddleRight": 105,
    "browOuterRight": 46,
    "noseBridge": 168,
    "noseTip": 1,
    "noseBase": 2,
    "noseWingLeft": 358,
    "noseWingRight": 129,
    "mouthCornerLeft": 291,
    "mouthCornerRight": 61,
    "lipUpperTop": 0,
    "lipUpperMiddle": 13,
    "lipLowerMiddle": 14,
    "lipLowerBottom": 17,
    "cheekLeft": 280,
    "cheekRight": 50,
    "chin": 152,
    "jawCornerLeft": 397,
    "jawCornerRight": 172,
    "templeLeft": 356,
    "templeRight": 127,
    "earLeft": 454,
    "earRight": 234,
    "forehead": 10,
}
# Without these nothing can be done; with them alone a plain human head can.
NEEDED = (
    "eyeOuterLeft",
    "eyeInnerLeft",
    "eyeOuterRight",
    "eyeInnerRight",
    "noseTip",
    "mouthCornerLeft",
    "mouthCornerRight",
    "chin",
)
# Along the inner edge of the lips: what lies there may be the lip or the depth of the mouth.
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LIPS += (95, 88, 178, 87, 14, 317, 402, 318, 324)
# Along the outline of the face, which is no place of the skin but of the view.
OUTLINE = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
OUTLINE += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)


def read_landmarks(path: Path) -> dict[str, np.ndarray]:
    """A person's landmarks from a file: ``{"mouthCornerLeft": [x, y, z], ...}``.

    Returns:
        Name -> (3,) float64, in the file's order, in the mesh's own unit and axes.

    Raises:
        FacewrightError: ``landmarks-file`` where it cannot be read or names or numbers are wrong.
    """
    path = Path(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise FacewrightError(
            f"The landmarks file {path.name} cannot be read: {error}",
            'It must hold names and points: {"noseTip": [0, -0.11, 0.02], ...}.',
            "landmarks-file",
        ) from error
    return check_landmarks(table, path.name)


def check_landmarks(table: object, origin: str) -> dict[str, np.ndarray]:
    """Points from anything that came from outside.

    Args:
        table: What should be a dict of names and points.
        origin: For the message.

    Raises:
        FacewrightError: ``landmarks-file``.
    """
    if not isinstance(table, dict):
        raise FacewrightError(
            f"{origin} holds no table of landmarks.",
            'It must look like {"noseTip": [0, -0.11, 0.02], ...}.',
            "landmarks-file",
        )
    points = {}
    for name, value in table.items():
        if name not in NAMED:
            raise FacewrightError(
                f"{origin} names {name!r}, which is no landmark.",
                f"The names are: {', '.join(NAMED)}.",
                "landmarks-file",
            )
        if not _is_point(value):
            raise FacewrightError(
                f"{origin}: {name} is not a point.",
                "A point is three numbers, [x, y, z].",
                "landmarks-file",
            )
        points[name] = np.array(value, np.float64)
    return points


def _is_point(value: object) -> bool:
    if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != 3:
        return False
    numbers = (int, float, np.floating, np.integer)
    return all(
        isinstance(x, numbers) and not isinstance(x, bool) and math.isfinite(x) for x in value
    )


def template_points(path: Path = MARKS) -> FacePoints:
    """Where the points of the face mesh lie on the shipped head, metres.

    Raises:
        FacewrightError: The file is missing or damaged.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        points = np.array(table["points_mm"], np.float64).reshape(COUNT, 3) / 1000
        weights = np.array(table["weights"], np.float64).reshape(COUNT)
    except (OSError, ValueError, KeyError) as error:
        raise FacewrightError(
            f"The file {path.name} cannot be read.", "Install Facewright again.", "head-asset"
        ) from error
    return FacePoints(np.where(weights[:, None] > 0, points, np.nan), weights)


def mirror_numbers(path: Path = MARKS) -> np.ndarray:
    """(468,) int, the point on the other side of the face for each.

    Raises:
        FacewrightError: The file is missing or damaged.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return np.array(table["mirror"], np.int64).reshape(COUNT)
    except (OSError, ValueError, KeyError) as error:
        raise FacewrightError(
            f"The file {path.name} cannot be read.", "Install Facewright again.", "head-asset"
        ) from error


def mirrored_mean(points: FacePoints, middle_x: float) -> FacePoints:
    """Points averaged with their mirror images about the plane x = ``middle_x``."""
    partner = mirror_numbers()
    flipped = points.points[partner] * [-1, 1, 1] + [2 * middle_x, 0, 0]
    own = np.where(np.isfinite(points.points).all(1), points.weights, 0.0)
    other = own[partner]
    total = own + other
    mean = own[:, None] * np.nan_to_num(points.points) + other[:, None] * np.nan_to_num(flipped)
    mean = np.where(total[:, None] > 0, mean / np.maximum(total, 1e-12)[:, None], np.nan)
    return FacePoints(mean, np.maximum(own, other))


def with_placed(guess: FacePoints | None, placed: dict[str, np.ndarray] | None) -> FacePoints:
    """The guess with what a person placed, which replaces it there.

    Raises:
        FacewrightError: ``landmarks-missing`` where both together are too few.
    """
    if guess is None:
        points, weights = np.full((COUNT, 3), np.nan), np.zeros(COUNT)
    else:
        points, weights = guess.points.copy(), guess.weights.copy()
    for name, point in (placed or {}).items():
        points[NAMED[name]] = point
        weights[NAMED[name]] = 3.0
    known = np.isfinite(points).all(1) & (weights > 0)
    missing = [name for name in NEEDED if not known[NAMED[name]]]
    if missing and known.sum() < 60:
        raise FacewrightError(
            f"These landmarks are missing: {', '.join(missing)}.",
            "Place them on the head; the others are optional.",
            "landmarks-missing",
        )
    return FacePoints(points, np.where(known, weights, 0.0))
