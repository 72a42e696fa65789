# SPDX-License-Identifier: GPL-3.0-or-later
"""A performer is learned from recordings, and measured on stretches that were kept aside."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...core.cues import Cue
from ...core.errors import FacewrightError
from ...core.phones import INDEX
from ...core.progress import Progress
from ..decode import decode
from ..hearing import Heard
from ..mouth import curves
from . import holdout
from .inputs import Normal
from .lips import CHANNELS, EigenLips
from .net import STRIDE, NetSize
from .profile import Profile
from .recording import STEP_S, Recording
from .retrieval import MOST_UNITS, Stock, unit_edges
from .score import Score, score, shortcomings
from .sound_keys import sound_keys
from .training import Lesson, TrainSettings, run, train

# Less tells nothing about a performer, and leaves nothing to measure on.
LEAST_S = 60.0
# How sure the general network is of silence where the mouth is called at rest.
_SURELY = np.log(0.9)


@dataclass(frozen=True)
class Learned:
    """What was learned and how good it is.

    Attributes:
        profile: With the captured motion of all recordings in stock.
        scores: By "general", "network", "retrieval" and "mean_face", on the stretches kept aside.
        shortcomings: Why the network should not replace the general model; empty if it should.
        retrieval_shortcomings: The same of the retrieval.
        learn_s, stop_s, measure_s: Seconds of captured speech of each use.
        rounds: Times through the stretches.
        train_s: Seconds of wall time that training took.
    """

    profile: Profile
    scores: dict[str, Score]
    shortcomings: list[str]
    retrieval_shortcomings: list[str]
    learn_s: float
    stop_s: float
    measure_s: float
    rounds: int
    train_s: float


def learn(
    recordings: list[Recording],
    about: dict,
    settings: TrainSettings | None = None,
    progress: Progress | None = None,
    size: tuple[int, int] = (48, 48),
) -> Learned:
    """Learn a performer.

    Args:
        recordings: Of one performer.
        about: JSON values that the profile says of itself.
        settings: Of the training.
        progress: Told of each step; may cancel.
        size: Channels of the convolutions, and units of the recurrence.

    Raises:
        FacewrightError: ``voice-too-short``, ``voice-no-motion``.
        Cancelled: The person asked to stop.
    """
    progress = progress or Progress()
    steps = [recording.steps() for recording in recordings]
    _check(recordings, steps)
    stretches = holdout.deal([recording.length_s for recording in recordings])
    parts = {
        use: [one for one in stretches if one.use == use]
        for use in (holdout.LEARN, holdout.STOP, holdout.MEASURE)
    }
    features = [recording.features() for recording in recordings]
    learned_steps = [(one.recording, _rows(one)) for one in parts[holdout.LEARN]]
    captured = np.concatenate([_seen(*steps[number], rows) for number, rows in learned_steps])
    if len(captured) < LEAST_S / 4 / STEP_S or float(captured.std(axis=0).max()) < 1e-3:
        raise FacewrightError(
            "The lips do not move in what was captured.",
            "Choose takes of a face that speaks, with its sound.",
            "voice-no-motion",
        )
    lips = EigenLips.learn(captured)
    normal = Normal.learn(
        np.concatenate([features[n][STRIDE * r.start : STRIDE * r.stop] for n, r in learned_steps])
    )
    heard = [normal(rows) for rows in features]

    def lessons(use: int) -> list[Lesson]:
        return [
            _lesson(heard[one.recording], steps[one.recording], one, lips) for one in parts[use]
        ]

    began = time.perf_counter()
    trained = train(
        lessons(holdout.LEARN),
        lessons(holdout.STOP),
        lips.basis,
        NetSize(heard[0].shape[1], len(lips.basis), *size),
        settings,
        progress,
    )
    train_s = time.perf_counter() - began
    cues = [_cues(recording) for recording in recordings]
    said = [run(trained.parameters, rows) for rows in heard]
    keys = [sound_keys(rows, moves) for rows, moves in zip(heard, said, strict=True)]

    def stock(aside: list[holdout.Stretch]) -> Stock:
        return _stock(keys, steps, cues, lips, aside)

    profile = Profile(
        lips,
        normal,
        trained.parameters,
        _rest(recordings, steps, learned_steps, lips),
        stock(parts[holdout.MEASURE]),
        about,
    )
    scores = _measure(profile, recordings, cues, parts[holdout.MEASURE], progress)
    own, by_motion = (
        shortcomings(scores[name], scores["general"], scores["mean_face"])
        for name in ("network", "retrieval")
    )
    lengths = [sum(one.end_s - one.begin_s for one in some) for some in parts.values()]
    # Measured without them; to choose from, all motion is welcome.
    profile = replace(profile, stock=stock([]))
    return Learned(profile, scores, own, by_motion, *lengths, trained.rounds, train_s)


def _check(recordings: list[Recording], steps: list) -> None:
    seen_s = sum(float((trust.max(axis=1) > 0).sum()) for _, trust in steps) * STEP_S
    if seen_s < LEAST_S:
        raise FacewrightError(
            f"Sound and face together last {seen_s:.0f} s; a performer is learned from "
            f"{LEAST_S:.0f} s or more.",
            "Give more takes; five minutes are a good beginning.",
            "voice-too-short",
        )


def _rows(stretch: holdout.Stretch) -> slice:
    return slice(int(np.ceil(stretch.begin_s / STEP_S)), int(stretch.end_s / STEP_S))


def _seen(weights: np.ndarray, trust: np.ndarray, rows: slice) -> np.ndarray:
    return weights[rows][trust[rows].max(axis=1) > 0]


def _lesson(
    features: np.ndarray,
    steps: tuple[np.ndarray, np.ndarray],
    stretch: holdout.Stretch,
    lips: EigenLips,
) -> Lesson:
    rows = _rows(stretch)
    weights, trust = steps[0][rows], steps[1][rows]
    rows = slice(STRIDE * rows.start, STRIDE * (rows.start + len(weights)))
    return Lesson(features[rows], ((weights - lips.mean) / lips.scale).astype(np.float32), trust)


def _cues(recording: Recording) -> list[Cue]:
    return decode(_heard(recording))


def _heard(recording: Recording) -> Heard:
    level = np.zeros(len(recording.mel), np.float32)
    return Heard(recording.log_probs, level, recording.mel)


def _rest(recordings, steps, learned_steps, lips: EigenLips) -> np.ndarray:
    """The mouth in silence, float32 (27,)."""
    silent = []
    for number, rows in learned_steps:
        log_probs = recordings[number].log_probs[:, INDEX["sil"]]
        sure = log_probs[: len(log_probs) // STRIDE * STRIDE].reshape(-1, STRIDE).min(axis=1)
        weights, trust = steps[number]
        count = len(weights[rows])
        quiet = (sure[rows][:count] > _SURELY) & (trust[rows].max(axis=1) > 0)
        silent.append(weights[rows][quiet])
    found = np.concatenate(silent)
    return np.median(found, axis=0).astype(np.float32) if len(found) else lips.mean


def _stock(keys, steps, cues, lips: EigenLips, aside: list[holdout.Stretch]) -> Stock:
    """All captured motion but that of the stretches aside."""
    first = 0
    units, bounds = [], []
    for number, spoken in enumerate(cues):
        count = len(keys[number])
        free = steps[number][1].max(axis=1) > 0
        for stretch in aside:
            if stretch.recording == number:
                free[_rows(stretch)] = False
        edges = np.unique(np.round(unit_edges(spoken, count * STEP_S) / STEP_S).astype(int))
        runs = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(int)))
        for begin, end in runs.reshape(-1, 2):
            inside = edges[(edges >= begin) & (edges <= end)]
            for unit in itertools.pairwise(inside):
                units.append((first + unit[0], first + unit[1]))
                bounds.append((first + begin, first + end))
        first += count
    if len(units) > MOST_UNITS:
        units, bounds = units[:MOST_UNITS], bounds[:MOST_UNITS]
    end = max((bound[1] for bound in bounds), default=0)
    weights = np.concatenate([(weights - lips.mean) / lips.scale for weights, _ in steps])
    return Stock(
        np.concatenate(keys)[:end],
        weights[:end].astype(np.float32),
        np.array(units, np.int32).reshape(-1, 2),
        np.array(bounds, np.int32).reshape(-1, 2),
    )


def _measure(
    profile: Profile,
    recordings: list[Recording],
    cues: list[list[Cue]],
    stretches: list[holdout.Stretch],
    progress: Progress,
) -> dict[str, Score]:
    """Scores at the captured frames of the stretches kept aside."""
    solvers: dict[str, Callable[[Recording, list[Cue], np.ndarray], np.ndarray]] = {
        "general": lambda _, spoken, times: curves(spoken, times)[:, CHANNELS],
        "network": lambda one, spoken, times: profile.curves(
            _heard(one), one.mel, times, cues=spoken
        )[:, CHANNELS],
        "retrieval": lambda one, spoken, times: profile.curves(
            _heard(one), one.mel, times, cues=spoken, method="retrieval", progress=progress
        )[:, CHANNELS],
        "mean_face": lambda _, __, times: np.broadcast_to(
            profile.lips.mean, (len(times), len(CHANNELS))
        ),
    }
    given: dict[str, list[np.ndarray]] = {name: [] for name in solvers}
    captured, trust = [], []
    for done, number in enumerate(sorted({one.recording for one in stretches})):
        progress.step(done, len(recordings), "recordings")
        one = recordings[number]
        kept = np.zeros(len(one.time_s), bool)
        for stretch in stretches:
            if stretch.recording == number:
                kept |= (one.time_s >= stretch.begin_s) & (one.time_s < stretch.end_s)
        if not kept.any():
            continue
        captured.append(one.weights[kept])
        trust.append(one.trust[kept])
        for name, solve in solvers.items():
            given[name].append(solve(one, cues[number], one.time_s)[kept])
    truth, counts = np.concatenate(captured), np.concatenate(trust)
    return {name: score(np.concatenate(parts), truth, counts) for name, parts in given.items()}
