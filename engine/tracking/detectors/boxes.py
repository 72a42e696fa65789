# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes of faces: how far they overlap, which of many stay, and one extent for all detectors.

Detectors draw their boxes differently: BlazeFace a square from the brows to the chin, those that
learned from WIDER FACE (SCRFD, CenterFace, S3FD, YOLOv5-face) an upright box from the hairline to
the chin. The landmarkers were made for regions around BlazeFace's, so the others are brought to
it. The ratios below are medians over 116 frames of fifteen clips (real talkers, and rendered
heads turned up to 22 degrees), in each of which BlazeFace and a RetinaFace that learned from
WIDER FACE (OpenSeeFace's) saw the same face.
"""

from __future__ import annotations

import numpy as np

from ..parts import Detection

# Side of BlazeFace's square, by the distances between the eyes and from the eyes to the mouth:
# side = SIDE * hypot(eyes, eyes to mouth), within 8 % in nine frames of ten. Of two distances one
# stays long when the head turns or nods.
SIDE = 1.59
# Its centre from the middle of the eyes: along the line to the mouth, and against the way in which
# the nose points, because the box holds the whole cheek. Within 3 % of the side.
TO_MOUTH, FROM_NOSE = 0.58, 0.54
# Its side and the height of its centre by a WIDER FACE box's height, where there are no keypoints;
# the side within 5 % in half of the frames, 10 % in nine of ten.
SIDE_BY_HEIGHT, CENTRE_BY_HEIGHT = 0.77, 0.61
# Where the eyes are in such a box, as a share of its width and height.
EYES = np.array([[0.27, 0.395], [0.73, 0.395]])


def overlaps(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union.

    Args:
        one: float (4,), x0, y0, x1, y1.
        others: float (n, 4).

    Returns:
        float (n,), 0..1; 0 for boxes without an area.
    """
    common = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    common = common.clip(0, None).prod(1)
    areas = (others[:, 2:] - others[:, :2]).clip(0, None).prod(1)
    union = (one[2:] - one[:2]).clip(0, None).prod() + areas - common
    return np.divide(common, union, out=np.zeros_like(union), where=union > 0)


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Non-maximum suppression: of boxes that overlap, the most certain one.

    Args:
        boxes: float (n, 4), x0, y0, x1, y1.
        scores: float (n,).
        overlap: Boxes that share more than this are one face.

    Returns:
        int (m,), numbers of the boxes that stay, the most certain first.
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        left = left[overlaps(boxes[first], boxes[left]) <= overlap]
    return np.array(kept, np.int64)


def from_five_points(keypoints: np.ndarray, score: float) -> Detection:
    """A detection with BlazeFace's extent, from keypoints.

    Args:
        keypoints: float (5, 2), image pixels: right eye, left eye, nose tip, right and left corner
            of the mouth; sides are the actor's.
        score: 0..1.
    """
    eyes, mouth = keypoints[:2].mean(0), keypoints[3:5].mean(0)
    down = mouth - eyes
    side = SIDE * float(np.linalg.norm([keypoints[1] - keypoints[0], down]))
    centre = eyes + TO_MOUTH * down - FROM_NOSE * (keypoints[2] - (eyes + mouth) / 2)
    box = np.concatenate([centre - side / 2, centre + side / 2]).astype(np.float64)
    return Detection(box, np.asarray(keypoints, np.float64), float(score))


def from_wider_box(box: np.ndarray, score: float) -> Detection:
    """A detection with BlazeFace's extent, from a box as WIDER FACE has them; eyes level.

    Args:
        box: float (4,), x0, y0, x1, y1 in image pixels.
        score: 0..1.
    """
    box = np.asarray(box, np.float64)
    size = box[2:] - box[:2]
    centre = box[:2] + size * [0.5, CENTRE_BY_HEIGHT]
    half = SIDE_BY_HEIGHT * size[1] / 2
    square = np.concatenate([centre - half, centre + half])
    return Detection(square, box[:2] + size * EYES, float(score))
