# SPDX-License-Identifier: GPL-3.0-or-later
"""The trackers by name. A new one is a file beside this one, a line here, and a ``PartInfo`` in
``core/engines.py``, which is what people see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..core.engines import CUSTOM_SUFFIX, FAST, QUALITIES, detector_of
from ..core.errors import FacewrightError
from . import mediapipe_tasks
from .base import FaceTracker, TrackerOptions
from .detectors.catalog import create_detector


def _mediapipe(options: TrackerOptions) -> FaceTracker:
    # Imported here, so that naming the engines needs neither OpenCV nor onnxruntime.
    from .landmarkers.mediapipe import MediapipeLandmarker
    from .network_tracker import NetworkTracker

    return NetworkTracker(
        "mediapipe", create_detector(options), MediapipeLandmarker(options), options
    )


def _openseeface(options: TrackerOptions) -> FaceTracker:
    from .landmarkers.openseeface import OpenSeeFaceLandmarker
    from .network_tracker import NetworkTracker

    return NetworkTracker(
        "openseeface", create_detector(options), OpenSeeFaceLandmarker(options), options
    )


def _insightface(options: TrackerOptions) -> FaceTracker:
    from .landmarkers.insightface_106 import insightface_106
    from .network_tracker import NetworkTracker

    detector = create_detector(options)
    return NetworkTracker("insightface", detector, insightface_106(options, detector), options)


def _facemesh(options: TrackerOptions) -> FaceTracker:
    from .landmarkers.facemesh import facemesh
    from .network_tracker import NetworkTracker

    detector = create_detector(options)
    return NetworkTracker("facemesh", detector, facemesh(options, detector), options)


def _three_ddfa(options: TrackerOptions) -> FaceTracker:
    from .landmarkers.three_ddfa import ThreeDdfaLandmarker
    from .network_tracker import NetworkTracker

    detector = create_detector(options)
    return NetworkTracker("3ddfa", detector, ThreeDdfaLandmarker(options, detector), options)


def _flame(engine: str, options: TrackerOptions) -> FaceTracker:
    from .landmarkers.flame import FlameLandmarker
    from .network_tracker import NetworkTracker

    detector = create_detector(options)
    landmarker = FlameLandmarker(options, detector, emoca=engine == "emoca")
    return NetworkTracker(engine, detector, landmarker, options)


def _custom(engine: str, options: TrackerOptions) -> FaceTracker:
    from .landmarkers.custom import custom_landmarker, read_custom_model
    from .network_tracker import NetworkTracker

    custom = read_custom_model(Path(engine))
    detector = create_detector(options)
    return NetworkTracker(engine, detector, custom_landmarker(custom, detector, options), options)


ENGINES: dict[str, Callable[[TrackerOptions], FaceTracker]] = {
    "mediapipe": _mediapipe,
    "mediapipe-tasks": mediapipe_tasks.MediapipeTasksTracker,
    "insightface": _insightface,
    "facemesh": _facemesh,
    "openseeface": _openseeface,
    "3ddfa": _three_ddfa,
    "deca": partial(_flame, "deca"),
    "emoca": partial(_flame, "emoca"),
}


def create_tracker(engine: str, options: TrackerOptions) -> FaceTracker:
    """Makes a tracker.

    Args:
        engine: A key of ``ENGINES``, or the path of a TOML that describes a model.
        options: How to track.

    Raises:
        FacewrightError: ``engine-unknown``, ``detector-unused`` where another detector than the
            engine's own was chosen and it can use none, ``quality-unknown`` or ``quality-unused``
            likewise, or whatever keeps it from starting.
    """
    own = engine.endswith(CUSTOM_SUFFIX)
    if engine not in ENGINES and not own:
        names = ", ".join(ENGINES)
        raise FacewrightError(
            f"There is no tracking engine named {engine!r}.",
            f"Choose one of: {names}; or the {CUSTOM_SUFFIX} that describes a network of your own.",
            "engine-unknown",
        )
    detector = detector_of(engine, options.detector)
    if options.detector and not detector:
        raise FacewrightError(
            f"The engine {engine!r} finds faces by itself and cannot use the detector "
            f"{options.detector!r}.",
            "Leave the detector to the engine, or choose another engine.",
            "detector-unused",
        )
    if options.quality not in QUALITIES:
        names = ", ".join(QUALITIES)
        raise FacewrightError(
            f"There is no quality named {options.quality!r}.",
            f"Choose one of: {names}.",
            "quality-unknown",
        )
    if options.quality != FAST and not detector:
        raise FacewrightError(
            f"The engine {engine!r} looks at every frame once.",
            f"Choose the quality {FAST!r}, or another engine.",
            "quality-unused",
        )
    options = replace(options, detector=detector)
    return _custom(engine, options) if own else ENGINES[engine](options)
