# SPDX-License-Identifier: GPL-3.0-or-later
"""Least-squares retarget: keys that together move a face as the 52 channels would.

For a character whose keys are not ARKit's one by one: halves of lips, visemes, other rigs' shapes.
With the channels' displacements S and the keys' displacements D on the same points, the keys'
values x of a frame with weights u are those of the smallest |Dᵀx − Sᵀu|², the points weighted by
the surface that they stand for. What that needs of the meshes are inner products alone, so a fit
is small, travels in a mapping's JSON and needs no mesh any more. ``fit_solver`` solves it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..core.arkit import INDEX, NAMES
from ..core.errors import FacewrightError

if TYPE_CHECKING:
    from .fit_solver import FitSolver

# A key or channel that moves less than this share of the largest one does nothing.
_STILL = 5e-4


@dataclass(frozen=True, eq=False)
class Fit:
    """What of two sets of displacements a least-squares retarget needs.

    Attributes:
        keys: Names of the K shape keys that are solved for.
        channels: The C ARKit channels that they follow together, in ARKit order.
        low, high: float64 (K,), limits of the keys' values.
        key_sizes: float64 (K,), root of the mean squared displacement at 1, in any unit.
        channel_sizes: float64 (C,), the same of the channels, in the same unit.
        among_keys: float64 (K, K), cosines between the keys' displacements.
        across: float64 (K, C), cosines between keys and channels.
        among_channels: float64 (C, C), cosines between the channels.
        smoothness: Weight of |x_t − x_(t−1)|², each key's value in units of its own motion. It
            calms what the meshes do not decide, and hardly what they do.
        ridge: Weight of |x|², in the same units: of keys that do the same each takes a share.
        sparsity: Weight of |x|: keys that would hardly move stay at rest.
    """

    keys: tuple[str, ...]
    channels: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    key_sizes: np.ndarray
    channel_sizes: np.ndarray
    among_keys: np.ndarray
    across: np.ndarray
    among_channels: np.ndarray
    smoothness: float = 0.01
    ridge: float = 3e-4
    sparsity: float = 5e-4

    def __post_init__(self) -> None:
        k, c = len(self.keys), len(self.channels)
        shapes = {
            **dict.fromkeys(("low", "high", "key_sizes"), (k,)),
            "channel_sizes": (c,),
            "among_keys": (k, k),
            "across": (k, c),
            "among_channels": (c, c),
        }
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name), np.float64)
            if value.shape != shape or not np.isfinite(value).all():
                raise invalid_fit(f"{name} is not {shape} finite numbers")
            object.__setattr__(self, name, value)
        unknown = [name for name in self.channels if name not in INDEX]
        if unknown or len(set(self.channels)) != c or len(set(self.keys)) != k or not k * c:
            raise invalid_fit("its names are unknown, twice there or none")
        if (self.key_sizes <= 0).any() or (self.channel_sizes <= 0).any():
            raise invalid_fit("a size is not above 0")
        if (self.low > 0).any() or (self.high <= self.low).any():
            raise invalid_fit("limits of a key leave out 0 or are the wrong way round")
        if not (self.ridge > 0 and self.smoothness >= 0 and self.sparsity >= 0):
            raise invalid_fit("its weights are not 0 or more")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fit) and all(
            np.array_equal(getattr(self, item.name), getattr(other, item.name))
            for item in fields(Fit)
        )

    __hash__ = None

    @cached_property
    def columns(self) -> np.ndarray:
        """int64 (C,), where its channels are among the 52."""
        return np.array([INDEX[name] for name in self.channels], np.int64)

    @cached_property
    def solver(self) -> FitSolver:
        """The one that all users of this fit share."""
        from .fit_solver import FitSolver

        return FitSolver(self)

    @cached_property
    def narrowed(self) -> dict[frozenset[str], Fit]:
        """Where users keep what ``only`` has made, so that its solver is made once."""
        return {}

    def only(self, keys: Collection[str]) -> Fit:
        """The same with some of the keys; FacewrightError ``fit-invalid`` where none is left."""
        kept = [i for i, key in enumerate(self.keys) if key in keys]
        return replace(
            self,
            keys=tuple(self.keys[i] for i in kept),
            low=self.low[kept],
            high=self.high[kept],
            key_sizes=self.key_sizes[kept],
            among_keys=self.among_keys[np.ix_(kept, kept)],
            across=self.across[kept],
        )

    def residual(self, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """How much of the motion is missed, as a share of it.

        Args:
            weights: float (T, C), the channels.
            values: float (T, K), the keys.

        Returns:
            float64 (T,): |Dᵀx − Sᵀu| / |Sᵀu|; NaN where the face rests.
        """
        u, x = weights * self.channel_sizes, values * self.key_sizes
        whole = np.einsum("ti,ij,tj->t", u, self.among_channels, u)
        both = np.einsum("ti,ij,tj->t", x, self.across, u)
        own = np.einsum("ti,ij,tj->t", x, self.among_keys, x)
        missed = np.maximum(whole - 2 * both + own, 0.0)
        return np.sqrt(np.divide(missed, whole, out=np.full(len(u), np.nan), where=whole > 0))


def make_fit(
    channels: Mapping[str, np.ndarray],
    keys: Mapping[str, np.ndarray],
    weights: np.ndarray | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    **options: float,
) -> Fit:
    """A fit of displacements on common points.

    Args:
        channels: ARKit name -> float (P, 3), where the channel at 1 moves the P points.
        keys: Name -> float (P, 3), where the key at 1 moves them; in the same axes and unit.
        weights: float (P,), the surface that each point stands for; None for all alike.
        limits: Key -> limits of its value; 0 and 1 where it is left out.
        options: ``smoothness``, ``ridge`` and ``sparsity`` of ``Fit``.

    Returns:
        The fit; what does not move is left out.

    Raises:
        FacewrightError: ``fit-empty`` where no key or no channel moves a point.
    """
    share = np.sqrt(_shares(channels, keys, weights))[:, None]
    key_rows, key_names = _rows(keys, share)
    channel_rows, channel_names = _rows(
        {name: channels[name] for name in NAMES if name in channels}, share
    )
    if not key_names or not channel_names:
        what = "shape key" if not key_names else "ARKit shape"
        raise FacewrightError(
            f"No {what} moves any of the points that are compared.",
            "Choose the mesh that has the face, and check that the heads lie on each other.",
            "fit-empty",
        )
    key_sizes, channel_sizes = (
        np.linalg.norm(key_rows, axis=1),
        np.linalg.norm(channel_rows, axis=1),
    )
    key_rows /= key_sizes[:, None]
    channel_rows /= channel_sizes[:, None]
    limits = limits or {}
    low, high = np.array([limits.get(name, (0.0, 1.0)) for name in key_names], np.float64).T
    largest = channel_sizes.max()
    return Fit(
        key_names,
        channel_names,
        low,
        high,
        key_sizes / largest,
        channel_sizes / largest,
        _cosines(key_rows, key_rows),
        _cosines(key_rows, channel_rows),
        _cosines(channel_rows, channel_rows),
        **options,
    )


def _shares(channels, keys, weights: np.ndarray | None) -> np.ndarray:
    shapes = {np.shape(rows) for rows in (*channels.values(), *keys.values())}
    if len(shapes) > 1:
        raise ValueError(f"displacements on different points: {sorted(shapes)}")
    count = next(iter(shapes))[0] if shapes else 0
    if weights is None:
        return np.full(count, 1 / max(count, 1))
    return np.asarray(weights, np.float64) / np.sum(weights)


def _rows(
    displacements: Mapping[str, np.ndarray], share: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Those that move anything, as rows (n, 3 P) weighted by surface, and their names."""
    rows = {name: (share * np.asarray(d, np.float64)).ravel() for name, d in displacements.items()}
    sizes = {name: np.linalg.norm(row) for name, row in rows.items()}
    least = _STILL * max(sizes.values(), default=0.0)
    moving = tuple(name for name, size in sizes.items() if size > least)
    return np.array([rows[name] for name in moving]), moving


def _cosines(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    # Rounded as the JSON keeps them, so that a fit read back is the same one.
    return np.round(rows @ columns.T, 5) + 0.0


def invalid_fit(what: str) -> FacewrightError:
    """The error of a fit that cannot be used."""
    return FacewrightError(
        f"The mapping's fit cannot be used: {what}.", "Fit the mapping anew.", "fit-invalid"
    )
