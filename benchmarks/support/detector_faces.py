# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that are hard for detectors, made of real clips, and who finds the face in them.

Where the face is comes from the default tracker in the picture as it was filmed; each variant moves
that along. A face is found if the middle of a detection lies within its landmarks' box; any other
detection is a false one, and so is every detection in a clip without a face.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.support import tracking_runs
from benchmarks.support.truth import SHARED
from engine.core.engines import DEFAULT_DETECTOR, DETECTORS, SECOND_DETECTOR
from engine.core.types import VideoFrame
from engine.models.catalog import model_path
from engine.models.needs import missing_of
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors.catalog import create_detector
from engine.tracking.detectors.second_opinion import with_second_opinion
from engine.tracking.follower import Follower, Networks
from engine.tracking.landmarkers.mediapipe import MediapipeLandmarker
from engine.tracking.regions import letterbox
from tools.fetch_clips import CLIPS, fetch

_CLIPS = ("single_face.mp4", "carphone_pristine.mp4", "WolfgangLanger_Pexels.mp4")
_SHARED_CLIPS = ("video/grid_talker_*.mp4", "ground_truth/actorC_mixed_pose.mp4")
_EMPTY_CLIP = "no_face.mp4"
_HEIGHT, _WIDTH = 360, 640
# Pixels from the top of the landmarks to the chin that a small face is brought to.
_SMALL = 28
_DARK, _NOISE = 0.08, 3.0


@dataclass(frozen=True)
class Case:
    """A picture and where its face is.

    Attributes:
        variant: What was done to it.
        image: uint8 (height, width, 3), RGB.
        box: float64 (4,), x0, y0, x1, y1 around the landmarks; None where there is no face.
    """

    variant: str
    image: np.ndarray
    box: np.ndarray | None


@dataclass
class Score:
    """What a detector did in the pictures of one variant."""

    faces: int = 0
    found: int = 0
    false: int = 0
    ms: list[float] = field(default_factory=list)


def cases(each: int) -> list[Case]:
    """Pictures of all variants: ``each`` from every clip."""
    fetch()
    paths = [CLIPS / name for name in _CLIPS]
    paths += [path for pattern in _SHARED_CLIPS for path in sorted(SHARED.glob(pattern))]
    found = []
    for path in paths:
        seen = tracking_runs.observe(tracking_runs.tracker("mediapipe"), path)
        for frame in _some(path, each):
            if seen.valid[frame.index]:
                found += _variants(frame.image, seen.landmarks[frame.index, :, :2])
    found += [Case("no face", frame.image, None) for frame in _some(CLIPS / _EMPTY_CLIP, each)]
    return found


def _some(path: Path, each: int) -> list[VideoFrame]:
    with VideoSource(path) as source:
        frames = list(source.frames())
    return [frames[i] for i in np.linspace(0, len(frames) - 1, each).round().astype(int)]


def _variants(image: np.ndarray, points: np.ndarray) -> Iterator[Case]:
    yield Case("as filmed", image, _box(points))
    noise = np.random.default_rng(3).normal(0, _NOISE, image.shape)
    dark = np.clip(image * _DARK + noise, 0, 255).round().astype(np.uint8)
    yield Case("dark", dark, _box(points))
    scale = _SMALL / np.ptp(points[:, 1])
    middle = points.mean(0)
    yield _moved("small", image, points, middle, scale, 0, (_WIDTH * 0.3, _HEIGHT * 0.4))
    for angle in (45, 90):
        scale = 0.35 * _HEIGHT / np.ptp(points[:, 1])
        place = (_WIDTH / 2, _HEIGHT / 2)
        yield _moved(f"tilted {angle}", image, points, middle, scale, angle, place)


def _moved(variant, image, points, middle, scale, angle, place) -> Case:
    matrix = cv2.getRotationMatrix2D(tuple(map(float, middle)), angle, scale)
    matrix[:, 2] += np.asarray(place) - middle
    picture = cv2.warpAffine(
        image,
        matrix,
        (_WIDTH, _HEIGHT),
        flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        borderValue=(90, 90, 90),
    )
    return Case(variant, picture, _box(points @ matrix[:, :2].T + matrix[:, 2]))


def _box(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(0), points.max(0)])


def there() -> list[str]:
    """Detectors whose models are there."""
    return [info.id for info in DETECTORS if not missing_of(info)]


Finder = Callable[[np.ndarray], list[np.ndarray]]


def whole_picture(name: str) -> Finder:
    """Middles of what a detector finds when it looks at the whole picture once."""
    detector = create_detector(TrackerOptions(model_path, detector=name))

    def find(image: np.ndarray) -> list[np.ndarray]:
        found = detector.detect(image, letterbox(image))
        return [(one.box[:2] + one.box[2:]) / 2 for one in found]

    return find


def search(name: str, *, second: bool = False) -> Finder:
    """The middle of the face that the tracker takes up with a detector at the start of a clip.

    Args:
        name: Of the detector.
        second: Ask the one of the best quality behind it.
    """
    options = TrackerOptions(model_path, detector=name)
    detector = create_detector(options)
    if second:
        detector = with_second_opinion(detector, options)
    networks = Networks(detector, MediapipeLandmarker(options))

    def find(image: np.ndarray) -> list[np.ndarray]:
        face = Follower(networks).step(image, 0)
        return [] if face is None else [face.landmarks[:, :2].mean(0)]

    return find


class Package:
    """The same of Google's own package, in pictures that do not belong together."""

    def __init__(self) -> None:
        self._tracker = tracking_runs.tracker("mediapipe-tasks")

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        seen = self._tracker.track_one(VideoFrame(0, 0.0, image))
        return [seen.landmarks[0, :, :2].mean(0)] if seen.valid[0] else []

    def close(self) -> None:
        """Before Python ends; the package complains otherwise."""
        self._tracker.close()

    def forget(self, image: np.ndarray) -> None:
        """Lose the face, which it would otherwise look for where it was."""
        self._tracker.track_one(VideoFrame(0, 0.0, np.zeros_like(image)))


def scores(find: Finder, pictures: list[Case]) -> dict[str, Score]:
    """Variant -> score."""
    result: dict[str, Score] = {}
    for case in pictures:
        score = result.setdefault(case.variant, Score())
        started = time.perf_counter()
        middles = find(case.image)
        score.ms.append(1000 * (time.perf_counter() - started))
        if isinstance(find, Package):
            find.forget(case.image)
        hits = 0
        if case.box is not None:
            score.faces += 1
            low, high = case.box[:2], case.box[2:]
            hits = sum(bool((m > low).all() and (m < high).all()) for m in middles)
            score.found += bool(hits)
        score.false += len(middles) - hits
    return result


def detector_table(each: int) -> str:
    """A line a detector and way of looking, a column a variant: found of faces, +false ones."""
    pictures = cases(each)
    finders = {f"{name}, whole picture": whole_picture(name) for name in there()}
    finders |= {f"search with {name}": search(name) for name in there()}
    if SECOND_DETECTOR in there():
        usual = search(DEFAULT_DETECTOR, second=True)
        finders[f"{DEFAULT_DETECTOR}, then {SECOND_DETECTOR}"] = usual
    if tracking_runs.has_rival():
        finders = {"mediapipe package": Package(), **finders}
    lines = []
    for name, find in finders.items():
        found = scores(find, pictures)
        if not lines:
            heads = (f"{variant} ({score.faces})" for variant, score in found.items())
            lines.append(_line("found+false (faces)", heads, "ms"))
        cells = (f"{s.found}+{s.false}" for s in found.values())
        ms = np.median([ms for s in found.values() for ms in s.ms])
        lines.append(_line(name, cells, f"{ms:.1f}"))
        if isinstance(find, Package):
            find.close()
    return "\n".join(lines)


def _line(name: str, cells, last: str) -> str:
    return f"{name:30}" + "".join(f"{cell:>16}" for cell in cells) + f"{last:>9}"
