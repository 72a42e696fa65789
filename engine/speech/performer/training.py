# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the performer's network: Adam, early stopping on stretches of its own, averaged weights.

Adam: Kingma and Ba (2015). The weights that are kept are a running mean over the steps (Polyak and
Juditsky, 1992), which tells of new sound more truly than any single step's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...core.progress import Progress
from .net import STRIDE, NetSize, backward, forward, new_parameters

# Stretches that are learned from together, and their length: 3 s.
_BATCH = 24
_CROP = 150 * STRIDE
# Sound is run through in pieces that overlap, so that an hour takes no more memory than a minute.
_PIECE, _PIECE_MARGIN = 1000 * STRIDE, 100 * STRIDE


@dataclass(frozen=True)
class TrainSettings:
    """How to train.

    Attributes:
        rounds: At most so many times through all stretches.
        patience: Stop when so many rounds brought nothing.
        rate: Adam's step size at the start; it falls to a twentieth along a cosine.
        decay: Share by which the weights shrink in a step, times ``rate``.
        noise: Deviation of noise on the (normal) features.
        forget: Share of the features that are hidden in a batch, a few bands together.
        average: Share of the running mean that stays in a step.
        seed: Of all that is drawn.
    """

    rounds: int = 30
    patience: int = 8
    rate: float = 3e-3
    decay: float = 0.02
    noise: float = 0.2
    forget: float = 0.1
    average: float = 0.97
    seed: int = 1


@dataclass(frozen=True)
class Lesson:
    """A stretch to learn from or to stop by.

    Attributes:
        features: float32 (T, inputs), normal; T even.
        wanted: float32 (T / 2, C), finite.
        trust: float32 (T / 2, C), 0 where nothing was captured.
    """

    features: np.ndarray
    wanted: np.ndarray
    trust: np.ndarray


@dataclass
class Trained:
    """What came of it.

    Attributes:
        parameters: The best on the stretches to stop by.
        rounds: How many were run.
        best: Mean squared error of the best, on the stretches to stop by.
        history: The same after each round.
    """

    parameters: dict[str, np.ndarray]
    rounds: int = 0
    best: float = float("inf")
    history: list[float] = field(default_factory=list)


def train(
    learn: list[Lesson],
    stop: list[Lesson],
    basis: np.ndarray,
    size: NetSize,
    settings: TrainSettings | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a network whose outputs, times ``basis``, are the wanted values.

    Args:
        learn: Stretches to learn from.
        stop: Stretches that tell when to stop; the network never learns from them.
        basis: float32 (outputs, C), fixed.
        size: Of the network.
        settings: How.
        progress: Told of each batch; may cancel.

    Raises:
        Cancelled: The person asked to stop; nothing is kept.
    """
    settings, progress = settings or TrainSettings(), progress or Progress()
    draw = np.random.default_rng(settings.seed)
    parameters = new_parameters(size, settings.seed)
    mean = {name: value.copy() for name, value in parameters.items()}
    moments = {name: np.zeros((2, *value.shape), value.dtype) for name, value in parameters.items()}
    crops = max(_BATCH, sum(max(1, round(len(one.features) / _CROP)) for one in learn))
    batches = max(1, round(crops / _BATCH))
    result = Trained(mean)
    step = 0
    for number in range(settings.rounds):
        for _ in range(batches):
            progress.step(step, settings.rounds * batches, "steps")
            step += 1
            lesson = _batch(learn, draw, settings)
            slopes = _slopes(parameters, lesson, basis)
            rate = settings.rate * (
                0.05 + 0.475 * (1 + np.cos(np.pi * step / (settings.rounds * batches)))
            )
            _adam(parameters, moments, slopes, step, rate, settings.decay)
            keep = min(settings.average, step / (step + 10))
            for name, value in parameters.items():
                mean[name] += (1 - keep) * (value - mean[name])
        error = squared_error(mean, stop, basis)
        result.history.append(error)
        result.rounds = number + 1
        if error < result.best:
            result.best, best_at = error, number
            result.parameters = {name: value.copy() for name, value in mean.items()}
        elif number - best_at >= settings.patience:
            break
    progress.step(settings.rounds * batches, settings.rounds * batches, "steps")
    return result


def squared_error(
    parameters: dict[str, np.ndarray], lessons: list[Lesson], basis: np.ndarray
) -> float:
    """Mean squared error over stretches, by trust."""
    error = weight = 0.0
    for one in lessons:
        miss = run(parameters, one.features) @ basis - one.wanted
        error += float((one.trust * miss**2).sum())
        weight += float(one.trust.sum())
    return error / max(weight, 1e-9)


def run(parameters: dict[str, np.ndarray], features: np.ndarray) -> np.ndarray:
    """The network over a whole recording.

    Args:
        parameters: From training.
        features: float32 (T, inputs), normal, any T.

    Returns:
        float32 (ceil(T / 2), outputs), step i at ``(2 i + 1) / 100`` s.
    """
    count = -(-len(features) // STRIDE)
    outputs = np.empty((count, parameters["speak"].shape[1]), np.float32)
    inner = _PIECE - 2 * _PIECE_MARGIN
    if not count:
        return outputs
    padded = np.pad(features, ((0, count * STRIDE - len(features)), (0, 0)), mode="edge")
    if len(padded) <= _PIECE:
        return forward(parameters, padded[None])[0][0].astype(np.float32)
    starts = [*range(0, len(padded) - _PIECE, inner), len(padded) - _PIECE]
    for group in range(0, len(starts), _BATCH):
        some = starts[group : group + _BATCH]
        pieces = np.stack([padded[start : start + _PIECE] for start in some])
        for start, piece in zip(some, forward(parameters, pieces)[0], strict=True):
            lead = 0 if start == 0 else _PIECE_MARGIN // STRIDE
            outputs[start // STRIDE + lead : (start + _PIECE) // STRIDE] = piece[lead:]
    return outputs


def _batch(learn: list[Lesson], draw: np.random.Generator, settings: TrainSettings) -> Lesson:
    """Random pieces of all stretches, with noise; padded with what is not trusted."""
    lengths = np.array([len(one.features) for one in learn], float)
    chosen = draw.choice(len(learn), _BATCH, p=lengths / lengths.sum())
    inputs, outputs = learn[0].features.shape[1], learn[0].wanted.shape[1]
    features = np.zeros((_BATCH, _CROP, inputs), np.float32)
    wanted = np.zeros((_BATCH, _CROP // STRIDE, outputs), np.float32)
    trust = np.zeros_like(wanted)
    for row, number in enumerate(chosen):
        one = learn[number]
        steps = len(one.wanted)
        count = min(steps, _CROP // STRIDE)
        first = draw.integers(0, steps - count + 1)
        features[row, : count * STRIDE] = one.features[first * STRIDE : (first + count) * STRIDE]
        wanted[row, :count] = one.wanted[first : first + count]
        trust[row, :count] = one.trust[first : first + count]
    if settings.noise:
        features += settings.noise * draw.standard_normal(features.shape, np.float32)
    if settings.forget:
        hidden = draw.random((_BATCH, 1, inputs)) < settings.forget / 3
        hidden |= np.roll(hidden, 1, axis=2) | np.roll(hidden, 2, axis=2)
        features *= ~hidden
    return Lesson(features, wanted, trust)


def _slopes(
    parameters: dict[str, np.ndarray], lesson: Lesson, basis: np.ndarray
) -> dict[str, np.ndarray]:
    outputs, seen = forward(parameters, lesson.features)
    miss = lesson.trust * (outputs @ basis - lesson.wanted)
    slope = (miss @ basis.T) * np.float32(2 / max(float(lesson.trust.sum()), 1e-9))
    return backward(parameters, seen, slope)


def _adam(parameters, moments, slopes, step: int, rate: float, decay: float) -> None:
    length = float(np.sqrt(sum(float((slope**2).sum()) for slope in slopes.values())))
    shorten = min(1.0, 1.0 / max(length, 1e-12))
    for name, value in parameters.items():
        slope = slopes[name] * shorten
        first, second = moments[name]
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        toward = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        if name.endswith("_bias"):
            value -= rate * toward
        else:
            value -= rate * (toward + decay * value)
