# SPDX-License-Identifier: GPL-3.0-or-later
"""A head without shapes gets the 52: find its landmarks by looking at it, then transfer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from ..core.errors import FacewrightError
from ..core.mesh_file import read_meshes, write_shapes
from ..core.progress import Cancelled, Progress
from ..core.requests import ShapesRequest
from ..retarget.transfer.landmarks import NAMED
from ..retarget.transfer.request import FacePoints, MeshPart, TransferRequest
from ..retarget.transfer.transfer import transfer_shapes
from .guess_landmarks import guess_landmarks


@dataclass
class ShapesReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        landmarks: Name -> place of the landmarks that were used, in the meshes' axes and unit.
        shapes: Object -> number of shapes made.
        roles: Object -> what its parts were taken for -> number of vertices.
        residual: Mean distance between the fitted face and the mesh, in face widths.
        face_width: Distance between the outer corners of the eyes, in the meshes' unit.
        contacts: Figures of lips and lids (``retarget.transfer``).
        seconds: Wall time.
        state: "complete" or "cancelled".
        warnings: Sentences.
    """

    landmarks: dict[str, list[float]] = field(default_factory=dict)
    shapes: dict[str, int] = field(default_factory=dict)
    roles: dict[str, dict[str, int]] = field(default_factory=dict)
    residual: float = 0.0
    face_width: float = 0.0
    contacts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    state: str = "complete"
    warnings: list[str] = field(default_factory=list)


def make_shapes(request: ShapesRequest, progress: Progress | None = None) -> ShapesReport:
    """Make the shipped head's shapes on another head.

    Args:
        request: Meshes, landmarks, where the shapes go.
        progress: Told of pictures, rounds and shapes.

    Raises:
        FacewrightError: Meshes or landmarks cannot be used, or no face was found.
    """
    started = time.perf_counter()
    progress = progress or Progress()
    parts = tuple(
        MeshPart(m.name, m.vertices, m.face_sizes, m.face_vertices, m.role)
        for m in read_meshes(request.meshes)
    )
    landmarks = {name: np.array(place, np.float64) for name, place in request.landmarks.items()}
    try:
        guess = _guess(parts, request, progress)
        told = _named(guess) | {name: place.tolist() for name, place in landmarks.items()}
        if request.only_landmarks:
            return ShapesReport(told, seconds=time.perf_counter() - started)
        asked = TransferRequest(
            parts, guess, landmarks, request.symmetric, request.names, request.amounts
        )
        found = transfer_shapes(asked, progress)
    except Cancelled:
        return ShapesReport(state="cancelled", seconds=time.perf_counter() - started)
    write_shapes(request.shapes, found.deltas)
    for sentence in found.warnings:
        progress.warn(sentence)
    report = found.report()
    return ShapesReport(
        told,
        **{name: report[name] for name in ("shapes", "roles", "residual", "face_width")},
        contacts=report["contacts"],
        warnings=report["warnings"],
        seconds=round(time.perf_counter() - started, 2),
    )


def _named(guess: FacePoints | None) -> dict[str, list[float]]:
    """The landmarks that a person may move, as far as they were seen."""
    if guess is None:
        return {}
    return {
        name: guess.points[number].tolist()
        for name, number in NAMED.items()
        if guess.weights[number] > 0 and np.isfinite(guess.points[number]).all()
    }


def _guess(
    parts: tuple[MeshPart, ...], request: ShapesRequest, progress: Progress
) -> FacePoints | None:
    """What the network sees; placed landmarks alone must do where it sees no face."""
    if not request.guess:
        return None
    try:
        return guess_landmarks(parts, progress, request.device)
    except FacewrightError as error:
        if not request.landmarks or error.code != "no-face-in-mesh":
            raise
        progress.warn("No face was recognised on the mesh; the placed landmarks alone were used.")
        return None
