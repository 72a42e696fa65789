# SPDX-License-Identifier: GPL-3.0-or-later
"""A take's observations become its values: study the performer, then solve, block by block."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from ..core.engines import CUSTOM_SUFFIX, SAME_LANDMARKS
from ..core.errors import FacewrightError
from ..core.face_geometry import load_geometry
from ..core.inference.onnx_session import open_model
from ..core.progress import Cancelled, Progress
from ..core.requests import SolveRequest, SolveSettings
from ..core.solvers import AUTO, solver_of
from ..core.types import FaceTrack, Observations
from ..models.catalog import list_models, model_path
from ..solve.base import Solver, SolverOptions
from ..solve.catalog import create_solver
from ..solve.performer import Performer, performer_from_json, read_performer, write_performer
from ..takes.imported import IMPORT_ENGINE
from ..takes.take_file import TakeWriter, read_header, read_observations
from .speech_help import ENTRY, help_track

# Frames of landmarks held at once; an hour's solved values take 50 MB more.
_BLOCK_FRAMES = 1500
APPEARANCE_NETWORK = "face_appearance"
# What a take names as its solver whose values another program has found.
NOTHING_SOLVED = "none"
SOLVER_NETWORK = "face_solver"


@dataclass
class SolveReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        take: Path.
        solver: What was used.
        frames: Frames in the take.
        valid_frames: Frames with a face.
        seconds: Wall time.
        performer: Path of the profile written, or empty.
        state: "complete" or "cancelled".
        warnings: Sentences.
        sound_help: What the sound told, as ``speech_help.SoundHelp``; empty where it was not asked.
    """

    take: str
    solver: str
    frames: int = 0
    valid_frames: int = 0
    seconds: float = 0.0
    performer: str = ""
    state: str = "complete"
    warnings: list[str] = field(default_factory=list)
    sound_help: dict = field(default_factory=dict)


def solve_take(request: SolveRequest, progress: Progress | None = None) -> SolveReport:
    """Solve a take anew; what was seen stays as it is.

    Args:
        request: Which take and how.
        progress: Told of each block. Cancelling leaves the values as they were.

    Raises:
        FacewrightError: The take cannot be read or written or holds no frame, the solver or
            profile is not there, or there is nothing to write a profile from.
    """
    progress = progress or Progress()
    started = time.perf_counter()
    header = read_header(request.take)
    if header["engine"] == IMPORT_ENGINE:
        raise FacewrightError(
            f"{Path(request.take).name} was imported from {header['source']['file']}: it holds "
            "values alone, and no picture of a face to solve.",
            "Write its keys as they are, or track the video.",
            "take-imported",
        )
    if header.get("solver") == NOTHING_SOLVED:
        raise FacewrightError(
            f"{Path(request.take).name} was recorded from another program: it holds values alone, "
            "and no picture of a face to solve.",
            "Write its keys as they are.",
            "take-streamed",
        )
    request = replace(
        request, solve=settled(request.solve, header["engine"], header.get("solver", AUTO))
    )
    report = SolveReport(request.take, request.solve.solver)
    solver = make_solver(request.solve, header["source"]["width"], header["source"]["height"])
    if header.get("performer") and not request.solve.performer:
        # Recorded live: the whole session showed more of the face at rest than this take.
        known = _comparable_performer(performer_from_json(header["performer"]))
        solver.adopt(known)
        profile = header.get("solve", {}).get("performer") or request.take
        progress.warn_once(unlike_engine(known, header["engine"], profile))
    with TakeWriter(request.take, {}, resume=True) as take:
        _check_frames(take, header["state"], progress)
        if take.models.get(APPEARANCE_NETWORK, sha256_of(APPEARANCE_NETWORK)) != sha256_of(
            APPEARANCE_NETWORK
        ):
            progress.warn(
                f"{take.path.name} was tracked by an older version, whose view of cheeks and lips "
                "cannot be compared; it is solved by its landmarks. Tracking again is better."
            )
        try:
            solve_all(solver, request, take, progress, report)
        except Cancelled:
            report.state = "cancelled"
    report.seconds = time.perf_counter() - started
    report.warnings = list(progress.warnings)
    return report


def settled(settings: SolveSettings, engine: str, before: str = AUTO) -> SolveSettings:
    """The settings with the solver that is meant.

    Args:
        settings: As asked for.
        engine: What tracked, or will: an id, or the .toml of one of the person's own.
        before: What the take was solved with. A take knows only the name of the .toml, so that an
            engine of the person's own goes on with this.
    """
    if settings.solver == AUTO and before != AUTO and engine.endswith(CUSTOM_SUFFIX):
        return replace(settings, solver=before)
    return replace(settings, solver=solver_of(engine, settings.solver))


def make_solver(settings: SolveSettings, width: int, height: int) -> Solver:
    """The solver of the settings with its network and profile.

    Raises:
        FacewrightError: Where one of them is not there.
    """
    return create_solver(
        SolverOptions(
            settings,
            width,
            height,
            load_geometry(model_path("face_geometry")),
            lambda model: open_model(model_path(model), "cpu").run,
            read_profile(settings.performer) if settings.performer else None,
        )
    )


def _comparable_performer(performer: Performer) -> Performer:
    """Without the appearance that another network than today's saw."""
    if performer.appearance_model == sha256_of(APPEARANCE_NETWORK):
        return performer
    return replace(performer, appearance=np.full_like(performer.appearance, np.nan))


def read_profile(path: str) -> Performer:
    """A performer from a profile, as far as today's networks can use it.

    Raises:
        FacewrightError: ``performer-missing`` or ``performer-unreadable``.
    """
    return _comparable_performer(read_performer(path))


def unlike_engine(performer: Performer, engine: str, path: str) -> list[str]:
    """What is to be said of a profile whose landmarks another engine found; empty if nothing.

    Args:
        performer: The profile.
        engine: Whose landmarks are solved with it, as a take's header calls it.
        path: The profile's file.
    """
    there, here = (SAME_LANDMARKS.get(one, one) for one in (performer.engine, engine))
    if there == here:
        return []
    return [
        f"The performer profile {Path(path).name} was learned with the engine {there!r}, whose "
        f"landmarks lie elsewhere on the same face than those of {here!r}: the weights will be "
        "off. Learn one with this engine, or go without."
    ]


def solve_header(settings: SolveSettings) -> dict:
    """What a take's header says of its solve."""
    return {"solver": settings.solver, "solve": asdict(settings)}


def solve_all(
    solver: Solver,
    request: SolveRequest,
    take: TakeWriter,
    progress: Progress,
    report: SolveReport | None = None,
) -> None:
    """All passes over a take that is open for writing.

    Nothing is written before everything is solved, so a cancelled solve changes nothing.

    Raises:
        FacewrightError: Where a profile is asked for and cannot be had or written.
    """
    report = report or SolveReport(request.take, request.solve.solver)
    settings = request.solve
    studies = [solver.study]
    known = solver.performer()
    engine = read_header(take.path)["engine"]
    if settings.performer and known is not None:
        progress.warn_once(unlike_engine(known, engine, settings.performer))
    knows_reach = known is not None and known.reach.any()
    if (settings.learn_range and not knows_reach) or request.save_performer:
        studies.append(solver.study_reach)
    total = take.frame_count * (len(studies) + (not request.keep_values))
    done = 0
    for study in studies:
        for first in range(0, take.frame_count, _BLOCK_FRAMES):
            study(_comparable(read_observations(take.path, first, _BLOCK_FRAMES), take))
            done += min(_BLOCK_FRAMES, take.frame_count - first)
            progress.step(done, total)
    solved = []
    if not request.keep_values:
        for first in range(0, take.frame_count, _BLOCK_FRAMES):
            rows, inner = _with_margin(take, first, solver.margin_s)
            solved.append((first, solver.solve(_comparable(rows, take))[inner]))
            done += len(solved[-1][1])
            progress.step(done, total)
    report.frames = take.frame_count
    if request.save_performer:
        report.performer = request.save_performer
        report.valid_frames = _save_performer(solver, request, engine)
    if not request.keep_values:
        if settings.sound_helps:
            whole = FaceTrack.concatenate([track for _, track in solved])
            header = read_header(take.path)
            whole, helped = help_track(whole, take.path, header, progress)
            solved, report.sound_help = [(0, whole)], helped.to_json()
        models = take.models | {SOLVER_NETWORK: sha256_of(SOLVER_NETWORK)}
        # Empty where nobody asked, so that nothing is left of an earlier solve.
        told = {ENTRY: report.sound_help}
        take.overwrite_tracks(solved, models=models, **told, **solve_header(settings))
        report.valid_frames = sum(int(track.valid.sum()) for _, track in solved)


def _comparable(observations: Observations, take: TakeWriter) -> Observations:
    """Without the appearance that another network than today's saw: its numbers mean nothing."""
    if take.models.get(APPEARANCE_NETWORK) == sha256_of(APPEARANCE_NETWORK):
        return observations
    nothing = np.full_like(observations.appearance, np.nan)
    return replace(observations, appearance=nothing)


def sha256_of(model_id: str) -> str:
    """SHA-256 of a network of the catalogue."""
    return next(model.sha256 for model in list_models() if model.id == model_id)


def _check_frames(take: TakeWriter, state: str, progress: Progress) -> None:
    """A take that holds nothing is refused, an unfinished one is told."""
    if not take.frame_count:
        raise FacewrightError(
            f"The take {take.path} holds no frames.", "Track the video again.", "take-empty"
        )
    if state != "complete":
        progress.warn(
            f"{take.path.name} was not tracked to its end; what it holds is "
            f"{take.frame_count} frames."
        )


def _save_performer(solver: Solver, request: SolveRequest, engine: str) -> int:
    """Write the profile; how many frames with a face it is from."""
    performer = solver.performer()
    if performer is None:
        raise FacewrightError(
            f'The solver "{request.solve.solver}" learned nothing about the performer from '
            f"{Path(request.take).name}.",
            'Use the solver "facewright" on a take that shows a face.',
            "performer-unknown",
        )
    performer = replace(performer, appearance_model=sha256_of(APPEARANCE_NETWORK), engine=engine)
    write_performer(Path(request.save_performer), performer)
    return performer.frames


def _with_margin(take: TakeWriter, first: int, margin_s: float) -> tuple[Observations, slice]:
    """A block with what the solver wants to see around it, and where the block is in that."""
    frames = _margin_frames(take, margin_s)
    begin = max(0, first - frames)
    stop = min(take.frame_count, first + _BLOCK_FRAMES)
    rows = read_observations(take.path, begin, stop + frames - begin)
    return rows, slice(first - begin, stop - begin)


def _margin_frames(take: TakeWriter, margin_s: float) -> int:
    """Frames in a margin at the take's usual rate."""
    if not margin_s or take.frame_count < 2:
        return 0
    return int(np.ceil(margin_s * (take.frame_count - 1) / max(take.last_time_s, 1e-6))) + 1
