# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits a character whose keys are not ARKit's one by one: from its meshes to a mapping with a fit.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import bpy
import numpy as np

from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..engine.retarget.composites import fitted_mapping
from ..engine.retarget.fit import Fit, make_fit
from ..engine.retarget.fit_source import Laid, SourceHead, lay_source
from ..engine.retarget.mapping import KeyDrive, Mapping, Row
from ..engine.retarget.match.face_frame import frame_of
from ..engine.retarget.match.motion import observe
from ..engine.retarget.mixing import key_sources, make_mixer
from .key_shapes import coordinates
from .matching import CharacterMatch, match_character
from .meshes import meshes_with_keys
from .targets import key_path

# A face that looks another way than Blender's do is believed if this much likelier than others.
_SURE = 0.15
# Another mesh lies where the character does if this much of the motion is explained there.
_THERE = 0.45
# How the matcher tells a key that it knows by what it does alone.
_GUESSED = ("shape",)
# Above this the heads have not found each other.
_LOST = 0.8

# Object -> ARKit name -> (N, 3) displacements in the object's own axes, of every vertex.
Shapes = Dictionary[str, Dictionary[str, np.ndarray]]


@dataclass(frozen=True)
class FitReport:
    """What a fit is worth, ready for JSON through ``to_wire``.

    Attributes:
        keys: The shape keys that move together.
        channels: ARKit name -> how much of its motion is missed while it is at 1, 0..1.
        before: The same of the mapping as it was.
        kept: Channels that have their own keys and stay as they were.
        missed: How much of what the keys do the source's shapes cannot explain, 0..1; 0 where the
            shapes are the mesh's own.
        warnings: Sentences for the artist.
    """

    keys: tuple[str, ...]
    channels: dict[str, float]
    before: dict[str, float]
    kept: tuple[str, ...]
    missed: float
    warnings: list[str] = field(default_factory=list)

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class _Character:
    """The meshes of a character as one, in world axes.

    ``keys``: name -> (indices, displacements) of the vertices that it moves.
    """

    meshes: list[bpy.types.Object]
    firsts: list[int]
    base: np.ndarray
    keys: dict[str, tuple[np.ndarray, np.ndarray]]
    limits: dict[str, tuple[float, float]]

    def dense(self, keys: Dictionary, vertices: np.ndarray) -> dict[str, np.ndarray]:
        """Name -> (P, 3) at some vertices."""
        found = {}
        for name, (where, moves) in keys.items():
            whole = np.zeros_like(self.base)
            whole[where] = moves
            found[name] = whole[vertices]
        return found


def fit_character(
    objects: Sequence[bpy.types.Object],
    source: Sequence[bpy.types.Object] = (),
    *,
    shapes: Shapes | None = None,
    everything: bool = False,
    **options: float,
) -> tuple[Mapping, FitReport]:
    """Fits the shape keys of a character to the 52 channels.

    Args:
        objects: The character: meshes, or armatures and empties above them.
        source: Meshes that have the ARKit keys: this character's own in another version, of the
            same or other topology, or another head. Empty is the shipped head.
        shapes: The 52 shapes on the character's own vertices, where they are known, e.g. from a
            transfer; then ``source`` is not used.
        everything: Fit all channels. Otherwise those that have their own keys keep them, and only
            those that are missing or approximate follow the fit.
        options: ``smoothness``, ``ridge`` and ``sparsity`` of ``engine.retarget.fit.Fit``.

    Returns:
        The character's mapping with the fit, not stored yet, and what it is worth.

    Raises:
        FacewrightError: ``no-shape-keys``, ``fit-needless`` where every channel has its own keys,
            ``fit-source`` where the source has no ARKit keys, ``fit-empty``.
    """
    chosen = list(objects)
    character = _read(chosen)
    match = match_character(chosen, character.meshes)
    current = replace(match.mapping, fit=None)
    kept = set() if everything else _own_keys(match)
    used = {d.key for name in kept for d in current.rows[name].drives if isinstance(d, KeyDrive)}
    keys = {name: moves for name, moves in character.keys.items() if name not in used}
    channels = [name for name in NAMES if name not in kept]
    if not channels or not keys:
        raise FacewrightError(
            "Every channel has its own shape keys already, so nothing is left to be fitted.",
            "Use the mapping as it is, or fit everything.",
            "fit-needless",
        )
    laid = _on_own_vertices(character, shapes) if shapes else _lay(character, source)
    common = {name: laid.channels[name] for name in channels if name in laid.channels}
    limits = {name: character.limits[name] for name in keys}
    dense = character.dense(keys, laid.vertices)
    fit = make_fit(common, dense, laid.weights, limits, **options)
    mapping = fitted_mapping(current, fit)
    warnings = []
    if laid.missed > _LOST:
        warnings.append(
            "The head with the 52 shapes could hardly be laid onto this one, so the fit may be "
            "wrong; choose a source mesh of this character that has the ARKit keys."
        )
    report = FitReport(
        fit.keys,
        _missed(fit, fit.solver.solve(np.eye(len(fit.channels)), in_time=False)),
        _missed(fit, _as_mapped(current, fit)),
        tuple(name for name in NAMES if name in kept),
        round(laid.missed, 4),
        warnings,
    )
    return mapping, report


def _read(chosen: list[bpy.types.Object]) -> _Character:
    meshes = [ob for ob in meshes_with_keys(chosen) if ob.type == "MESH"]
    if not meshes:
        names = ", ".join(f'"{ob.name}"' for ob in chosen) or "Nothing"
        raise FacewrightError(
            f"{names} has no shape keys.", "Choose a mesh with shape keys.", "no-shape-keys"
        )
    bases, firsts, count = [], [], 0
    keys: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    limits: dict[str, tuple[float, float]] = {}
    for ob in meshes:
        block, matrix = ob.data.shape_keys, np.array(ob.matrix_world, np.float64)
        base = coordinates(block.reference_key).astype(np.float64)
        firsts.append(count)
        bases.append(base @ matrix[:3, :3].T + matrix[:3, 3])
        driven = {d.data_path for d in block.animation_data.drivers} if block.animation_data else ()
        for key in block.key_blocks:
            span = _limits(key)
            is_free = not key.lock_shape and not key.mute and key_path(key.name) not in driven
            if key == block.reference_key or not is_free or span is None:
                continue
            moves = (coordinates(key) - coordinates(key.relative_key)).astype(np.float64)
            where = np.flatnonzero(np.abs(moves).max(axis=1) > 0)
            keys.setdefault(key.name, []).append((where + count, moves[where] @ matrix[:3, :3].T))
            limits[key.name] = span
        count += len(base)
    joined = {
        name: tuple(np.concatenate(part) for part in zip(*parts, strict=True))
        for name, parts in keys.items()
    }
    return _Character(meshes, firsts, np.concatenate(bases), joined, limits)


def _limits(key: bpy.types.ShapeKey) -> tuple[float, float] | None:
    """A key's values: its slider, as far as one full shape each way."""
    low, high = min(max(key.slider_min, -1.0), 0.0), min(max(key.slider_max, 0.0), 1.0)
    return (low, high) if high > low else None


def _own_keys(match: CharacterMatch) -> set[str]:
    """Channels that have keys which do just that; not those that are told by likeness alone."""
    return {
        name
        for name, row in match.mapping.rows.items()
        if not row.approximate
        and any(isinstance(drive, KeyDrive) for drive in row.drives)
        and (match.found is None or match.found.channels[name].how not in _GUESSED)
    }


def _on_own_vertices(character: _Character, shapes: Shapes) -> Laid:
    """Shapes that are on the character's vertices already."""
    motion = observe(character.base, list(character.keys.values()))
    found: dict[str, np.ndarray] = {}
    for ob, first in zip(character.meshes, character.firsts, strict=True):
        turn = np.array(ob.matrix_world, np.float64)[:3, :3].T
        for name, moves in shapes.get(ob.name, {}).items():
            whole = found.setdefault(name, np.zeros_like(character.base))
            whole[first : first + len(moves)] = moves @ turn
    _require(found, "the shapes")
    at = {name: moves[motion.vertices] for name, moves in found.items()}
    return Laid(motion.vertices, motion.weights, at, 0.0, np.eye(3), np.zeros(3))


def _lay(character: _Character, source: Sequence[bpy.types.Object]) -> Laid:
    deltas = list(character.keys.values())
    if not source:
        return lay_source(character.base, deltas, axes=_axes(character.base, deltas))
    shapes, head = _source_shapes(list(source))
    twins = {
        ob.name: shapes[twin.name]
        for ob in character.meshes
        for twin in meshes_with_keys(source)
        if _same_topology(ob.data, twin.data)
    }
    if twins:
        return _on_own_vertices(character, twins)
    laid = lay_source(character.base, deltas, head, in_place=True)
    if laid.missed < _THERE:
        return laid
    axes = _axes(character.base, deltas)
    return min(laid, lay_source(character.base, deltas, head, axes), key=lambda each: each.missed)


def _source_shapes(source: list[bpy.types.Object]) -> tuple[dict, SourceHead]:
    """What the channels do on each source mesh, in its own axes, and on all in the world's."""
    meshes = meshes_with_keys(source)
    match = match_character(source, meshes) if meshes else CharacterMatch(Mapping())
    own = _own_keys(match)
    shapes: dict[str, dict[str, np.ndarray]] = {}
    points, moved = [], {}
    count = sum(len(ob.data.vertices) for ob in meshes)
    first = 0
    for ob in meshes:
        block, matrix = ob.data.shape_keys, np.array(ob.matrix_world, np.float64)
        base = coordinates(block.reference_key).astype(np.float64)
        shapes[ob.name] = {
            name: sum(
                d.weight
                * (
                    coordinates(block.key_blocks[d.key])
                    - coordinates(block.key_blocks[d.key].relative_key)
                ).astype(np.float64)
                for d in drives
            )
            for name, row in match.mapping.rows.items()
            if name in own and (drives := _drives_on(ob, row))
        }
        points.append(base @ matrix[:3, :3].T + matrix[:3, 3])
        for name, moves in shapes[ob.name].items():
            whole = moved.setdefault(name, np.zeros((count, 3)))
            whole[first : first + len(base)] = moves @ matrix[:3, :3].T
        first += len(base)
    _require(moved, ", ".join(f'"{ob.name}"' for ob in source))
    return shapes, SourceHead(np.concatenate(points), moved)


def _drives_on(ob: bpy.types.Object, row: Row) -> list[KeyDrive]:
    keys = ob.data.shape_keys.key_blocks
    return [
        drive
        for drive in row.drives
        if isinstance(drive, KeyDrive) and drive.object in ("", ob.name) and drive.key in keys
    ]


def _require(found: Dictionary, what: str) -> None:
    if not found:
        raise FacewrightError(
            f"None of the 52 ARKit shapes was recognised on {what}.",
            "Choose a mesh that has the ARKit keys, or none for the shipped head.",
            "fit-source",
        )


def _same_topology(mesh: bpy.types.Mesh, other: bpy.types.Mesh) -> bool:
    if (len(mesh.vertices), len(mesh.loops)) != (len(other.vertices), len(other.loops)):
        return False
    return np.array_equal(_corners(mesh), _corners(other))


def _corners(mesh: bpy.types.Mesh) -> np.ndarray:
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return corners


def _axes(base: np.ndarray, deltas: list) -> np.ndarray | None:
    """Rows left, back and up, where the keys tell surely that the face looks another way."""
    frame = frame_of(observe(base, deltas))
    if frame.margin < _SURE:
        return None
    return np.array([frame.left, -np.asarray(frame.front), frame.up])


def _as_mapped(mapping: Mapping, fit: Fit) -> np.ndarray:
    """float64 (C, K): the fit's keys as the mapping moves them, one channel at a time."""
    sources = key_sources(mapping, "", fit.keys)
    for row_name, row in mapping.rows.items():
        for drive in row.drives:  # keys of one mesh alone count as well
            if isinstance(drive, KeyDrive) and drive.object and drive.key in fit.keys:
                sources.setdefault(drive.key, {})[row_name] = drive.weight
    mixer = make_mixer(sources, fit.keys)
    weights = np.zeros((len(fit.channels), len(NAMES)))
    weights[np.arange(len(fit.channels)), fit.columns] = 1
    return np.clip(mixer(weights), fit.low, fit.high)


def _missed(fit: Fit, values: np.ndarray) -> dict[str, float]:
    residual = fit.residual(np.eye(len(fit.channels)), values)
    return {name: round(float(r), 4) for name, r in zip(fit.channels, residual, strict=True)}
