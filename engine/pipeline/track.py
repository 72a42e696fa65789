# SPDX-License-Identifier: GPL-3.0-or-later
"""A video becomes a take: decode, track, solve, write, and look twice at the gaps."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..core.engines import FAST, detector_of
from ..core.errors import FacewrightError
from ..core.inference.providers import each_once
from ..core.progress import Cancelled, Progress
from ..core.requests import SolveRequest, TrackRequest
from ..core.types import Observations
from ..models.catalog import model_path
from ..solve.catalog import check_solver
from ..sources.card_decoding import decoder_beside
from ..sources.media import VideoInfo, VideoSource
from ..takes.take_file import TakeWriter, read_header, read_observations, read_track
from ..tracking.base import FaceTracker, TrackerOptions
from ..tracking.catalog import create_tracker
from .engines import engine_header
from .recover import drop_false_alarms, recover_gaps
from .solve import SOLVER_NETWORK, SolveReport, make_solver, settled, solve_all, solve_header

# Engines that give frame by frame are written half a second of most clips at a time.
_BLOCK_FRAMES = 12
# How far back a resumed take is searched for the face that it followed.
_REMINDER_FRAMES = 300


@dataclass
class TrackReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        video, take: Paths.
        engine, solver, provider: What was used; two providers where the first one failed in
            the middle of the clip and the second went on.
        frames: Frames in the take.
        valid_frames: Frames in which the face was found.
        gaps: Stretches without the face: first and last frame number, start and end in seconds.
        recovered_frames: Frames found by the second look, backwards.
        faces_seen: The most faces seen in one frame.
        seconds: Wall time of this run.
        frames_per_second: Speed of this run.
        state: "complete" or "cancelled".
        warnings: Sentences.
        sound_help: What the sound told, as ``speech_help.SoundHelp``; empty where it was not asked.
    """

    video: str
    take: str
    engine: str
    solver: str
    provider: str = ""
    frames: int = 0
    valid_frames: int = 0
    gaps: list[dict] = field(default_factory=list)
    recovered_frames: int = 0
    faces_seen: int = 0
    seconds: float = 0.0
    frames_per_second: float = 0.0
    state: str = "tracking"
    warnings: list[str] = field(default_factory=list)
    sound_help: dict = field(default_factory=dict)


def track_video(request: TrackRequest, progress: Progress | None = None) -> TrackReport:
    """Track a video into a take, keeping every finished block on disk.

    Args:
        request: What to track and how.
        progress: Told of each block; may cancel. A cancelled take stays and can be resumed.

    Raises:
        FacewrightError: Anything wrong with the video, the models or the disk; ``no-face`` when
            the whole clip shows none (then no new take is left behind).
    """
    progress = progress or Progress()
    started = time.perf_counter()
    target = Path(request.take)
    working = target.with_name(f"{target.name}.part") if request.overwrite else target
    if request.overwrite and not request.resume:
        working.unlink(missing_ok=True)
    check_solver(request.solve.solver)
    request = replace(request, solve=settled(request.solve, request.engine))
    report = TrackReport(request.video, request.take, request.engine, request.solve.solver)
    with VideoSource(request.video) as source:
        tracker = create_tracker(
            request.engine,
            TrackerOptions(
                model_path,
                device=request.device,
                face=request.face,
                streams=request.streams,
                detector=request.detector,
                gpu=request.gpu,
                quality=request.quality,
            ),
        )
        progress.warn_once(tracker.notes)
        if request.gpu.decode:
            source.use_card(decoder_beside(tracker.provider))
        report.provider = tracker.provider
        solver = make_solver(request.solve, source.info.width, source.info.height)
        header = _header(request, source.info, tracker.provider)
        seen_before = _check_same_clip(working, header) if request.resume else 0
        ran_before = read_header(working).get("provider", "") if request.resume else ""
        header["provider"] = each_once(ran_before, report.provider)
        with TakeWriter(working, header, resume=request.resume) as take:
            already = take.frame_count
            try:
                _track(source, tracker, solver.solve, take, progress)
                drop_false_alarms(solver.solve, take)
                if request.recover:
                    report.recovered_frames = recover_gaps(
                        source, tracker, solver.solve, take, progress
                    )
                report.state = "complete"
            except Cancelled:
                report.state = "cancelled"
            # What was solved on the way knew nothing of what was still to come.
            _solve_anew(solver, request, take, progress, report)
            report.faces_seen = max(tracker.faces_seen, seen_before)
            progress.warn_once([*tracker.notes, *source.notes])
            # Two where a card has failed in the middle.
            report.provider = each_once(report.provider, tracker.provider)
            take.update_header(
                state=report.state,
                faces_seen=report.faces_seen,
                provider=each_once(ran_before, report.provider),
            )
        _sum_up(report, working, source.info, progress)
        report.seconds = time.perf_counter() - started
        report.frames_per_second = (report.frames - already) / max(report.seconds, 1e-9)
    if report.state == "complete" and not report.valid_frames:
        if not request.resume:
            working.unlink()
        raise _nobody(report, request)
    if request.overwrite and report.state == "complete":
        working.replace(target)
    return report


def _solve_anew(solver, request: TrackRequest, take: TakeWriter, progress, report) -> None:
    """The whole take; after a cancel too, but then nobody waits for it to be told."""
    wanted = SolveRequest(request.take, request.solve)
    if report.state == "cancelled":
        # What is not there yet may be what its sound is about.
        picture_alone = replace(request.solve, sound_helps=False)
        solve_all(solver, replace(wanted, solve=picture_alone), take, Progress())
        return
    solved = SolveReport(request.take, request.solve.solver)
    try:
        solve_all(solver, wanted, take, progress, solved)
    except Cancelled:
        report.state = "cancelled"
    report.sound_help = solved.sound_help


def _nobody(report: TrackReport, request: TrackRequest) -> FacewrightError:
    """Why a whole clip gave no frame with the face."""
    name = Path(request.video).name
    if 0 < report.faces_seen <= request.face:
        return FacewrightError(
            f"Face {request.face} was asked for, but {name} shows {report.faces_seen} at once.",
            "Faces are counted from 0, the largest.",
            "no-such-face",
        )
    return FacewrightError(
        f"No face was found in {name} ({report.frames} frames).",
        "The face must be upright, turned less than 80 degrees away and at least about "
        "40 pixels wide.",
        "no-face",
    )


def _track(source, tracker: FaceTracker, solve, take: TakeWriter, progress: Progress) -> None:
    known = None
    if take.frame_count:
        frames = source.frames_after(take.last_time_s, take.frame_count - 1)
        known = _last_face(take)
    else:
        frames = source.frames()
    total = source.info.frame_count
    progress.step(take.frame_count, total)
    for observations in _blocks(tracker.track(frames, known)):
        take.append(observations, solve(observations))
        progress.warn_once([*tracker.notes, *source.notes])
        progress.step(take.frame_count, max(total, take.frame_count))


def _blocks(parts: Iterator[Observations]) -> Iterator[Observations]:
    """Gather what an engine yields frame by frame, so that writing costs little."""
    waiting: list[Observations] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) >= _BLOCK_FRAMES:
            yield Observations.concatenate(waiting)
            waiting = []
    if waiting:
        yield Observations.concatenate(waiting)


def _header(request: TrackRequest, info: VideoInfo, provider: str) -> dict:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": {
            "file": info.path.name,
            "path": str(info.path.absolute()),
            "sha256": _sha256(info.path),
            "width": info.width,
            "height": info.height,
            "rate": [info.rate.numerator, info.rate.denominator],
            "frame_count": info.frame_count,
            "codec": info.codec,
            "has_audio": info.has_audio,
            "audio_offset_s": info.audio_offset_s,
        },
        **engine_header(request.engine, request.detector, request.quality),
        **solve_header(request.solve),
        "provider": provider,
        "settings": {"face": request.face, "recover": request.recover},
        "state": "tracking",
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _last_face(take: TakeWriter) -> np.ndarray | None:
    """Landmarks of the face that an unfinished take followed last."""
    seen = read_observations(take.path, max(0, take.frame_count - _REMINDER_FRAMES))
    return seen[seen.valid].landmarks[-1] if seen.valid.any() else None


def _without_solver(made_by):
    """An engine's name as it is; a table of models without the solver's network."""
    if isinstance(made_by, str):
        return made_by
    return {name: sha256 for name, sha256 in made_by.items() if name != SOLVER_NETWORK}


def _check_same_clip(take: Path, header: dict) -> int:
    """Refuse to resume a take with another clip or engine; how many faces it saw so far."""
    old = read_header(take)
    if old["source"]["sha256"] != header["source"]["sha256"]:
        raise FacewrightError(
            f"The take {take} was made from another clip ({old['source']['file']}).",
            "Choose that clip again, or start a new take.",
            "resume-other-clip",
        )
    # Another solver or its network is no obstacle: the whole take is solved at the end.
    # Takes of before there was a choice do not tell their detector: it was the engine's own.
    old.setdefault("detector", detector_of(old["engine"]))
    old.setdefault("quality", FAST)
    for key in ("engine", "detector", "quality", "models"):
        if _without_solver(old[key]) != _without_solver(header[key]):
            was = "" if key == "models" else f" ({old[key] or 'its own'})"
            raise FacewrightError(
                f"The take {take} was begun with another {key.removesuffix('s')}{was}.",
                "Start a new take.",
                "resume-other-engine",
            )
    if old["settings"]["face"] != header["settings"]["face"]:
        raise FacewrightError(
            f"The take {take} follows face {old['settings']['face']}, not "
            f"{header['settings']['face']}.",
            "Choose that face again, or start a new take.",
            "resume-other-face",
        )
    return old.get("faces_seen", 0)


def _sum_up(report: TrackReport, take: Path, info: VideoInfo, progress: Progress) -> None:
    track = read_track(take)
    report.frames = len(track)
    report.valid_frames = int(track.valid.sum())
    report.gaps = find_gaps(track.valid, track.time_s)
    missing = info.frame_count - report.frames
    if report.state == "complete" and missing > max(5, 0.02 * info.frame_count):
        progress.warn(
            f"{info.path.name} ends early: {report.frames} of {info.frame_count} frames could "
            "be decoded; the file is damaged or cut off."
        )
    if report.gaps and report.valid_frames:
        lost = report.frames - report.valid_frames
        progress.warn(f"No face in {lost} of {report.frames} frames ({len(report.gaps)} gaps).")
    if report.faces_seen > 1:
        progress.warn(
            f"{report.faces_seen} faces were seen; one was tracked (--face chooses another)."
        )
    report.warnings = list(progress.warnings)


def find_gaps(valid: np.ndarray, time_s: np.ndarray) -> list[dict]:
    """Stretches of frames without a face, as JSON objects."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~valid, [False]]).astype(np.int8)))
    return [
        {
            "first_frame": int(first),
            "last_frame": int(end - 1),
            "start_s": round(float(time_s[first]), 4),
            "end_s": round(float(time_s[end - 1]), 4),
        }
        for first, end in edges.reshape(-1, 2)
    ]
