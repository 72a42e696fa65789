# SPDX-License-Identifier: GPL-3.0-or-later
"""Solves a fit: all frames of a take at once, or one live frame after the other.

Both minimise, in y = x times the key's size, with C the cosines among the keys and b = F u,

    ½ yᵀ(C + ridge) y − bᵀy + ½ smoothness |y_t − y_(t−1)|² + sparsity · size · |y|₁

between the keys' limits, by the alternating direction method of multipliers (Boyd et al. 2011,
"Distributed optimization and statistical learning via the alternating direction method of
multipliers", section 5.2, with over-relaxation, 3.4.3). Its matrix is inverted once, whatever the
number of frames, so a step is one product of matrices. Over time the smoothness is taken in
linearised steps.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .fit import Fit

# The penalty of the splitting, in cosines, at the start and as far as it is taken. It is balanced
# so that both residuals fall alike (section 3.4.1).
_RHO, _RHO_RANGE, _RHO_STEP, _UNBALANCED = 0.08, (0.005, 1.28), 4.0, 4.0
_RELAXATION = 1.6
_STEPS, _LIVE_STEPS = 64, 8
# It is over when the mean difference between both halves of the splitting, and of one step to the
# next, is below this, in sizes of the largest channel.
_AGREED = 1e-4
_CHECKED_EVERY = 4
# Frames that are solved side by side: their arrays stay in the processor's cache.
_BLOCK = 512
# A take up to this length is solved once for all meshes of a character.
_KEPT_FRAMES = 20_000


class FitSolver:
    """Values of keys from channels, and channels from values of keys.

    Args:
        fit: What to solve.
    """

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        self._forward = _Problem(
            fit.among_keys,
            fit.across * fit.channel_sizes,
            fit.low * fit.key_sizes,
            fit.high * fit.key_sizes,
            fit.sparsity * fit.key_sizes,
            fit.ridge,
            fit.smoothness,
        )
        self._live: _Live | None = None
        self._last: tuple[bytes, np.ndarray] | None = None
        self._take: tuple[tuple[bytes, bool], np.ndarray] | None = None

    def solve(self, weights: np.ndarray, *, in_time: bool = True) -> np.ndarray:
        """The keys' values over frames.

        Args:
            weights: float (T, C), the fit's channels.
            in_time: Whether the frames follow each other and shall be smooth.

        Returns:
            float64 (T, K), within the keys' limits.
        """
        weights = np.asarray(weights, np.float64)
        told = weights.tobytes(), in_time
        if self._take is not None and self._take[0] == told:
            return self._take[1].copy()
        values = self._keys_of(self._forward.solve(weights, in_time))
        # The meshes of one character, face, lashes and teeth, ask for the same one after another.
        self._take = (told, values.copy()) if len(values) <= _KEPT_FRAMES else None
        return values

    def follow(self, weights: np.ndarray) -> np.ndarray:
        """The keys' values of the next live frame, which starts from those of the last.

        Args:
            weights: float (C,).

        Returns:
            float64 (K,). The same weights once more, e.g. for another mesh, give the same values.
        """
        told = np.asarray(weights, np.float64).tobytes()
        if self._last is None or self._last[0] != told:
            if self._live is None:
                self._live = _Live(self._forward)
            self._last = told, self._keys_of(self._live.step(np.asarray(weights, np.float64)))
        return self._last[1].copy()

    def _keys_of(self, values: np.ndarray) -> np.ndarray:
        # Once more within the limits, which rounding may have left by a hair.
        return np.clip(values / self.fit.key_sizes, self.fit.low, self.fit.high)

    def forget(self) -> None:
        """The next live frame starts anew."""
        self._live = self._last = None

    def back(self, values: np.ndarray) -> np.ndarray:
        """The channels, 0..1, that move the face most like these values of the keys.

        Args:
            values: float (T, K) or (K,).

        Returns:
            float64 (T, C) or (C,).
        """
        values = np.asarray(values, np.float64)
        found = self._backward.solve(np.atleast_2d(values), False)
        return found.reshape(*values.shape[:-1], -1) / self.fit.channel_sizes

    @cached_property
    def _backward(self) -> _Problem:
        fit = self.fit
        return _Problem(
            fit.among_channels,
            fit.across.T * fit.key_sizes,
            np.zeros(len(fit.channels)),
            fit.channel_sizes,
            fit.sparsity * fit.channel_sizes,
            fit.ridge,
            0.0,
        )


class _Problem:
    """One matrix, any number of right-hand sides.

    Args:
        alike: (K, K) cosines.
        drive: (K, C), from the inputs to the right-hand side.
        low, high: (K,) limits of y.
        sparsity: (K,) weight of |y|.
        ridge, smoothness: See ``Fit``.
    """

    def __init__(self, alike, drive, low, high, sparsity, ridge: float, smoothness: float) -> None:
        self.alike, self.drive, self.ridge, self.smoothness = alike, drive, ridge, smoothness
        self.low, self.high = low.astype(np.float32), high.astype(np.float32)
        self._sparsity = sparsity.astype(np.float32)
        self._two_sided = bool((low < 0).any())
        self._inverse: dict[tuple[float, float], np.ndarray] = {}
        self.free = np.linalg.solve(alike + ridge * np.eye(len(alike)), drive)

    def inverse(self, rho: float, held: float) -> np.ndarray:
        """float64 (K, K): the inverse of the matrix with ``rho`` and ``held`` on its diagonal."""
        if (rho, held) not in self._inverse:
            diagonal = (self.ridge + rho + held) * np.eye(len(self.alike))
            self._inverse[rho, held] = np.linalg.inv(self.alike + diagonal)
        return self._inverse[rho, held]

    def solve(self, inputs: np.ndarray, in_time: bool) -> np.ndarray:
        """float64 (T, K) from float64 (T, C)."""
        found = np.empty((len(inputs), len(self.alike)))
        smoothness = self.smoothness if in_time else 0.0
        before, rho = None, _RHO
        for first in range(0, len(inputs), _BLOCK):
            part = slice(first, first + _BLOCK)
            z, rho = self._solve_block(inputs[part], smoothness, before, rho)
            found[part], before = z, z[-1]
        return found

    def _solve_block(
        self, inputs: np.ndarray, smoothness: float, before: np.ndarray | None, rho: float
    ) -> tuple[np.ndarray, float]:
        right = (inputs @ self.drive.T).astype(np.float32)
        z = np.clip(inputs @ self.free.T, self.low, self.high).astype(np.float32)
        w, whole, y = np.zeros_like(z), np.empty_like(z), np.empty_like(z)
        # The largest eigenvalue of the differences over time is 4: they are taken one step late.
        inverse = self.inverse(rho, 4 * smoothness).astype(np.float32)
        for count in range(1, _STEPS + 1):
            np.subtract(z, w, out=whole)
            whole *= np.float32(rho)
            whole += right
            if smoothness:
                _add_neighbours(whole, z, before, smoothness)
            np.matmul(whole, inverse, out=y)
            is_checked = count % _CHECKED_EVERY == 0
            if is_checked:
                last, apart = z.copy(), _mean(y - z)
            y *= np.float32(_RELAXATION)
            z *= np.float32(1 - _RELAXATION)
            y += z
            w += y
            self.prox(w, z, rho)
            w -= z
            if not is_checked:
                continue
            moved = _mean(z - last)
            if max(apart, moved) < _AGREED:
                break
            changed = _balanced(rho, apart, rho * moved)
            if changed != rho:
                w *= np.float32(rho / changed)
                rho, inverse = changed, self.inverse(changed, 4 * smoothness).astype(np.float32)
        return z, rho

    def prox(self, values: np.ndarray, out: np.ndarray, rho: float) -> None:
        """Puts the nearest values within the limits, shrunk, into ``out``."""
        shrink = self._sparsity / np.float32(rho)
        if self._two_sided:
            np.subtract(values, np.clip(values, -shrink, shrink), out=out)
        else:
            np.subtract(values, shrink, out=out)
        np.maximum(out, self.low, out=out)
        np.minimum(out, self.high, out=out)


def _mean(differences: np.ndarray) -> float:
    return float(np.sqrt(np.einsum("ij,ij->", differences, differences) / differences.size))


def _balanced(rho: float, primal: float, dual: float) -> float:
    """A penalty that lets the larger of both residuals fall faster."""
    if primal > _UNBALANCED * dual:
        return min(rho * _RHO_STEP, _RHO_RANGE[1])
    if dual > _UNBALANCED * primal:
        return max(rho / _RHO_STEP, _RHO_RANGE[0])
    return rho


class _Live:
    """One frame after the other, each held to the last by the smoothness."""

    def __init__(self, problem: _Problem) -> None:
        self._problem = problem
        inverse = problem.inverse(_RHO, problem.smoothness)
        self._drive = (inverse @ problem.drive).astype(np.float32)
        self._step = (_RHO * inverse).astype(np.float32)
        self._hold = (problem.smoothness * inverse).astype(np.float32)
        self._z: np.ndarray | None = None
        self._w = np.zeros(len(inverse), np.float32)

    def step(self, inputs: np.ndarray) -> np.ndarray:
        """float64 (K,) from float64 (C,)."""
        problem, w = self._problem, self._w
        if self._z is None:
            self._z = problem.solve(inputs[None], False)[0].astype(np.float32)
        z = self._z
        constant = self._drive @ inputs.astype(np.float32) + self._hold @ z
        for _ in range(_LIVE_STEPS):
            y = self._step @ (z - w)
            y += constant
            y *= np.float32(_RELAXATION)
            z *= np.float32(1 - _RELAXATION)
            y += z
            w += y
            problem.prox(w, z, _RHO)
            w -= z
        return z.astype(np.float64)


def bounded_weights(means: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Least squares: how often, 0 to 1 times, to take each row of ``means`` for each wanted row.

    Args:
        means: float (n, d).
        wanted: float (m, d).

    Returns:
        float64 (m, n); 0 for rows of zeros.
    """
    return BoundedWeights(means).solve(wanted)


class BoundedWeights:
    """``bounded_weights`` of the same means time and again.

    Args:
        means: float (n, d).
    """

    def __init__(self, means: np.ndarray) -> None:
        sizes = np.linalg.norm(means, axis=1)
        self._count = len(means)
        self._moving = np.flatnonzero(sizes > 1e-9 * sizes.max(initial=0.0))
        if not len(self._moving):
            return
        # In units of the largest, for the solver's tolerance.
        self._unit, self._sizes = sizes.max(), sizes[self._moving]
        rows, zeros = means[self._moving] / self._sizes[:, None], np.zeros(len(self._moving))
        high = self._sizes / self._unit
        self._problem = _Problem(rows @ rows.T, rows / self._unit, zeros, high, zeros, 1e-3, 0.0)

    def solve(self, wanted: np.ndarray) -> np.ndarray:
        """The weights, float64 (m, n), of float (m, d)."""
        found = np.zeros((len(wanted), self._count))
        if len(self._moving):
            solved = self._problem.solve(np.asarray(wanted, np.float64), False)
            found[:, self._moving] = solved * self._unit / self._sizes
        return found


def explained(means: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How much of each wanted row such sums give.

    Args:
        means, wanted: See ``bounded_weights``.

    Returns:
        float64 (m,): 1 − |missed| / |wanted|, at least 0; 0 for rows of zeros.
    """
    missed = np.linalg.norm(wanted - bounded_weights(means, wanted) @ means, axis=1)
    whole = np.linalg.norm(wanted, axis=1)
    share = np.divide(missed, whole, out=np.ones(len(whole)), where=whole > 0)
    return np.maximum(1 - share, 0.0)


def _add_neighbours(
    right: np.ndarray, z: np.ndarray, before: np.ndarray | None, smoothness: float
) -> None:
    """Adds smoothness times (2 z_t + z_(t-1) + z_(t+1)), which is 4 z_t minus its differences.

    The last frame has no next one, the first none before but that of the block before.
    """
    scaled = z * np.float32(smoothness)
    right += scaled
    right += scaled
    right[1:] += scaled[:-1]
    right[:-1] += scaled[1:]
    right[0] += scaled[0] if before is None else (smoothness * before).astype(np.float32)
    right[-1] += scaled[-1]
