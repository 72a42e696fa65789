# SPDX-License-Identifier: GPL-3.0-or-later
"""What every solver is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.requests import SolveSettings
from ..core.types import FaceTrack, Observations
from .performer import Performer


@dataclass(frozen=True)
class SolverOptions:
    """What a solver is made from.

    Attributes:
        settings: The person's choices.
        width, height: Size of the tracked pictures in pixels.
        geometry: The canonical face.
        open_network: Opens a network of the catalogue by its id: a function from one float32
            input to the list of outputs. (Stages do not import each other; the pipeline knows
            where models lie and what runs them.)
        performer: A profile to start from, or None.
    """

    settings: SolveSettings
    width: int
    height: int
    geometry: FaceGeometry
    open_network: Callable[[str], Callable[[np.ndarray], list[np.ndarray]]]
    performer: Performer | None = None


class Solver(Protocol):
    """Observations to weights, in two passes.

    Attributes:
        margin_s: Seconds of frames on both sides that ``solve`` wants to see besides those that
            are kept, so that a clip solved in pieces has no seams.
    """

    margin_s: float

    def study(self, observations: Observations) -> None:
        """First pass, block by block: learn what can be learned about the performer."""

    def study_reach(self, observations: Observations) -> None:
        """Another pass, only where the range is wanted: how far the performer goes."""

    def performer(self) -> Performer | None:
        """What was learned, or None where there is nothing to learn."""

    def adopt(self, performer: Performer | None) -> None:
        """Go on with another profile; None for what the observations show."""

    def solve(self, observations: Observations) -> FaceTrack:
        """Second pass: the values of T consecutive frames; NaN where no face was seen."""
