# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads with shapes of their own, to compare transferred shapes with.

They lie in a folder that is not part of the project (``FACEWRIGHT_RIGS``); what is not there is
left out.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES
from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.closest import NearestOnSurface
from engine.retarget.transfer.request import MeshPart
from engine.retarget.transfer.surface import Surface, triangulate, unique_edges

DATA = Path(os.environ.get("FACEWRIGHT_RIGS", Path(__file__).parents[3] / "shared" / "data"))
# name -> (file, sides are named as the viewer sees them)
FILES = {
    "mpfb-male": "rigs/mpfb_arkit52_african-male-young.glb",
    "mpfb-female": "rigs/mpfb_arkit52_caucasian-female-young.glb",
    "facecap": "rigs/FaceCapHeadGeneric_named.glb",
    "ict": "ict/ict_facekit_light.npz",
}
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True)
class Head:
    """A head with its own shapes.

    Attributes:
        parts: Its meshes in the character's axes.
        authored: Part name -> ARKit name -> (N, 3).
    """

    parts: list[MeshPart]
    authored: dict[str, dict[str, np.ndarray]]


def available() -> list[str]:
    """Names that ``load_head`` can load here."""
    return [name for name, file in FILES.items() if (DATA / file).exists()]


def load_head(name: str) -> Head:
    """A head by its name in ``FILES``, ``shipped``, or a file.

    Files: .glb, .npz in the layout of ICT-FaceKit's, or .npz that ``tools/build_head.py`` wrote
    (another identity makes a head of the shipped one's style).
    """
    path = DATA / FILES[name] if name in FILES else Path(name)
    if name == "shipped" or _is_asset(path):
        asset = load_asset() if name == "shipped" else load_asset(path)
        part = MeshPart("head", asset.vertices, asset.face_sizes, asset.face_vertices)
        return Head([part], {"head": dict(asset.deltas)})
    return _read_npz(path) if path.suffix == ".npz" else _read_glb(path)


def _is_asset(path: Path) -> bool:
    if path.suffix != ".npz":
        return False
    with np.load(path, allow_pickle=True) as file:
        return "key_deltas_mm" in file.files


def _axes(values: np.ndarray) -> np.ndarray:
    """glTF's axes (y up, the face looks along z) to the character's."""
    return np.stack([values[..., 0], -values[..., 2], values[..., 1]], -1)


def _own_name(name: str, keys: dict[str, np.ndarray]) -> np.ndarray | None:
    """The delta of an ARKit name under the spellings that these rigs use."""
    for ending, short in (("Left", "_L"), ("Right", "_R")):
        if name.endswith(ending) and name.removesuffix(ending) + short in keys:
            return keys[name.removesuffix(ending) + short]
    if name in keys:
        return keys[name]
    if name + "_L" in keys:
        return keys[name + "_L"] + keys[name + "_R"]
    return None


def _named(keys: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {name: _own_name(name, keys) for name in NAMES}
    return {name: d for name, d in found.items() if d is not None and np.abs(d).max() > 1e-7}


def _read_npz(path: Path) -> Head:
    with np.load(path, allow_pickle=True) as file:
        data = {name: file[name] for name in ("base", "exp", "names", "faces")}
    faces = [np.asarray(face) for face in data["faces"]]
    part = MeshPart(
        path.stem,
        _axes(data["base"].astype(np.float64)) / 100,
        np.array([len(face) for face in faces]),
        np.concatenate(faces),
    )
    keys = {
        str(name): _axes(delta.astype(np.float64)) / 100
        for name, delta in zip(data["names"], data["exp"], strict=True)
    }
    return Head([part], {part.name: _named(keys)})


def _read_glb(path: Path) -> Head:
    raw = path.read_bytes()
    size = struct.unpack("<I", raw[12:16])[0]
    scene, block = json.loads(raw[20 : 20 + size]), raw[28 + size :]
    parents = {c: i for i, node in enumerate(scene["nodes"]) for c in node.get("children", [])}
    parts, authored = [], {}
    for index, node in enumerate(scene["nodes"]):
        if "mesh" not in node:
            continue
        shift, above = np.zeros(3), index
        while above is not None:
            shift = shift + np.array(scene["nodes"][above].get("translation", (0, 0, 0)))
            above = parents.get(above)
        mesh = scene["meshes"][node["mesh"]]
        names = mesh.get("extras", {}).get("targetNames", [])
        vertices, triangles, keys, first = [], [], {name: [] for name in names}, 0
        for primitive in mesh["primitives"]:
            own = _accessor(scene, block, primitive["attributes"]["POSITION"])
            vertices.append(own)
            triangles.append(_accessor(scene, block, primitive["indices"]).reshape(-1, 3) + first)
            for name, target in zip(names, primitive.get("targets", []), strict=False):
                there = "POSITION" in target
                move = _accessor(scene, block, target["POSITION"]) if there else 0 * own
                keys[name].append(move)
            first += len(own)
        corners = np.concatenate(triangles).astype(np.int64)
        places = _axes(np.concatenate(vertices) + shift)
        parts.append(MeshPart(mesh["name"], places, np.full(len(corners), 3), corners.ravel()))
        joined = {name: _axes(np.concatenate(rows)) for name, rows in keys.items() if rows}
        authored[mesh["name"]] = _named(joined)
    return Head(parts, authored)


def _accessor(scene: dict, block: bytes, index: int) -> np.ndarray:
    accessor = scene["accessors"][index]
    width, kind = _WIDTHS[accessor["type"]], np.dtype(_TYPES[accessor["componentType"]])
    values = np.zeros((accessor["count"], width))
    if "bufferView" in accessor:
        values = _view(
            scene, block, accessor["bufferView"], accessor.get("byteOffset", 0), kind, values.shape
        ).astype(np.float64)
    if "sparse" in accessor:
        sparse = accessor["sparse"]
        at, what = sparse["indices"], sparse["values"]
        shape = (sparse["count"], 1)
        rows = _view(
            scene,
            block,
            at["bufferView"],
            at.get("byteOffset", 0),
            np.dtype(_TYPES[at["componentType"]]),
            shape,
        ).ravel()
        values[rows] = _view(
            scene,
            block,
            what["bufferView"],
            what.get("byteOffset", 0),
            kind,
            (sparse["count"], width),
        )
    return values if kind.kind == "f" else values.astype(np.int64)


def _view(
    scene: dict, block: bytes, index: int, offset: int, kind: np.dtype, shape: tuple[int, int]
) -> np.ndarray:
    view = scene["bufferViews"][index]
    start = view.get("byteOffset", 0) + offset
    row = shape[1] * kind.itemsize
    stride = view.get("byteStride", row)
    raw = np.frombuffer(block, np.uint8)
    at = start + stride * np.arange(shape[0])[:, None] + np.arange(row)
    return raw[at].copy().view(kind).reshape(shape)


def dense(head: Head, least: int = 50000) -> Head:
    """The same head remeshed to a little more than ``least`` vertices."""
    vertices = edges = triangles = levels = 0
    for part in head.parts:
        own = triangulate(part.face_sizes, part.face_vertices)
        vertices += len(part.vertices)
        edges += len(unique_edges(own)[0])
        triangles += len(own)
    while vertices < 1.2 * least:
        vertices, edges, triangles = vertices + edges, 2 * edges + 3 * triangles, 4 * triangles
        levels += 1
    # Borders lose fewer vertices than the rest, so what is left is more than the share that stays.
    ratio = 1.06 * least / vertices
    made = sum(len(part.vertices) for part in remesh(head, ratio, levels).parts)
    some = remesh(head, ratio * 1.06 * least / made, levels)
    return (
        some if sum(len(p.vertices) for p in some.parts) >= least else remesh(head, ratio, levels)
    )


def remesh(head: Head, ratio: float = 0.6, levels: int = 1) -> Head:
    """The same head with other vertices: cut finer, then thinned out by Blender's Decimate.

    Shapes are read off the surface of the original at the new vertices, island by island.

    Args:
        head: The original.
        ratio: Triangles of the result as a share of the finer mesh's.
        levels: How often each triangle is cut into four for the finer one.
    """
    import bpy

    parts, authored = [], {}
    for part in head.parts:
        triangles = triangulate(part.face_sizes, part.face_vertices)
        surface = Surface(np.asarray(part.vertices, np.float64), triangles)
        islands = surface.islands()
        mesh = bpy.data.meshes.new("remesh")
        mesh.from_pydata(surface.vertices.tolist(), [], triangles.tolist())
        thing = bpy.data.objects.new("remesh", mesh)
        bpy.context.scene.collection.objects.link(thing)
        finer = thing.modifiers.new("finer", "SUBSURF")
        finer.subdivision_type, finer.levels = "SIMPLE", levels
        thinner = thing.modifiers.new("thinner", "DECIMATE")
        thinner.ratio = ratio
        done = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
        places = np.empty(len(done.vertices) * 3)
        done.vertices.foreach_get("co", places)
        places = places.reshape(-1, 3)
        done.calc_loop_triangles()
        corners = np.empty(len(done.loop_triangles) * 3, np.int64)
        done.loop_triangles.foreach_get("vertices", corners)
        new = Surface(places, corners.reshape(-1, 3))
        bpy.data.objects.remove(thing)
        bpy.data.meshes.remove(mesh)
        deltas = _read_off(surface, islands, new, head.authored.get(part.name, {}))
        sizes = np.full(len(new.triangles), 3)
        parts.append(MeshPart(part.name, places, sizes, new.triangles.ravel(), part.role))
        authored[part.name] = deltas
    return Head(parts, authored)


def _read_off(
    old: Surface, islands: np.ndarray, new: Surface, keys: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The old surface's shapes at the new vertices."""
    hit = NearestOnSurface(old).find(new.vertices, new.normals, 0.0)
    plain = NearestOnSurface(old).find(new.vertices)
    # An island of the new mesh comes from one of the old.
    own = new.islands()
    for island in np.unique(own):
        rows = np.flatnonzero(own == island)
        home = np.bincount(islands[old.triangles[plain.faces[rows], 0]]).argmax()
        faces = np.flatnonzero(islands[old.triangles[:, 0]] == home)
        near = NearestOnSurface(old, faces)
        good = near.find(new.vertices[rows], new.normals[rows], 0.0)
        loose = near.find(new.vertices[rows])
        use = good.distances <= loose.distances + 0.002 * float(np.ptp(old.vertices[:, 0]))
        hit.faces[rows] = np.where(use, good.faces, loose.faces)
        hit.weights[rows] = np.where(use[:, None], good.weights, loose.weights)
    corners = old.triangles[hit.faces]
    return {
        name: np.einsum("nk,nkd->nd", hit.weights, delta[corners]) for name, delta in keys.items()
    }
