# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's older FaceMesh: 468 landmarks from 192 pixels, as DeepFaceLive hands it on in ONNX.

Layout after DeepFaceLive ``modelhub/onnx/FaceMesh/FaceMesh.py`` (NHWC, 0..1, 468 x 3 in pixels of
the crop) and MediaPipe's ``face_landmark`` module (RGB; crop as for the newer network; the second
output, where the file has it, is the presence before its sigmoid).
"""

from __future__ import annotations

from ..base import TrackerOptions
from ..parts import FaceDetector
from .described import DescribedLandmarker, open_described
from .description import Description, InputPicture, Output

MODEL = "facemesh"
DESCRIPTION = Description(
    "FaceMesh",
    InputPicture(192, channels_last=True),
    (Output("landmarks468"), Output("presence", units="logit", optional=True)),
)


def facemesh(options: TrackerOptions, detector: FaceDetector) -> DescribedLandmarker:
    """The landmarker.

    Args:
        options: How to track.
        detector: Finds faces, and says whether one is still there.

    Raises:
        FacewrightError: What keeps the model from being opened; ``model-layout``.
    """
    return open_described(DESCRIPTION, options.model_path(MODEL), detector, options)
