# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a mesh's keys where some of them follow a fit and the others their own channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fit import Fit
from .mapping import KeyDrive, Mapping
from .mixing import Mixer


@dataclass(frozen=True)
class FitMixer:
    """A ``Mixer`` of whose keys some are solved for together.

    Attributes:
        plain: The mixer of all keys.
        fit: What solves for some of them.
        fitted: int64 (n,), which of the mixer's keys those are.
        sources: int64 (n,), and where they are among the fit's.
    """

    plain: Mixer
    fit: Fit
    fitted: np.ndarray
    sources: np.ndarray

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the K shape keys."""
        return self.plain.keys

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """float64 (..., K) from channels float (..., 52), responses applied.

        One row, (52,), is the next frame of a live preview; several follow each other in time.
        """
        values = self.plain(channels)
        inputs = np.asarray(channels, np.float64)[..., self.fit.columns]
        solver = self.fit.solver
        solved = solver.follow(inputs) if inputs.ndim == 1 else solver.solve(inputs)
        values[..., self.fitted] = solved[..., self.sources]
        return values


def with_fit(mixer: Mixer, mapping: Mapping) -> Mixer | FitMixer:
    """The mixer with a mapping's fit, where it has one that concerns the mixer's keys.

    A key of the fit that no row of the mapping names any more is not moved, and the others are
    solved for without it.
    """
    fit = working_fit(mapping)
    if fit is None:
        return mixer
    fitted = [i for i, key in enumerate(mixer.keys) if key in fit.keys]
    if not fitted:
        return mixer
    sources = [fit.keys.index(mixer.keys[i]) for i in fitted]
    return FitMixer(mixer, fit, np.array(fitted, np.int64), np.array(sources, np.int64))


def working_fit(mapping: Mapping) -> Fit | None:
    """A mapping's fit of the keys that its rows name; None where there is none.

    The same one each time, so that its solver is made once.
    """
    if mapping.fit is None:
        return None
    driven = {
        drive.key
        for row in mapping.rows.values()
        for drive in row.drives
        if isinstance(drive, KeyDrive)
    }
    if driven.issuperset(mapping.fit.keys):
        return mapping.fit
    kept = frozenset(mapping.fit.keys) & driven
    if not kept:
        return None
    found = mapping.fit.narrowed
    if kept not in found:
        found.clear()
        found[kept] = mapping.fit.only(kept)
    return found[kept]
