# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes small files of the layouts of FLAME, DECA, EMOCA and 3DDFA_V2; none of theirs is in them.

    python -m tests.flame_files FOLDER

writes all of them, for trying the engines by hand.
"""

from __future__ import annotations

import pickle
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.core.arkit import INDEX, NAMES
from engine.core.face_geometry import load_geometry
from engine.models.catalog import model_path
from engine.tracking.correspondence import IBUG_VERTICES
from engine.tracking.flame.arkit_fit import EYE_CORNERS, UNTOLD, load_basis
from tests.onnx_files import Net

GEOMETRY = load_geometry(model_path("face_geometry"))
# iBUG's points on the canonical face, metres.
PLACES = np.stack([GEOMETRY.vertices[list(v)].mean(0) for v in IBUG_VERTICES]) / 100
# The made model's expression number i is the i-th of these shapes, on the made model's face.
TOLD = [name for name in NAMES if name not in UNTOLD]


def square() -> tuple[np.ndarray, float]:
    """Middle (2,) and half side of the square that DECA wants around the made face, metres."""
    low, high = PLACES[:, :2].min(0), PLACES[:, :2].max(0)
    return (low + high) / 2, 1.375 * float((high - low).mean()) / 2


def flame_tables() -> dict[str, np.ndarray]:
    """Arrays under FLAME's names: a triangle around each of the 68 points."""
    rng = np.random.default_rng(8)
    spokes = np.array([[1.0, 0, 0], [-0.5, 0.8, 0], [-0.5, -0.8, 0]]) * 1e-3
    vertices = (PLACES[:, None] + spokes).reshape(-1, 3)
    count = len(vertices)
    shapes = 1e-4 * rng.standard_normal((count, 3, 400))
    basis = load_basis()
    width = np.linalg.norm(np.subtract(*PLACES[list(EYE_CORNERS)]))
    own = basis.points[[basis.ibug.index(point) for point in EYE_CORNERS]]
    scale = width / np.linalg.norm(own[1] - own[0])
    for number, name in enumerate(TOLD):
        moves = np.zeros((68, 3))
        moves[list(basis.ibug)] = scale * basis.moves[INDEX[name]]
        shapes[:, :, 300 + number] = np.repeat(moves, 3, axis=0)
    regressor = np.zeros((5, count))
    regressor[:, ::7] = rng.uniform(size=(5, len(range(0, count, 7))))
    regressor /= regressor.sum(1, keepdims=True)
    weights = np.zeros((count, 5))
    low = vertices[:, 1] < np.median(vertices[:, 1])
    weights[:, 1], weights[low, 2] = 1 - 0.6 * low, 0.6
    return {
        "v_template": vertices,
        "shapedirs": shapes,
        "posedirs": 1e-4 * rng.standard_normal((count, 3, 36)),
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
        "f": np.arange(count).reshape(-1, 3).astype(np.uint32),
    }


def landmark_tables(count: int = 68) -> dict[str, np.ndarray]:
    """Names and shapes of ``landmark_embedding.npy``, or of the file with 51."""
    triangles = np.arange(68 - count, 68)
    shares = np.full((count, 3), 1 / 3)
    if count == 51:
        return {"lmk_face_idx": triangles.astype(np.uint32), "lmk_b_coords": shares}
    return {"full_lmk_faces_idx": triangles[None], "full_lmk_bary_coords": shares[None]}


@contextmanager
def foreign(module: str, **members: object):
    """A package that is there while a file is made, and not when it is read."""
    parts = module.split(".")
    names = [".".join(parts[: i + 1]) for i in range(len(parts))]
    made = {name: types.ModuleType(name) for name in names}
    for name, member in members.items():
        member.__module__ = module
        setattr(made[module], name, member)
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                del sys.modules[name]
            else:
                sys.modules[name] = old


class Ch:
    """As chumpy's: an array in ``x``, and things besides."""

    def __init__(self, x):
        self.x, self._dirty_vars = x, set()


class Tensor:
    """As torch's, which is made by a function."""

    def __reduce__(self):
        return _rebuild_tensor_v2, ("storage", 0, (2, 2), (2, 1))


def _rebuild_tensor_v2(*_given):
    return None


def write_flame(folder: Path) -> tuple[Path, Path]:
    """The head as ``generic_model.pkl`` and its landmarks as ``landmark_embedding.npy``."""
    from scipy.sparse import csc_matrix

    tables: dict[str, object] = dict(flame_tables())
    tables["J_regressor"] = csc_matrix(tables["J_regressor"])
    for name in ("v_template", "shapedirs", "weights"):
        tables[name] = Ch(tables[name])
    model = folder / "generic_model.pkl"
    with foreign("chumpy.ch", Ch=Ch):
        model.write_bytes(pickle.dumps(tables, protocol=2))
    marks = folder / "landmark_embedding.npy"
    with foreign("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2):
        table = {**landmark_tables(), "dynamic_lmk_faces_idx": Tensor()}
        np.save(marks, np.array(table, object), allow_pickle=True)
    Ch.__module__ = _rebuild_tensor_v2.__module__ = __name__
    return model, marks


def deca_code(weights: dict[str, float] | None = None) -> np.ndarray:
    """float (236,): the made face in the middle of the crop, with ARKit weights."""
    code = np.zeros(236)
    for name, value in (weights or {}).items():
        code[150 + TOLD.index(name)] = value
    middle, half = square()
    code[206:209] = 1 / half, *-middle
    return code


def write_encoder(path: Path, size: int, values: np.ndarray, mix: np.ndarray | None = None) -> Path:
    """A network that gives the same numbers for any picture, plus ``mix`` times its brightness."""
    net = Net(("batch", 3, size, size))
    bright = net.node("ReduceMean", "input", axes=[1, 2, 3], keepdims=0)
    bright = net.node("Unsqueeze", bright, net.constant(np.array([1])))
    slope = np.zeros_like(values) if mix is None else mix
    moved = net.node("Mul", bright, net.constant(np.float32(slope)[None]))
    out = net.node("Add", moved, net.constant(np.float32(values)[None]))
    net.output(out, ("batch", len(values)))
    return net.save(path)


def write_three_ddfa(folder: Path) -> tuple[Path, Path]:
    """The two pickles of 3DDFA_V2's folder ``configs``, of a face with more vertices than points.

    The mean parameters show it in the middle of the crop, as large as its authors' crops do.
    """
    rng = np.random.default_rng(3)
    face = np.zeros((100, 3), np.float32)
    order = rng.permutation(100)[:68]
    face[order] = PLACES * 1e6  # micrometres, as the Basel Face Model
    bfm = {
        "u": face.reshape(-1, 1),
        "w_shp": rng.standard_normal((300, 40)).astype(np.float32),
        "w_exp": rng.standard_normal((300, 10)).astype(np.float32),
        "tri": np.zeros((3, 5), np.int32),
        "keypoints": (3 * order[:, None] + np.arange(3)).ravel(),
    }
    low, high = face[order].min(0), face[order].max(0)
    scale = 120 / (np.sqrt(2) * float((high - low)[:2].max()))
    middle = np.zeros(62, np.float32)
    camera = np.concatenate([scale * np.eye(3), np.zeros((3, 1))], 1)
    camera[:2, 3] = 60 - scale * (low + high)[:2] / 2
    camera[0, 3] += 1  # counted from 1
    middle[:12] = camera.ravel()
    paths = folder / "bfm_noneck_v3.pkl", folder / "param_mean_std_62d_120x120.pkl"
    paths[0].write_bytes(pickle.dumps(bfm))
    spread = np.r_[np.full(12, scale / 100), np.ones(50)].astype(np.float32)
    paths[1].write_bytes(pickle.dumps({"mean": middle, "std": spread}))
    return paths


def write_all(folder: Path) -> dict[str, Path]:
    """Model id -> file, for all the engines."""
    from tools.convert_three_ddfa import convert

    folder.mkdir(parents=True, exist_ok=True)
    smile = {"jawOpen": 0.4, "mouthSmileLeft": 0.5}
    model, marks = write_flame(folder)
    convert(*write_three_ddfa(folder), folder / "basis.npz")
    expression = np.zeros(53)
    expression[TOLD.index("browInnerUp")] = 0.7
    return {
        "flame_model": model,
        "flame_landmarks": marks,
        "deca_encoder": write_encoder(folder / "deca_encoder.onnx", 224, deca_code(smile)),
        "emoca_encoder": write_encoder(folder / "emoca_encoder.onnx", 224, expression),
        "three_ddfa": write_encoder(folder / "mb1_120x120.onnx", 120, np.zeros(62)),
        "three_ddfa_basis": folder / "basis.npz",
    }


if __name__ == "__main__":
    for model_id, path in write_all(Path(sys.argv[1])).items():
        print(f"python -m engine models add {model_id} {path}")
