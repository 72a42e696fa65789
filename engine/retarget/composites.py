# SPDX-License-Identifier: GPL-3.0-or-later
"""Which few keys together do what one ARKit channel does: rows of a mapping from displacements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .fit import Fit, make_fit
from .mapping import KeyDrive, Row
from .mapping import Mapping as FaceMapping

# A share below this is none; a channel of which more than this is missed is not done at all.
_LEAST, _MISSED = 0.05, 0.9
_MOST = 4
# While choosing, few keys count more than the last hundredth of the motion.
_CHOOSING = 0.05


@dataclass(frozen=True)
class Composite:
    """One ARKit channel out of keys.

    Attributes:
        drives: Keys and their values while the channel is at 1, the largest motion first.
        residual: How much of the motion is missed, as a share of it, 0..1.
    """

    drives: tuple[tuple[str, float], ...]
    residual: float


def suggest_composites(
    channels: Mapping[str, np.ndarray],
    keys: Mapping[str, np.ndarray],
    weights: np.ndarray | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    most: int = _MOST,
) -> dict[str, Composite]:
    """Sparse non-negative least squares of each channel on the keys.

    Args:
        channels, keys, weights, limits: See ``fit.make_fit``.
        most: At most so many keys for a channel.

    Returns:
        ARKit name -> composite, in ARKit order; channels that no keys come near are left out.

    Raises:
        FacewrightError: ``fit-empty``.
    """
    return composites_of(make_fit(channels, keys, weights, limits), most)


def composites_of(fit: Fit, most: int = _MOST) -> dict[str, Composite]:
    """The same of a fit that is made."""
    choosing = replace(fit, sparsity=_CHOOSING, ridge=1e-3)
    one_each = np.eye(len(fit.channels))
    chosen = choosing.solver.solve(one_each, in_time=False)
    found = {}
    for c, name in enumerate(fit.channels):
        effect = np.abs(chosen[c]) * fit.key_sizes
        order = np.argsort(-effect)[:most]
        kept = [fit.keys[i] for i in order if abs(chosen[c, i]) >= _LEAST]
        composite = _refined(fit, c, kept)
        if composite.drives and composite.residual <= _MISSED:
            found[name] = composite
    return found


def fitted_mapping(mapping: FaceMapping, fit: Fit) -> FaceMapping:
    """A mapping with a fit, and rows that show what the fit does channel by channel.

    Args:
        mapping: Rows of channels that the fit does not have stay as they are; of those that it
            has, all but the drives of shape keys.
        fit: The fit.
    """
    composites = composites_of(fit)
    drives = {name: list(composite.drives) for name, composite in composites.items()}
    named = {key for pairs in drives.values() for key, _ in pairs}
    for i, key in enumerate(fit.keys):
        if key not in named:  # A key that no row names would count as taken away by the artist.
            c = int(np.argmax(fit.across[i] * fit.channel_sizes))
            share = fit.across[i, c] * fit.channel_sizes[c] / fit.key_sizes[i]
            share = float(np.clip(share, max(fit.low[i], 0.01), fit.high[i]))
            drives.setdefault(fit.channels[c], []).append((key, round(share, 4)))
    rows = dict(mapping.rows)
    for name in fit.channels:
        row = rows.get(name, Row())
        others = tuple(drive for drive in row.drives if not isinstance(drive, KeyDrive))
        mine = tuple(KeyDrive(key, weight) for key, weight in drives.get(name, ()))
        missed = composites[name].residual if name in composites else 1.0
        rows[name] = replace(
            row, drives=mine + others, approximate=missed > 0.2, note=_note(mine, missed)
        )
    return replace(mapping, rows=rows, fit=fit)


def _note(drives: Collection[KeyDrive], missed: float) -> str:
    if not drives:
        return "No shape key moves the face like this."
    several = "the keys together" if len(drives) > 1 else "the key"
    return f"Fitted to the motion: {several} do {100 * (1 - missed**2):.0f} % of it."


def _refined(fit: Fit, channel: int, kept: Collection[str]) -> Composite:
    """The best values of the kept keys alone, without a pull to rest."""
    weight = np.zeros((1, len(fit.channels)))
    weight[0, channel] = 1
    while kept:
        few = replace(fit.only(kept), sparsity=0.0, ridge=1e-5)
        values = few.solver.solve(weight, in_time=False)
        pairs = [(key, float(v)) for key, v in zip(few.keys, values[0], strict=True)]
        strong = [key for key, value in pairs if abs(value) >= _LEAST]
        if len(strong) == len(pairs):
            effect = dict(zip(few.keys, few.key_sizes, strict=True))
            pairs.sort(key=lambda pair: -abs(pair[1]) * effect[pair[0]])
            residual = float(few.residual(weight, values)[0])
            return Composite(tuple((key, round(v, 3)) for key, v in pairs), round(residual, 4))
        kept = strong
    return Composite((), 1.0)
