# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to choose from: tracking engines and face detectors, in words.

What makes them is in ``engine/tracking/catalog.py`` and ``engine/tracking/detectors/catalog.py``.
They are described here because Blender's side shows them and never loads what makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .custom_file import detector_in

# An engine of the person's own is named by the path of a file of this kind.
CUSTOM_SUFFIX = ".toml"


@dataclass(frozen=True)
class PartInfo:
    """An engine or a detector.

    Attributes:
        id: What command lines, requests and takes call it.
        number: What a .blend file stores; never another, and never used again.
        label: What a person reads.
        about: What it is, one sentence.
        good_at: When to choose it, one sentence; only what was measured or what it lacks.
        models: Ids of the models that it needs besides those that every engine needs.
        packages: Python packages that do not ship with Facewright.
        detector: Of an engine, the detector that it uses unless another is chosen; empty where
            it brings its own and no other can be used.
        gives_weights: Of an engine, whether it finds weights of its own that are better than
            those that the solver makes of its landmarks.
    """

    id: str
    number: int
    label: str
    about: str
    good_at: str
    models: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    detector: str = "blazeface"
    gives_weights: bool = False


DEFAULT_ENGINE = "mediapipe"
DEFAULT_DETECTOR = "blazeface"
# Engines whose landmarks are the same network's.
SAME_LANDMARKS = {"mediapipe-tasks": DEFAULT_ENGINE}

# How often a frame is looked at: once, or several times in slightly different ways.
FAST, BEST = "fast", "best"
QUALITIES = (FAST, BEST)
# Asked at the best quality where the detector sees nobody, if its model is there.
SECOND_DETECTOR = "retinaface"

ENGINES: tuple[PartInfo, ...] = (
    PartInfo(
        "mediapipe",
        0,
        "MediaPipe v2 (ONNX)",
        "Google's FaceLandmarker v2 in Facewright's own tracker; ships with it and works offline.",
        "The default: the solver was trained on it, and it alone sees the tongue.",
        models=("face_landmarks",),
    ),
    PartInfo(
        "mediapipe-tasks",
        1,
        "MediaPipe Tasks",
        "Google's own package, where it is installed in the worker's Python.",
        "For comparison: it has no tongue and no confidence.",
        models=("face_landmarker",),
        packages=("mediapipe",),
        detector="",
    ),
    PartInfo(
        "openseeface",
        10,
        "OpenSeeFace",
        "66 landmarks and gaze of the VTuber tracker of that name, made MediaPipe's 478.",
        "For comparison: its head pose is as good, its weights are less exact; it has no tongue.",
        models=("openseeface_landmarks", "openseeface_gaze"),
    ),
    PartInfo(
        "insightface",
        20,
        "InsightFace 106",
        "InsightFace's 106 points, made MediaPipe's 478; the detector says if a face is there.",
        "For comparison: it misses most blinks, turns heads too little and has no tongue; not for "
        "commercial work.",
        models=("insightface_2d106",),
        detector="scrfd",
    ),
    PartInfo(
        "facemesh",
        21,
        "FaceMesh 468",
        "Google's older network of 468 landmarks, as DeepFaceLive hands it on.",
        "For comparison: no irises and no tongue.",
        models=("facemesh",),
    ),
    PartInfo(
        "3ddfa",
        30,
        "3DDFA_V2",
        "A morphable face in 62 parameters, its 68 points made MediaPipe's 478; eyes do not close.",
        "For comparison: quick, but few shapes are right, with no blinks, no irises and no tongue; "
        "academic use only.",
        models=("three_ddfa", "three_ddfa_basis"),
    ),
    PartInfo(
        "deca",
        31,
        "DECA",
        "A FLAME head in 236 parameters; its expression and jaw become ARKit weights.",
        "For comparison: lids hardly move, no irises, no tongue, slow without a card, not for "
        "commercial work.",
        models=("deca_encoder", "flame_model", "flame_landmarks"),
        gives_weights=True,
    ),
    PartInfo(
        "emoca",
        32,
        "EMOCA",
        "DECA with a second network for the expression, trained on emotions.",
        "For comparison: as DECA, and twice as slow.",
        models=("deca_encoder", "emoca_encoder", "flame_model", "flame_landmarks"),
        gives_weights=True,
    ),
)
DETECTORS: tuple[PartInfo, ...] = (
    PartInfo(
        "blazeface",
        0,
        "BlazeFace",
        "MediaPipe's short-range detector; ships with Facewright.",
        "The default; finds faces that fill a good part of the picture.",
        models=("face_detector",),
    ),
    PartInfo(
        "scrfd",
        10,
        "SCRFD",
        "InsightFace's detector with five points, in pictures of 640 pixels.",
        "For small and turned faces; slow without a graphics card, and not for commercial work.",
        models=("scrfd",),
    ),
    PartInfo(
        "centerface",
        11,
        "CenterFace",
        "A small detector with five points, in pictures of 640 pixels.",
        "For small faces; DeepFaceLive, which hands it on, runs it on graphics cards alone.",
        models=("centerface",),
    ),
    PartInfo(
        "s3fd",
        12,
        "S3FD",
        "A large detector without points, in pictures of 640 pixels.",
        "For small faces; slow without a graphics card, and it does not see a head's tilt.",
        models=("s3fd",),
    ),
    PartInfo(
        "yolov5face",
        13,
        "YOLOv5-face",
        "A detector with five points, in pictures of 640 pixels.",
        "For small and turned faces; slow without a graphics card.",
        models=("yolov5face",),
    ),
    PartInfo(
        "openseeface",
        20,
        "OpenSeeFace",
        "OpenSeeFace's small detector, in pictures of 224 pixels.",
        "For comparison; it does not see a head's tilt.",
        models=("openseeface_detection",),
    ),
    PartInfo(
        "retinaface",
        21,
        "RetinaFace",
        "The RetinaFace that comes with OpenSeeFace: five points, in pictures of 640 pixels.",
        "For small and turned faces; free for any use.",
        models=("openseeface_retinaface",),
    ),
)


def engine_info(engine: str) -> PartInfo | None:
    """An engine by its id; None for one of the person's own and for one that is not known."""
    return next((info for info in ENGINES if info.id == engine), None)


def detector_info(detector: str) -> PartInfo | None:
    """A detector by its id; None for one that is not known."""
    return next((info for info in DETECTORS if info.id == detector), None)


def detector_of(engine: str, detector: str = "") -> str:
    """The detector that an engine works with when this one was chosen; empty for its own."""
    if engine.endswith(CUSTOM_SUFFIX):
        return detector or detector_in(Path(engine)) or DEFAULT_DETECTOR
    info = engine_info(engine)
    if info and not info.detector:
        return ""
    return detector or (info.detector if info else DEFAULT_DETECTOR)
