# SPDX-License-Identifier: GPL-3.0-or-later
"""The trackers by name. A new one is a file beside this one, a line here, and a ``PartInfo`` in
``core/engines.py``, which is what people see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..core.engines import detector_of
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


ENGINES: dict[str, Callable[[TrackerOptions], FaceTracker]] = {
    "mediapipe": _mediapipe,
    "mediapipe-tasks": mediapipe_tasks.MediapipeTasksTracker,
}


def available_engines() -> list[str]:
    """Ids of the engines whose packages are installed."""
    return [
        engine
        for engine in ENGINES
        if engine != "mediapipe-tasks" or mediapipe_tasks.is_installed()
    ]


def create_tracker(engine: str, options: TrackerOptions) -> FaceTracker:
    """Makes a tracker.

    Args:
        engine: A key of ``ENGINES``.
        options: How to track.

    Raises:
        FacewrightError: ``engine-unknown``, ``detector-unused`` where another detector than the
            engine's own was chosen and it can use none, or whatever keeps it from starting.
    """
    if engine not in ENGINES:
        names = ", ".join(ENGINES)
        raise FacewrightError(
            f"There is no tracking engine named {engine!r}.",
            f"Choose one of: {names}.",
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
    return ENGINES[engine](replace(options, detector=detector))
