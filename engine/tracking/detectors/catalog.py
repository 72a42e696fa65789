# SPDX-License-Identifier: GPL-3.0-or-later
"""The face detectors by name. A new one is a file beside this one, a line here, and a ``PartInfo``
in ``core/engines.py``, which is what people see."""

from __future__ import annotations

from collections.abc import Callable

from ...core.engines import DEFAULT_DETECTOR
from ...core.errors import FacewrightError
from ..base import TrackerOptions
from ..parts import FaceDetector


def _blazeface(options: TrackerOptions) -> FaceDetector:
    # Imported here, so that naming the detectors needs neither OpenCV nor onnxruntime.
    from .blazeface import BlazeFace

    return BlazeFace(options)


def _scrfd(options: TrackerOptions) -> FaceDetector:
    from .scrfd import Scrfd

    return Scrfd(options)


def _centerface(options: TrackerOptions) -> FaceDetector:
    from .centerface import CenterFace

    return CenterFace(options)


def _s3fd(options: TrackerOptions) -> FaceDetector:
    from .s3fd import S3fd

    return S3fd(options)


def _yolov5face(options: TrackerOptions) -> FaceDetector:
    from .yolov5face import Yolov5Face

    return Yolov5Face(options)


def _openseeface(options: TrackerOptions) -> FaceDetector:
    from .openseeface import OpenSeeFaceDetector

    return OpenSeeFaceDetector(options)


def _retinaface(options: TrackerOptions) -> FaceDetector:
    from .retinaface import RetinaFace

    return RetinaFace(options)


DETECTORS: dict[str, Callable[[TrackerOptions], FaceDetector]] = {
    DEFAULT_DETECTOR: _blazeface,
    "scrfd": _scrfd,
    "centerface": _centerface,
    "s3fd": _s3fd,
    "yolov5face": _yolov5face,
    "openseeface": _openseeface,
    "retinaface": _retinaface,
}


def create_detector(options: TrackerOptions) -> FaceDetector:
    """Makes the detector that the options name; the default one for an empty name.

    Raises:
        FacewrightError: ``detector-unknown``, or whatever keeps the detector from starting.
    """
    name = options.detector or DEFAULT_DETECTOR
    if name not in DETECTORS:
        names = ", ".join(DETECTORS)
        raise FacewrightError(
            f"There is no face detector named {name!r}.",
            f"Choose one of: {names}.",
            "detector-unknown",
        )
    return DETECTORS[name](options)
