# SPDX-License-Identifier: GPL-3.0-or-later
"""InsightFace's 2d106det: 106 points of a face.

Layout after deepinsight/insightface ``python-package/insightface/model_zoo/landmark.py`` and
DeepFaceLive ``modelhub/onnx/InsightFace2d106``: a crop of 1.5 times the larger side of the face's
box, 192 pixels, black beyond the picture, RGB 0..255 as it is (the file subtracts and scales by
itself), out 212 numbers: x and y from -1 to 1. Which point is where: ``correspondence``. The
network does not say whether there is a face; the detector is asked.
"""

from __future__ import annotations

from ..base import TrackerOptions
from ..parts import FaceDetector
from .described import DescribedLandmarker, open_described
from .description import Description, InputPicture, Output

MODEL = "insightface_2d106"
DESCRIPTION = Description(
    "InsightFace 2d106det",
    InputPicture(192, scale=1.0, black=True),
    (Output("landmarks106", units="-1..1", axes="xy"),),
    detector="scrfd",
)


def insightface_106(options: TrackerOptions, detector: FaceDetector) -> DescribedLandmarker:
    """The landmarker.

    Args:
        options: How to track.
        detector: Finds faces, and says whether one is still there.

    Raises:
        FacewrightError: What keeps the model from being opened; ``model-layout``.
    """
    return open_described(DESCRIPTION, options.model_path(MODEL), detector, options)
