# SPDX-License-Identifier: GPL-3.0-or-later
"""Which places on MediaPipe's face other networks' landmarks stand for.

The scheme that most of them share is iBUG's 68 points (Sagonas et al. 2013, 300 Faces in the Wild).
Sides are the actor's; the numbers count from 0:

    0-16   edge of the face from the right ear over the chin (8) to the left ear
    17-21  right brow from outside to inside; 22-26 left brow from inside to outside
    27-30  bridge of the nose, 31-35 under it from right to left
    36-41  right eye: outer corner, upper lid, inner corner, lower lid
    42-47  left eye: inner corner, upper lid, outer corner, lower lid
    48-59  outer lips: right corner, upper, left corner, lower; 60-67 inner lips in the same order

Counted on here, not iBUG's: 68 and 69 are the middles of the right eye's upper and lower lid, 70
and 71 those of the left eye's.

The vertices were placed by eye on the canonical face and then moved to the nearest one, or to the
middle of two, on 600 frames of ten people in which MediaPipe's network and OpenSeeFace's looked at
the same face.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np


@dataclass(frozen=True)
class Correspondence:
    """What the points of a network stand for.

    Attributes:
        name: What it is called in messages.
        take: Which of the network's points are used, in order; the others are left alone.
        ibug: The number of each point used, iBUG's or one of the four further ones.
        offsets: float64 (N, 2), how far each point used lies from its place on the canonical face,
            cm (x to the actor's left, y up), as ``tools/fit_correspondence.py`` measured; None for
            nowhere else.
        irises: float64 (2, 2), the same for the right and the left iris that the network sees.
    """

    name: str
    take: tuple[int, ...]
    ibug: tuple[int, ...]
    offsets: np.ndarray | None = None
    irises: np.ndarray | None = None


# iBUG's right half and middle; more than one vertex: the middle between them.
_RIGHT: dict[int, tuple[int, ...]] = {
    # Edge of the face.
    **{0: (127,), 1: (234,), 2: (93,), 3: (132, 58), 4: (58, 172), 5: (136,), 6: (150,)},
    **{7: (176,), 8: (152,)},
    # Brow, nose, eye.
    **{17: (70,), 18: (63, 105), 19: (105, 66), 20: (66, 107), 21: (107,)},
    **{27: (168, 6), 28: (197,), 29: (5,), 30: (4, 1), 31: (75,), 32: (97,), 33: (2,)},
    **{36: (33,), 37: (160, 161), 38: (157, 158), 39: (133,), 40: (153, 154), 41: (144, 163)},
    # Outer and inner lips.
    **{48: (61,), 49: (39, 40), 50: (37,), 51: (0,), 57: (17,), 58: (84, 181), 59: (91,)},
    **{60: (78,), 61: (81,), 62: (13,), 66: (14,), 67: (178, 88)},
}
# The same place on the other side.
MIRROR = MappingProxyType(
    {
        **{a: 16 - a for a in range(17)},
        **{a: 43 - a for a in range(17, 27)},
        **{a: a for a in range(27, 31)},
        **{a: 66 - a for a in range(31, 36)},
        **dict(zip(range(36, 48), (45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40), strict=True)),
        **dict(zip(range(48, 60), (54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55), strict=True)),
        **dict(zip(range(60, 68), (64, 63, 62, 61, 60, 67, 66, 65), strict=True)),
        **{68: 70, 69: 71, 70: 68, 71: 69},
    }
)
# MediaPipe's vertices on the left that mirror those above.
_LEFT_VERTEX = {
    **{127: 356, 234: 454, 93: 323, 132: 361, 58: 288, 172: 397, 136: 365, 150: 379, 176: 400},
    **{70: 300, 63: 293, 105: 334, 66: 296, 107: 336, 75: 305, 97: 326},
    **{33: 263, 160: 387, 161: 388, 157: 384, 158: 385, 133: 362, 153: 380, 154: 381},
    **{144: 373, 163: 390, 61: 291, 39: 269, 40: 270, 37: 267, 84: 314, 181: 405, 91: 321},
    **{78: 308, 81: 311, 178: 402, 88: 318},
}


def _places() -> tuple[tuple[int, ...], ...]:
    """MediaPipe's vertices for each of the 68 points."""
    found = dict(_RIGHT)
    for point, vertices in _RIGHT.items():
        if MIRROR[point] not in found:
            found[MIRROR[point]] = tuple(_LEFT_VERTEX[v] for v in vertices)
    return tuple(found[point] for point in range(68))


IBUG_VERTICES = _places()
# The same of all 72: the middles of lids.
VERTICES = (*IBUG_VERTICES, (159,), (145,), (386,), (374,))

# How far each of them may be trusted to sit still on the skull when the head's pose is fitted:
# eyes' corners and the nose do, the edge of the face slides, brows and mouth are what moves.
_RIGID = {
    **dict.fromkeys((0, 1, 2, 14, 15, 16), 0.3),
    **dict.fromkeys((3, 4, 12, 13), 0.1),
    **dict.fromkeys(range(17, 27), 0.05),
    **dict.fromkeys(range(27, 36), 1.0),
    **dict.fromkeys((36, 39, 42, 45), 2.0),
    **dict.fromkeys((40, 41, 46, 47, 69, 71), 0.2),
}
RIGIDITY = np.array([_RIGID.get(point, 0.0) for point in range(len(VERTICES))])

# Lines of MediaPipe's vertices that a line of the points draws: the solver measures them, so they
# follow exactly. Lines of the kind True keep their bow: when the points on a lid come down, all of
# it does. A middle that a network does not see is left out.
LINES: tuple[tuple[tuple[int, ...], tuple[int, ...], bool], ...] = (
    # Upper and lower lid of the right eye, then of the left.
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (36, 37, 68, 38, 39), True),
    ((33, 7, 163, 144, 145, 153, 154, 155, 133), (36, 41, 69, 40, 39), True),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (45, 44, 70, 43, 42), True),
    ((263, 249, 390, 373, 374, 380, 381, 382, 362), (45, 46, 71, 47, 42), True),
    # Inner lips, upper and lower; outer lips, upper and lower.
    ((78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), (60, 61, 62, 63, 64), True),
    ((78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308), (60, 67, 66, 65, 64), True),
    (
        (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
        (48, 49, 50, 51, 52, 53, 54),
        True,
    ),
    (
        (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
        (48, 59, 58, 57, 56, 55, 54),
        True,
    ),
    # Brows: upper and lower edge.
    ((70, 63, 105, 66, 107), (17, 18, 19, 20, 21), False),
    ((46, 53, 52, 65, 55), (17, 18, 19, 20, 21), False),
    ((300, 293, 334, 296, 336), (26, 25, 24, 23, 22), False),
    ((276, 283, 282, 295, 285), (26, 25, 24, 23, 22), False),
)
# A network without the outer corners of the mouth has the inner ones there, and the other way.
SAME_CORNER = MappingProxyType({48: 60, 54: 64, 60: 48, 64: 54})

IBUG_68 = Correspondence("iBUG 68", tuple(range(68)), tuple(range(68)))

# OpenSeeFace's 66 leave out the outer corners of the mouth, 48 and 54 (seen on its output).
OPENSEEFACE_66 = Correspondence(
    "OpenSeeFace 66",
    tuple(range(66)),
    (*range(48), *range(49, 54), *range(55, 60), *range(60, 68)),
)

# InsightFace's 2d106: those of the 106 that are iBUG's, in its order, and the middles of the lids.
# The list is in wide use (e.g. with that network's own Python package). DeepFaceLive tells that 40
# lies between 41 and 42, 33 between 37 and 36, and likewise in the other eye: it takes their means
# for iBUG's. Pupils: ``landmarkers.described``.
INSIGHTFACE_106 = Correspondence(
    "InsightFace 106",
    (
        *(1, 10, 12, 14, 16, 3, 5, 7, 0, 23, 21, 19, 32, 30, 28, 26, 17),
        *(43, 48, 49, 51, 50, 102, 103, 104, 105, 101),
        *(72, 73, 74, 86, 78, 79, 80, 85, 84),
        *(35, 41, 42, 39, 37, 36, 89, 95, 96, 93, 91, 90),
        *(52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55, 65, 66, 62, 70, 69, 57, 60, 54),
        *(40, 33, 94, 87),
    ),
    tuple(range(72)),
)
