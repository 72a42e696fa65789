# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns ``weights/openseeface_looks.npz``: what OpenSeeFace's networks see besides their points.

    python tools/fit_openseeface.py PAIRS.npz ...

From the pairs that ``tools/fit_dense.py look`` and ``draw`` make: a ridge regression from the
points' movements and the networks' inner features to what lacks in the 478 landmarks and to the
appearance, both as MediaPipe's networks see them, kept to its main directions.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.face_geometry import load_geometry  # noqa: E402
from engine.models.catalog import model_path  # noqa: E402
from engine.tracking.completion import VALUES  # noqa: E402
from engine.tracking.correspondence import LINES, OPENSEEFACE_66  # noqa: E402
from engine.tracking.dense import Dense  # noqa: E402
from engine.tracking.landmarkers.openseeface import trust  # noqa: E402
from engine.tracking.openseeface_looks import COUNTS, MOVES  # noqa: E402
from engine.tracking.openseeface_offsets import OFFSETS_CM  # noqa: E402
from tools.fit_dense import PAIR, gaps, read_pairs  # noqa: E402

FILE = ROOT / "weights" / "openseeface_looks.npz"
# How much the points' movements and each of the tensors count in all, and the ridge beside them, a
# look: among the best of a dozen choices on people who took no part in the fit.
_SHARES = (1.0, 1.0, 1.0, 1.0, 0.5)
_RIDGE = 1e-4
# Directions that are kept. The appearance needs many: half of them cost a tenth of the correlation
# with known weights.
_RANK = 256
# What an error of a centimetre in a landmark counts beside one of a deviation in the appearance,
# when directions are chosen; lids are small and matter.
_CM, _CM_OF_LIDS = 6.0, 25.0
_ORIGIN = (
    "Facewright's own, fitted by tools/fit_openseeface.py to what Google's FaceLandmarker v2 and "
    "OpenSeeFace's networks (BSD-2-Clause) see in a talker of the GRID corpus (CC BY 4.0) and in "
    "pictures rendered from ICT-FaceKit (MIT) and MakeHuman's base mesh (CC0)"
)


def main() -> int:
    """Learn, write the file and its entry in the catalogue; returns the exit code."""
    from tools.weights_catalog import Entry, update_catalog

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pairs", nargs="+", type=Path)
    pairs = read_pairs(parser.parse_args().pairs, PAIR)
    scheme = replace(OPENSEEFACE_66, offsets=OFFSETS_CM)
    dense = Dense(load_geometry(model_path("face_geometry")), scheme)
    points, landmarks = (pairs[key].astype(float) for key in ("points", "landmarks"))
    moves, missing = gaps(dense, points, landmarks, trust(pairs["certain"]))
    given = np.concatenate([moves.astype(np.float32), pairs["features"].astype(np.float32)], 1)
    wanted = np.concatenate([missing, pairs["appearance"]], 1)
    left, right, offset = learn(given, wanted)
    tables = {"left": left, "right": right, "offset": offset}
    np.savez_compressed(FILE, **{key: table.astype(np.float16) for key, table in tables.items()})
    told = given @ right.T @ left.T + offset
    print(f"{len(given)} looks, {_known(told, wanted):.3f} of the variance")
    about = "What OpenSeeFace's networks tell of a face besides their points."
    update_catalog(FILE.parent, [Entry(FILE.name, "GPL-3.0-or-later", about, _ORIGIN)])
    print(FILE, FILE.stat().st_size)
    return 0


def learn(given: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The map of ``openseeface_looks.Looks``.

    Args:
        given: float32 (T, MOVES + FEATURES), movements of the points in cm, features.
        wanted: float64 (T, 1434 + 256), what lacks in the landmarks in cm, appearance.

    Returns:
        Left (1690, r), right (r, MOVES + FEATURES), offset (1690,).
    """
    counts = (MOVES, *COUNTS)
    mean, deviation = given.mean(0), given.std(0)
    # What hardly changes is noise: it is not made as loud as the rest of its part.
    starts = np.cumsum([0, *counts[:-1]])
    usual = np.add.reduceat(deviation, starts) / counts
    share = np.repeat(np.sqrt(np.divide(_SHARES, counts)), counts)
    scale = (share / (deviation + np.repeat(0.1 * usual, counts) + 1e-6)).astype(np.float32)
    rows = (given - mean) * scale
    middle = wanted.mean(0)
    gram = (rows.T @ rows).astype(np.float64) + _RIDGE * len(rows) * np.eye(rows.shape[1])
    matrix = np.linalg.solve(gram, rows.T @ (wanted - middle)).astype(np.float32)
    weight = np.full(wanted.shape[1], 1.0, np.float32)
    weight[:VALUES] = _CM
    lids = [vertex for line in LINES[:4] for vertex in line[0]]
    weight[:VALUES].reshape(-1, 3)[lids] = _CM_OF_LIDS
    told = rows @ matrix * weight
    _, directions = np.linalg.eigh(told.T @ told)
    kept = directions[:, ::-1][:, :_RANK]
    left = kept / weight[:, None]
    right = (matrix * weight @ kept * scale[:, None]).T
    return left, right, middle - left @ (right @ mean)


def _known(told: np.ndarray, wanted: np.ndarray) -> float:
    """Share of the variance that is told, mean of the landmarks' and the appearance's."""
    left, whole = ((told - wanted) ** 2).mean(0), wanted.var(0)
    parts = slice(VALUES), slice(VALUES, None)
    return float(np.mean([1 - left[part].sum() / whole[part].sum() for part in parts]))


if __name__ == "__main__":
    sys.exit(main())
