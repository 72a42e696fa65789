# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transfer is asked for, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .amounts import DEFAULT

# What a part may be said to be. ``auto`` lets names and shapes decide, island by island.
ROLES = ("auto", "skin", "eye", "teeth", "tongue", "lash", "brow", "ignore")


@dataclass(frozen=True)
class MeshPart:
    """One object of the character, as it is at rest.

    Attributes:
        name: For messages, and as the key of the result; unique.
        vertices: (N, 3) float, one unit for all parts; the character looks along -y, z is up,
            +x is its left.
        face_sizes: (F,) int, corners of each polygon.
        face_vertices: (C,) int, vertex of each corner.
        role: One of ``ROLES``; it holds for the whole part.
    """

    name: str
    vertices: np.ndarray
    face_sizes: np.ndarray
    face_vertices: np.ndarray
    role: str = "auto"


@dataclass(frozen=True)
class FacePoints:
    """Points of one face in the numbering of MediaPipe's face mesh.

    Attributes:
        points: (468, 3) float64; rows that are not known are NaN.
        weights: (468,) float64, 0..1, how far each is to be trusted.
    """

    points: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class TransferRequest:
    """What to do.

    Attributes:
        parts: The character's meshes.
        guess: Points found by the landmark network, or None.
        landmarks: Name (``landmarks.NAMED``) -> (3,) point placed by a person; these count more
            than the guess. None or empty: the guess alone.
        symmetric: Make the shapes mirror images of each other where the mesh is symmetric.
        names: ARKit names to make; empty: all 52.
        amounts: How strong the shapes are, one of ``amounts.AMOUNTS``.
    """

    parts: tuple[MeshPart, ...]
    guess: FacePoints | None = None
    landmarks: dict[str, np.ndarray] | None = None
    symmetric: bool = False
    names: tuple[str, ...] = ()
    amounts: str = DEFAULT


@dataclass
class TransferResult:
    """What came out.

    Attributes:
        deltas: Part name -> ARKit name -> (N, 3) float32 in the parts' unit and axes; a part that
            a shape does not move has no entry for it.
        residual: Mean distance between the registered face and the mesh, in face widths.
        face_width: Distance between the outer corners of the eyes, in the parts' unit.
        roles: Part name -> role -> number of vertices.
        contacts: Figures of the lips and lids, see ``contacts.check``.
        seconds: Stage -> wall time.
        warnings: Sentences for the person.
    """

    deltas: dict[str, dict[str, np.ndarray]]
    residual: float = 0.0
    face_width: float = 0.0
    roles: dict[str, dict[str, int]] = field(default_factory=dict)
    contacts: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def report(self) -> dict:
        """All but the shapes, ready for JSON."""
        return {
            "residual": round(self.residual, 5),
            "face_width": round(self.face_width, 6),
            "roles": self.roles,
            "contacts": {name: round(value, 5) for name, value in self.contacts.items()},
            "shapes": {part: len(keys) for part, keys in self.deltas.items()},
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
            "warnings": self.warnings,
        }
