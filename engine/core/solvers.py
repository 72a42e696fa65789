# SPDX-License-Identifier: GPL-3.0-or-later
"""The solvers' ids, and which one suits an engine. ``engine/solve/catalog.py`` makes them."""

from __future__ import annotations

from pathlib import Path

from .custom_file import gives_weights
from .engines import CUSTOM_SUFFIX, engine_info

# Measures landmarks and appearance against the performer's own face at rest.
FACEWRIGHT = "facewright"
# Takes the engine's own weights; learns nothing.
RAW = "raw"
# Whichever of them suits the engine.
AUTO = "auto"


def solver_of(engine: str, solver: str = AUTO) -> str:
    """The solver that is meant.

    An engine that finds weights by itself knows more of the face than the landmarks that it
    gives besides: its own are taken.

    Args:
        engine: Its id, or the path of a .toml that describes one.
        solver: What was asked for: comes back as it is unless it is ``AUTO``.
    """
    if solver != AUTO:
        return solver
    if engine.endswith(CUSTOM_SUFFIX):
        own = gives_weights(Path(engine))
    else:
        info = engine_info(engine)
        own = info is not None and info.gives_weights
    return RAW if own else FACEWRIGHT
