# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns ``weights/face_completion.npz``: MediaPipe's 478 landmarks from the few of others.

    python tools/fit_dense.py look --clips VIDEO ... --out PAIRS.npz
    python tools/fit_dense.py draw --model ICT.npz --people 24 --out PAIRS.npz
    python tools/fit_dense.py fit PAIRS.npz ...

``look`` shows real faces to MediaPipe's network and to OpenSeeFace's and keeps what both found;
``draw`` the same with rendered heads (needs what ``tools/train_solver.py corpus`` needs); ``fit``
learns from such pairs what the 68 points, as MediaPipe's own landmarks place them, tell of the
rest of a face; ``tools/fit_openseeface.py`` what OpenSeeFace's networks tell. Clips that the
benchmarks measure accuracy on must not be among them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.face_geometry import load_geometry  # noqa: E402
from engine.core.inference.onnx_session import open_model  # noqa: E402
from engine.models.catalog import model_path  # noqa: E402
from engine.sources.media import VideoSource  # noqa: E402
from engine.tracking.appearance import appearance  # noqa: E402
from engine.tracking.base import TrackerOptions  # noqa: E402
from engine.tracking.catalog import create_tracker  # noqa: E402
from engine.tracking.correspondence import IBUG_68, IBUG_VERTICES  # noqa: E402
from engine.tracking.dense import Dense, depth_stretch  # noqa: E402
from engine.tracking.landmarkers.openseeface import OpenSeeFaceLandmarker  # noqa: E402
from engine.tracking.openseeface_looks import features  # noqa: E402
from engine.tracking.regions import Region, from_landmarks  # noqa: E402

_RANDOM = np.random.default_rng(5)
# What a file of pairs holds of T looks, two at each face: landmarks (T, 478, 3) and appearance
# (T, 256) by MediaPipe; points (T, 66, 2), certain (T, 66) and features (T, FEATURES) by
# OpenSeeFace.
PAIR = ("landmarks", "appearance", "points", "certain", "features")
FILE = ROOT / "weights" / "face_completion.npz"
# Movements of points, cm squared, below which they are taken for noise.
_RIDGE = 0.01
# Directions that are kept; more change no landmark by a tenth of a millimetre on average.
_RANK = 32
_FLIP = np.array([1.0, -1.0, -1.0])
_ORIGIN = (
    "Facewright's own, fitted by tools/fit_dense.py to what Google's FaceLandmarker v2 sees in "
    "talkers of the GRID corpus (CC BY 4.0), in the sample clips of tools/fetch_clips.py and in "
    "pictures rendered from ICT-FaceKit (MIT)"
)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(required=True)
    looking = verbs.add_parser("look")
    looking.add_argument("--clips", nargs="+", type=Path, required=True, metavar="VIDEO")
    looking.add_argument("--every", type=int, default=3, metavar="N")
    looking.add_argument("--out", type=Path, required=True)
    looking.set_defaults(run=look)
    drawing = verbs.add_parser("draw")
    drawing.add_argument("--model", type=Path, required=True, help="the morphable head")
    drawing.add_argument("--people", type=int, default=24)
    drawing.add_argument("--seed", type=int, default=77)
    drawing.add_argument("--out", type=Path, required=True)
    drawing.set_defaults(run=draw)
    fitting = verbs.add_parser("fit")
    fitting.add_argument("pairs", nargs="+", type=Path)
    fitting.set_defaults(run=fit)
    options = parser.parse_args()
    return options.run(options)


def look(options: argparse.Namespace) -> int:
    """Pairs of real faces."""
    tracking = TrackerOptions(model_path, device="cpu", streams=1)
    network = OpenSeeFaceLandmarker(tracking)
    pairs = [pair for clip in options.clips for pair in _seen(clip, options.every, network)]
    return _write(options.out, pairs)


def _seen(clip: Path, every: int, network: OpenSeeFaceLandmarker) -> Iterator[tuple]:
    tracker = create_tracker("mediapipe", TrackerOptions(model_path, device="cpu", streams=1))
    with VideoSource(clip) as source:
        for frame in source.frames():
            seen = tracker.track_one(frame)
            if frame.index % every or not seen.valid[0]:
                continue
            landmarks = seen.landmarks[0].copy()
            height, width = frame.image.shape[:2]
            landmarks[:, 2] /= depth_stretch(landmarks, width / height)
            for other in _others(network, frame.image, from_landmarks(landmarks)):
                yield landmarks, seen.appearance[0], *other


def _others(network: OpenSeeFaceLandmarker, image: np.ndarray, region: Region) -> Iterator[tuple]:
    """Points, certainty and features of OpenSeeFace's networks, looking twice."""
    for place in (region, beside(region, _RANDOM)):
        seen = network.look(image, place)
        inner = features(seen.tensors, network.eyes(image, seen.points).tensors)
        yield seen.points, seen.certain, inner


def beside(region: Region, random: np.random.Generator) -> Region:
    """Where a tracker that follows OpenSeeFace's own landmarks looks: closer, and a bit beside."""
    side = region.width * random.uniform(0.92, 1.02)
    x, y = random.normal(0, 0.006, 2) * region.width
    turned = region.angle + np.radians(random.normal(-0.3, 0.7))
    return Region(region.x + x, region.y + y, side, side, turned)


def draw(options: argparse.Namespace) -> int:
    """Pairs of rendered faces."""
    from tools.solver_training import corpus

    network = OpenSeeFaceLandmarker(TrackerOptions(model_path, device="cpu", streams=1))
    looks = open_model(model_path("face_appearance"), "cpu")
    pairs: list[tuple] = []

    class Watched(corpus.Studio):
        def _track(self, random, picture, box, row) -> bool:
            found = super()._track(random, picture, box, row)
            if found:
                landmarks = row["landmarks"].copy()
                (seen,) = appearance(looks, row["maps"][None].astype(np.float32))
                others = _others(network, picture, from_landmarks(landmarks))
                pairs.extend((landmarks, seen, *other) for other in others)
            return found

    studio = Watched(options.model, ROOT / "weights" / "face_landmarks.onnx")
    for number in range(options.people):
        studio.person(np.random.default_rng([options.seed, number]), number)
    return _write(options.out, pairs)


def _write(path: Path, pairs: list[tuple]) -> int:
    columns = {key: np.stack([pair[i] for pair in pairs]) for i, key in enumerate(PAIR)}
    kinds = {"features": np.float16}
    np.savez(path, **{k: v.astype(kinds.get(k, np.float32)) for k, v in columns.items()})
    print(f"{path}: {len(pairs)} looks at faces")
    return 0


def fit(options: argparse.Namespace) -> int:
    """Learn the map and write the file with its entry in the catalogue."""
    from tools.weights_catalog import Entry, update_catalog

    landmarks = read_pairs(options.pairs, ("landmarks",))["landmarks"].astype(float)
    geometry = load_geometry(model_path("face_geometry"))
    places = np.zeros((68, landmarks.shape[1]))
    for row, vertices in enumerate(IBUG_VERTICES):
        places[row, list(vertices)] = 1 / len(vertices)
    seen = places @ landmarks[..., :2]
    matrix, offset, before, after = learn(Dense(geometry, IBUG_68), seen, landmarks)
    left, size, right = np.linalg.svd(matrix, full_matrices=False)
    tables = {"ibug_left": left[:, :_RANK] * size[:_RANK], "ibug_right": right[:_RANK]}
    tables["ibug_offset"] = offset
    np.savez_compressed(FILE, **{key: table.astype(np.float16) for key, table in tables.items()})
    print(f"{len(seen)} faces, {before:.3f} cm between landmarks became {after:.3f}")
    about = "What else moves in a face of which few points are seen."
    entry = Entry(FILE.name, "GPL-3.0-or-later", about, _ORIGIN)
    update_catalog(FILE.parent, [entry])
    print(FILE, FILE.stat().st_size)
    return 0


def read_pairs(files: list[Path], keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Some of the columns (``PAIR``) of several files, one after the other."""
    opened = [np.load(path) for path in files]
    return {key: np.concatenate([file[key] for file in opened]) for key in keys}


def learn(
    dense: Dense, points: np.ndarray, landmarks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """A map for ``completion.Completion``.

    Args:
        dense: Of the network's scheme, without completion.
        points: float64 (T, N, 2), image pixels.
        landmarks: float64 (T, 478, 3), image pixels, depth not stretched.

    Returns:
        Matrix (1434, 2 N), offset (1434,), and the mean distance in cm without and with them.
    """
    moves, missing = gaps(dense, points, landmarks)
    mean, offset = moves.mean(0), missing.mean(0)
    centred = moves - mean
    spread = centred.T @ centred / len(moves) + _RIDGE * np.eye(moves.shape[1])
    matrix = np.linalg.solve(spread, centred.T @ (missing - offset) / len(moves)).T
    offset = offset - matrix @ mean
    left = missing - moves @ matrix.T - offset

    def distance(values: np.ndarray) -> float:
        return float(np.linalg.norm(values.reshape(len(values), -1, 3), axis=2).mean())

    return matrix, offset, distance(missing), distance(left)


def gaps(
    dense: Dense, points: np.ndarray, landmarks: np.ndarray, trust: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How points moved, and what ``dense`` makes of them otherwise than MediaPipe.

    Args:
        dense: As for ``learn``.
        points: As for ``learn``.
        landmarks: As for ``learn``.
        trust: float (T, N), as for a call of ``dense``; None for all.

    Returns:
        float64 (T, 2 N), movements in the face's own plane, and (T, 1434), what lacks in the
        canonical frame; both cm.
    """
    moves, missing = [], []
    for row, (seen, face) in enumerate(zip(points, landmarks, strict=True)):
        posed = dense.pose(seen, None if trust is None else trust[row])
        made = dense.drawn(posed, 1.0).astype(float)
        made[:, 2] /= depth_stretch(made, 1.0)
        gap = (face - made) * _FLIP / posed.scale
        # How far the whole face is away is nobody's business.
        gap[:, 2] -= gap[:468, 2].mean()
        moves.append(posed.moves_cm.ravel())
        missing.append((gap @ posed.rotation).ravel())
    return np.array(moves), np.array(missing)


if __name__ == "__main__":
    sys.exit(main())
