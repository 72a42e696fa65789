# SPDX-License-Identifier: GPL-3.0-or-later
"""Which solver suits an engine that knows a morphable face: its own weights, or its landmarks.

    python -m benchmarks.flame_weights [--noise 0 0.5]

Nobody here has DECA's or EMOCA's networks. In their place stands one that makes no mistake but
noise: the 68 points of ICT-FaceKit's head (``../shared/data/ict``), moved and turned as the true
weights of the shared clips say. That is another head than the shipped one, on whose shapes
``engine.tracking.flame.arkit_fit`` rests. Three ways lead from there to weights, in one run: its
least squares, the solver ``facewright`` on landmarks made of the points, and MediaPipe's
blend-shape network on the same landmarks. Shapes that the points cannot tell take no part.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.support.truth import Truth, read_truth, shared_clips
from benchmarks.support.weight_errors import compare_weights
from engine.core.arkit import INDEX
from engine.core.axes import rotation_from_euler_deg
from engine.core.face_geometry import load_geometry
from engine.core.inference.onnx_session import open_model
from engine.core.requests import SolveSettings
from engine.core.solvers import FACEWRIGHT, RAW
from engine.models.catalog import model_path
from engine.pipeline.solve import make_solver
from engine.tracking.completion import MODEL, completion_for
from engine.tracking.correspondence import Correspondence
from engine.tracking.dense import Dense
from engine.tracking.flame.arkit_fit import UNTOLD, ArkitFit
from engine.tracking.measure import Measurer
from engine.tracking.parts import RawFace
from tests.ict_landmarks import FILE, read_ict

POINTS = tuple(range(68))
SIDE = 352  # pixels of the square picture
PIXELS_PER_CM = 12


def main() -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--noise", type=float, nargs="+", default=[0, 0.5], help="mm, every point")
    options = parser.parse_args()
    clips = shared_clips() if FILE.is_file() else []
    if not clips:
        print("ICT-FaceKit and the shared clips are not here: nothing to measure")
        return 0
    print(f"{'':24} {'noise':>6} {'least squares':>16} {'facewright':>16} {'MediaPipe':>16}")
    print("mean correlation, error where active")
    for noise in options.noise:
        for clip in clips:
            figures = _figures(read_truth(clip), noise)
            cells = " ".join(f"{r:9.3f} {error:6.3f}" for r, error in figures)
            print(f"{clip.stem:24} {noise:3.1f} mm {cells}", flush=True)
    return 0


def _figures(truth: Truth, noise_mm: float) -> list[tuple[float, float]]:
    """Mean correlation and error where active of the three ways."""
    rest, moves = read_ict()
    random = np.random.default_rng(0)
    fit = ArkitFit(POINTS)
    geometry = load_geometry(model_path("face_geometry"))
    scheme = Correspondence("ICT", POINTS, POINTS)
    dense = Dense(geometry, scheme, completion_for(model_path(MODEL), scheme))
    direct, faces = [], []
    for weights, angles in zip(truth.weights, truth.head_deg, strict=True):
        moved = rest + sum(
            weight * moves[name]
            for name, weight in zip(truth.names, weights, strict=True)
            if name in moves
        )
        moved = moved + noise_mm / 10 * random.standard_normal(moved.shape)
        direct.append(fit(rest, moved))
        seen = (moved - rest.mean(0)) @ rotation_from_euler_deg(angles).T
        pixels = SIDE / 2 + PIXELS_PER_CM * seen[:, :2] * [1, -1]
        faces.append(RawFace(dense(pixels, 1.0), 1.0))
    networks = [open_model(model_path(f"face_{n}"), "cpu") for n in ("blendshapes", "appearance")]
    measurer = Measurer(*networks, geometry)
    seen = measurer.measure(range(len(faces)), truth.time_s, faces, (SIDE, SIDE))
    solved = [np.array(direct)]
    for name in (FACEWRIGHT, RAW):
        solver = make_solver(SolveSettings(name), SIDE, SIDE)
        solver.study(seen)
        solved.append(solver.solve(seen).weights)
    told = [i for i, name in enumerate(truth.names) if name in moves and name not in UNTOLD]
    names = [truth.names[i] for i in told]
    columns = [INDEX[name] for name in names]
    errors = [compare_weights(truth.weights[:, told], one[:, columns], names) for one in solved]
    return [(error.mean_correlation, error.active) for error in errors]


if __name__ == "__main__":
    raise SystemExit(main())
