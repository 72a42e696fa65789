# SPDX-License-Identifier: GPL-3.0-or-later
"""The solvers by id."""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import FacewrightError
from ..core.types import FaceTrack, Observations
from . import raw

SOLVERS: dict[str, Callable[[Observations], FaceTrack]] = {"raw": raw.solve}


def get_solver(solver: str) -> Callable[[Observations], FaceTrack]:
    """The solver of this id.

    Raises:
        FacewrightError: ``solver-unknown``.
    """
    try:
        return SOLVERS[solver]
    except KeyError:
        raise FacewrightError(
            f'There is no solver "{solver}".',
            f"Choose one of: {', '.join(SOLVERS)}.",
            "solver-unknown",
        ) from None
