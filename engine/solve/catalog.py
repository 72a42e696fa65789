# SPDX-License-Identifier: GPL-3.0-or-later
"""The solvers by id."""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import FacewrightError
from ..core.solvers import AUTO, FACEWRIGHT, RAW
from .base import Solver, SolverOptions
from .facewright import FacewrightSolver
from .raw import RawSolver

SOLVERS: dict[str, Callable[[SolverOptions], Solver]] = {
    FACEWRIGHT: FacewrightSolver,
    RAW: RawSolver,
}


def check_solver(solver: str) -> None:
    """Refuse a name that no solver has.

    Raises:
        FacewrightError: ``solver-unknown``.
    """
    if solver not in (AUTO, *SOLVERS):
        raise FacewrightError(
            f'There is no solver "{solver}".',
            f"Choose one of: {', '.join([AUTO, *SOLVERS])}.",
            "solver-unknown",
        )


def create_solver(options: SolverOptions) -> Solver:
    """The solver that the settings name; ``AUTO`` that nobody has settled is Facewright's.

    Raises:
        FacewrightError: ``solver-unknown``; where its network cannot be opened.
    """
    name = options.settings.solver
    check_solver(name)
    return SOLVERS[FACEWRIGHT if name == AUTO else name](options)
