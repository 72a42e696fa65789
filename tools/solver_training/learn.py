# SPDX-License-Identifier: GPL-3.0-or-later
"""The solver's network and its training."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from engine.core.arkit import COUNT, INDEX
from engine.core.types import APPEARANCE, LANDMARKS

from .dataset import Frames, resting_rows

POINTS = LANDMARKS * 3
_RESTING = 4
_BATCH = 512
# Shares of a batch: nobody has studied the performer; the engine knows no appearance.
_STRANGER, _BLIND = 0.12, 0.15
# Trembling of the landmarks, cm.
_NOISE_CM = 0.008
# A weight is right within this error at rest, and this more for a full movement.
_BEARABLE, _BEARABLE_MOVING = 0.08, 0.25
_TONGUE = INDEX["tongueOut"]


class SolverNetwork(nn.Module):
    """A face and the same face at rest to weights, head correction and doubt.

    Input (n, 3384): face, face at rest (zeros: not known), view, appearance, appearance at rest,
    1 where the appearance is known. Output (n, 107): weights, rotation vector, probability that
    each weight is right (``right``).

    Args:
        mean: float (1434,), the mean resting face.
        moves, people: float (k, 1434), directions in which faces move and differ.
        shapes: float (52, 1690), what each weight moves; shipped with the network.
    """

    def __init__(
        self, mean: np.ndarray, moves: np.ndarray, people: np.ndarray, shapes: np.ndarray
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("moves", torch.tensor(moves, dtype=torch.float32))
        self.register_buffer("people", torch.tensor(people, dtype=torch.float32))
        self.register_buffer("shapes", torch.tensor(shapes, dtype=torch.float32))
        inputs = len(moves) + len(people) + 6 + APPEARANCE + 1
        self.body = nn.Sequential(
            nn.Linear(inputs, 512),
            nn.SiLU(),
            nn.Dropout(0.15),
            nn.Linear(512, 384),
            nn.SiLU(),
            nn.Dropout(0.1),
            nn.Linear(384, 256),
            nn.SiLU(),
        )
        self.weights = nn.Linear(256, COUNT)
        self.turn = nn.Linear(256, 3)
        self.sure = nn.Sequential(nn.Linear(256, 128), nn.SiLU(), nn.Linear(128, COUNT))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        face, rest, view, looks, looks_at_rest, known = torch.split(
            rows, [POINTS, POINTS, 3, APPEARANCE, APPEARANCE, 1], dim=1
        )
        stranger = (rest.abs().sum(1, keepdim=True) == 0).to(rest.dtype)
        rest = rest + stranger * self.mean
        return self.judge(
            (face - rest) @ self.moves.T,
            (rest - self.mean) @ self.people.T,
            view,
            looks - looks_at_rest,
            known,
        )

    def judge(self, moved, person, view, looks_moved, known) -> torch.Tensor:
        """The same from what the linear maps make of the landmarks."""
        parts = [moved, person, view * 3, (view * 3) ** 2, looks_moved * known, known]
        hidden = self.body(torch.cat(parts, 1))
        # Confidence learns from the errors, not they from it.
        sure = torch.sigmoid(self.sure(hidden.detach()))
        return torch.cat([self.weights(hidden), self.turn(hidden), sure], 1)


def train(
    frames: Frames, mirror: Frames, epochs: int, tell: Callable[[str], None]
) -> SolverNetwork:
    """A trained network.

    Args:
        frames: The corpus with its appearance.
        mirror: The same in a mirror, appearance not known.
        epochs: Passes over the corpus.
        tell: Gets a line of progress now and then.
    """
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    count = len(frames)
    both = Frames.concatenate([frames, mirror])
    rest = resting_rows(both, _RESTING)
    usable = rest[:, 0] >= 0
    usable_own = np.flatnonzero(usable[:count])
    usable_mirror = count + np.flatnonzero(usable[count:])
    at_rest = np.concatenate([both.face, both.looks], 1)
    change = at_rest - at_rest[rest].mean(1)
    shapes = _shapes(both.weights[:count][usable_own], change[:count][usable_own])
    mean = both.face[both.resting].mean(0)
    moves = principal(change[usable][:, :POINTS], 160)
    people = principal(both.face[both.resting] - mean, 48)
    del at_rest, change
    network = SolverNetwork(mean, moves, people, shapes)
    batches = _Batches(both, rest, network)
    steps = epochs * len(usable_own) // _BATCH
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    started = time.perf_counter()
    network.train()
    blind = int(_BATCH * _BLIND)
    known = (torch.arange(_BATCH) < _BATCH - blind).float()[:, None]
    for step in range(steps):
        rows = torch.from_numpy(
            np.concatenate(
                [
                    random.choice(usable_own, _BATCH - blind),
                    random.choice(usable_mirror, blind),
                ]
            )
        )
        loss = loss_of(network.judge(*batches.draw(rows, known)), *batches.truth(rows))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % max(1, steps // 12) == 0:
            tell(
                f"step {step} of {steps}: {loss.item():.4f}, {time.perf_counter() - started:.0f} s"
            )
    return network.eval()


class _Batches:
    """Inputs of ``SolverNetwork.judge`` with resting faces as wrong as the solver's will be.

    Everything before the first nonlinearity is linear, so landmarks are mapped once, and batches
    mix what the map made of them.
    """

    def __init__(self, frames: Frames, rest: np.ndarray, network: SolverNetwork) -> None:
        face = torch.from_numpy(frames.face) - network.mean
        self._moves, self._people = face @ network.moves.T, face @ network.people.T
        self._view, self._looks = torch.from_numpy(frames.view), torch.from_numpy(frames.looks)
        self._weights, self._turn = torch.from_numpy(frames.weights), torch.from_numpy(frames.turn)
        self._rest = torch.from_numpy(rest)
        # What a weight left in the resting face does to each input.
        points = network.shapes[:, :POINTS]
        self._left = points @ network.moves.T, points @ network.people.T, network.shapes[:, POINTS:]
        # Trembling landmarks, drawn once: mapping fresh ones would cost more than the training.
        self._noise = _NOISE_CM * torch.randn(20_000, POINTS) @ network.moves.T

    def truth(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self._weights[rows], self._turn[rows]

    def draw(self, rows: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, ...]:
        count = len(rows)
        rest = self._rest[rows]
        share = torch.rand(count, _RESTING) ** 2
        share = (share / share.sum(1, keepdim=True))[:, :, None]
        # Nobody's resting face is known exactly: some of an expression stays in it.
        left = torch.randn(count, COUNT) * 0.08 * (torch.rand(count, COUNT) < 0.3)
        moves, people, looks = (
            (column[rest] * share).sum(1) + left @ effect
            for column, effect in zip(
                (self._moves, self._people, self._looks), self._left, strict=True
            )
        )
        met = (torch.rand(count, 1) >= _STRANGER).float()
        noise = self._noise[torch.randint(len(self._noise), (count,))]
        return (
            self._moves[rows] - moves * met + noise,
            people * met,
            self._view[rows],
            self._looks[rows] - looks,
            known * met,
        )


def loss_of(out: torch.Tensor, weights: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Squared errors; going below zero where the truth is zero costs nothing."""
    guess = out[:, :COUNT]
    guess = torch.where((weights <= 0) & (guess < 0), torch.zeros_like(guess), guess)
    error = guess - weights
    turned = (out[:, COUNT : COUNT + 3] - turn) * 5
    wrong = (guess.detach().clamp(0, 1) - weights).abs()
    right = (wrong <= _BEARABLE + _BEARABLE_MOVING * weights).float()
    unsure = functional.binary_cross_entropy(out[:, COUNT + 3 :], right)
    # Movements are rare: where something moves counts more.
    share = 1 + 3 * (weights > 0.02)
    return (share * error**2).mean() + 0.1 * (turned**2).mean() + 0.02 * unsure


def principal(rows: np.ndarray, count: int) -> np.ndarray:
    """float (count, k): the main directions of rows (n, k), each scaled to unit variance."""
    covariance = rows.T @ rows / len(rows)
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(values)[::-1][:count]
    return (vectors[:, order] / np.sqrt(values[order] + 1e-8)).T


def _shapes(weights: np.ndarray, change: np.ndarray) -> np.ndarray:
    """float (52, k): least squares of the change since rest on the weights."""
    gram = weights.T @ weights + 1e-3 * len(weights) * 0.01 * np.eye(COUNT)
    shapes = np.linalg.solve(gram, weights.T @ change)
    shapes[_TONGUE] = 0
    return shapes.astype(np.float32)
