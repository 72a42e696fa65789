# SPDX-License-Identifier: GPL-3.0-or-later
"""The solvers by id."""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import FacewrightError
from .base import Solver, SolverOptions
from .facewright import FacewrightSolver
from .raw import RawSolver

# The solver that learns nothing.
RAW = "raw"
SOLVERS: dict[str, Callable[[SolverOptions], Solver]] = {
    "facewright": FacewrightSolver,
    RAW: RawSolver,
}


def check_solver(solver: str) -> None:
    """Refuse a name that no solver has.

    Raises:
        FacewrightError: ``solver-unknown``.
    """
    if solver not in SOLVERS:
        raise FacewrightError(
            f'There is no solver "{solver}".',
            f"Choose one of: {', '.join(SOLVERS)}.",
            "solver-unknown",
        )


def create_solver(options: SolverOptions) -> Solver:
    """The solver that the settings name.

    Raises:
        FacewrightError: ``solver-unknown``; where its network cannot be opened.
    """
    check_solver(options.settings.solver)
    return SOLVERS[options.settings.solver](options)
