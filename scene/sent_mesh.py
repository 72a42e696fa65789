# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh as it was when a job was asked for; the artist may go on working meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .blocks import by_uid


@dataclass(frozen=True)
class SentMesh:
    """A mesh on its way to the worker.

    Attributes:
        name: The object's name in the request and in what comes back.
        uid: Its ``session_uid``, which stays when it is renamed.
        matrix: float64 (4, 4), from its axes to the world's.
    """

    name: str
    uid: int
    matrix: np.ndarray

    @classmethod
    def of(cls, ob: bpy.types.Object) -> SentMesh:
        """The mesh as it is now."""
        return cls(ob.name, ob.session_uid, np.array(ob.matrix_world, np.float64))

    def object(self) -> bpy.types.Object | None:
        """What it is now; None where it was deleted."""
        return by_uid(bpy.data.objects, self.uid)
