# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of it: meshes and landmarks in, shapes out."""

from __future__ import annotations

import time

import numpy as np

from ...core.arkit import NAMES
from ...core.errors import FacewrightError
from ...core.progress import Progress
from .amounts import AMOUNTS
from .anatomy import Anatomy, examine
from .contacts import Contacts, OverTheEye
from .contours import find_contours, mirrored_lines
from .deformation_transfer import carry, correspond
from .landmarks import mirrored_mean, with_placed
from .parts import Inside, attachments, eye_rotation, settle_roles, turn_eyes
from .registration import Face, Registration, register
from .request import TransferRequest, TransferResult
from .sides import label_sides
from .surface import Surface
from .symmetry import find_middle, mirror_pairs, symmetrised
from .template import Template, load_template, seen_from_outside

# A displacement below this share of the face's width is none.
_NOTHING = 2e-5
# How near the mirrored place of a vertex its partner lies, in face widths.
_PAIR = 0.001


def transfer_shapes(request: TransferRequest, progress: Progress | None = None) -> TransferResult:
    """Make the shipped head's shapes on another head.

    Args:
        request: Meshes, landmarks and options.
        progress: Told of each stage; cancelling raises ``Cancelled`` and nothing is made.

    Raises:
        FacewrightError: Meshes or landmarks cannot be used.
    """
    progress = progress or Progress()
    result = TransferResult({})
    clock = _Clock(result.seconds)
    names = request.names or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise FacewrightError(
            f"{unknown[0]} is no ARKit shape.", "See the list of the 52 names.", "shape-unknown"
        )
    if request.amounts not in AMOUNTS:
        raise FacewrightError(
            f'There are no amounts "{request.amounts}".',
            f"Choose one of {', '.join(AMOUNTS)}.",
            "amounts-unknown",
        )
    anatomy = examine(request.parts)
    template = load_template(request.amounts)
    face, skin_rows = _face(anatomy, request)
    clock.lap("prepare")
    fit = register(template, face, lambda done, total: progress.step(done, total, "rounds"))
    result.residual, result.face_width = fit.residual, fit.width
    clock.lap("register")
    placed = settle_roles(anatomy, template, fit)
    match = correspond(template, face, fit)
    moves = _template_moves(template, fit, names)
    skin = carry(template, face, fit, match, moves).reshape(len(skin_rows), len(names), 3)
    clock.lap("carry")
    skin = _touch(anatomy, template, face, fit, names, skin, result, progress)
    clock.lap("contacts")
    shapes = _collect(anatomy, template, fit, placed, names, skin, skin_rows, progress)
    if request.symmetric:
        shapes = _mirror(anatomy, face, fit, shapes, result.warnings)
    _deal(anatomy, shapes, result)
    clock.lap("parts")
    _tell(anatomy, request, result)
    return result


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds, self._last = seconds, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._seconds[name] = now - self._last
        self._last = now


def _face(anatomy: Anatomy, request: TransferRequest) -> tuple[Face, np.ndarray]:
    """The skin alone with all that is known of it, and its rows in the whole."""
    whole = anatomy.whole
    rows = np.flatnonzero(anatomy.roles == "skin")
    number = np.full(len(whole.vertices), -1)
    number[rows] = np.arange(len(rows))
    skin = Surface(whole.vertices[rows], number[whole.triangles[anatomy.skin_triangles]])
    points = with_placed(request.guess, request.landmarks)
    middle = find_middle(skin, points)
    if middle is not None:
        points = mirrored_mean(points, middle)
    labels = label_sides(skin, points)
    everywhere = np.zeros(len(whole.vertices), np.int8)
    everywhere[rows] = labels
    visible = np.isin(anatomy.roles, ("skin", "eye"))[whole.triangles[:, 0]]
    shown = Surface(whole.vertices, whole.triangles[visible])
    contours = find_contours(shown, anatomy.skin_triangles[visible], everywhere, points)
    if middle is not None:
        contours = mirrored_lines(contours, middle)
    outside = seen_from_outside(shown, points)[rows]
    return Face(skin, points, labels, contours, outside, middle), rows


def _template_moves(template: Template, fit: Registration, names: tuple[str, ...]) -> np.ndarray:
    """(n, 3 k) displacements of the template's skin in the other head's space."""
    turned = [fit.gain * template.moves[name] @ fit.rotation.T for name in names]
    return np.concatenate(turned, axis=1)


def _touch(
    anatomy: Anatomy,
    template: Template,
    face: Face,
    fit: Registration,
    names: tuple[str, ...],
    skin: np.ndarray,
    result: TransferResult,
    progress: Progress,
) -> np.ndarray:
    """The skin's displacements (N, k, 3) with lips and lids that meet."""
    contacts = Contacts(template, face, fit)
    balls = [(eye.side, OverTheEye(anatomy, face, eye, fit.width)) for eye in anatomy.eyes]
    shapes: dict[str, np.ndarray] = {}
    deepest = 0.0
    # The jaw first: what closes it needs to know how far it opens.
    for name in sorted(names, key=lambda name: name != "jawOpen"):
        progress.step(len(shapes), len(names), "shapes")
        moves = contacts.correct(name, skin[:, names.index(name)], shapes.get("jawOpen"))
        for side, ball in balls:
            turn = eye_rotation(template, fit, side, name)
            moves = ball.lift(moves, turn)
            deepest = max(deepest, ball.deepest(moves, turn))
        shapes[name] = moves
    result.contacts = {**contacts.check(shapes), "lid_in_eye": deepest}
    return np.stack([shapes[name] for name in names], axis=1)


def _collect(
    anatomy: Anatomy,
    template: Template,
    fit: Registration,
    placed: dict[str, np.ndarray],
    names: tuple[str, ...],
    skin: np.ndarray,
    skin_rows: np.ndarray,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Skin, eyes, mouth and attachments together: name -> (N, 3) of the whole."""
    inside = Inside(anatomy, template, fit, placed)
    rows, corners, weights = attachments(anatomy, template, fit, placed)
    shapes = {}
    for k, name in enumerate(names):
        progress.step(k, len(names), "shapes")
        moves = np.zeros_like(anatomy.whole.vertices)
        moves[skin_rows] = skin[:, k]
        moves[rows] = np.einsum("nk,nkd->nd", weights, moves[corners])
        for where, delta in (turn_eyes(anatomy, template, fit, name), inside.move(name)):
            moves[where] = delta
        moves[np.abs(moves).max(1) < _NOTHING * fit.width] = 0
        moves[anatomy.roles == "ignore"] = 0
        shapes[name] = moves
    return shapes


def _mirror(
    anatomy: Anatomy, face: Face, fit: Registration, shapes: dict, warnings: list[str]
) -> dict[str, np.ndarray]:
    """The shapes made symmetric, or as they are with a warning where the mesh is not."""
    pairs = None
    if face.middle is not None:
        pairs = mirror_pairs(anatomy.whole, face.middle, _PAIR * fit.width)
        moving = np.any([np.abs(moves).max(1) > 0 for moves in shapes.values()], axis=0)
        if moving.any() and (pairs[moving] >= 0).mean() < 0.8:
            pairs = None
    if pairs is None:
        warnings.append(
            "The mesh is not its own mirror image, so the shapes were not made symmetric."
        )
        return shapes
    return symmetrised(shapes, pairs)


def _deal(anatomy: Anatomy, shapes: dict[str, np.ndarray], result: TransferResult) -> None:
    """Give each part its own vertices' displacements."""
    result.deltas = {part: {} for part in anatomy.starts}
    for name, moves in shapes.items():
        for part, (first, end) in anatomy.starts.items():
            own = moves[anatomy.source[first:end]].astype(np.float32)
            if own.any():
                result.deltas[part][name] = own


def _tell(anatomy: Anatomy, request: TransferRequest, result: TransferResult) -> None:
    """Fill in roles and warnings."""
    for number, part in enumerate(request.parts):
        roles, counts = np.unique(anatomy.roles[anatomy.part_of == number], return_counts=True)
        result.roles[part.name] = {str(r): int(c) for r, c in zip(roles, counts, strict=True)}
    if not anatomy.eyes:
        result.warnings.append(
            "No eyeballs were found: the eyes do not turn. Separate them from the skin, or mark "
            "their objects as eyes."
        )
    if result.residual > 0.02:
        result.warnings.append(
            f"The shipped head could not be laid on this one closely ({100 * result.residual:.1f} "
            "% of the face's width away on average); place landmarks and try again."
        )
