# SPDX-License-Identifier: GPL-3.0-or-later
"""How near transferred shapes come to a head's own, and how long a transfer takes.

    python benchmarks/retarget_transfer.py [HEAD ...] [--remesh] [--keys] [--dense]
        [--amounts shipped]

Heads: see ``benchmarks/support/transfer_heads.py``; left out: all that are here. ``--remesh`` gives
each of them another topology first (needs the ``bpy`` wheel), ``--dense`` one of at least 50,000
vertices. ``--amounts shipped`` asks for the shipped head's own amounts. The landmarks are guessed;
nothing is placed by hand.

Per shape, over the vertices that the head's own shape moves by more than 5 % of its largest
displacement (``strict``: 20 %):

error   mean |transferred - own| / mean |own|
gained  the same after the best single factor for the shape: how strong a shape is at 1 is style
cosine  of the angle between both displacements, weighted by the own one's length
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.support.transfer_heads import available, dense, load_head, remesh
from engine.core.arkit import NAMES
from engine.pipeline.guess_landmarks import guess_landmarks
from engine.retarget.transfer.amounts import AMOUNTS, DEFAULT
from engine.retarget.transfer.request import TransferRequest
from engine.retarget.transfer.transfer import transfer_shapes


def compare(got: np.ndarray, own: np.ndarray, share: float) -> tuple[float, float, float]:
    """Error, gained error and cosine of one shape, (N, 3) each."""
    length = np.linalg.norm(own, axis=1)
    moved = length > share * length.max()
    got, own, length = got[moved], own[moved], length[moved]
    error = np.linalg.norm(got - own, axis=1).mean() / length.mean()
    factor = (got * own).sum() / max((got**2).sum(), 1e-30)
    gained = np.linalg.norm(factor * got - own, axis=1).mean() / length.mean()
    lengths = np.maximum(np.linalg.norm(got, axis=1) * length, 1e-30)
    cosine = np.average((got * own).sum(1) / lengths, weights=length)
    return float(error), float(gained), float(cosine)


def measure(name: str, options: argparse.Namespace) -> None:
    """Transfer onto one head and print its row."""
    head = load_head(name)
    if options.dense:
        head = dense(head)
    elif options.remesh:
        head = remesh(head)
    started, work = time.perf_counter(), time.process_time()
    guess = guess_landmarks(head.parts)
    guessed = time.perf_counter() - started
    result = transfer_shapes(TransferRequest(tuple(head.parts), guess, amounts=options.amounts))
    seconds, work = time.perf_counter() - started, time.process_time() - work
    rows = {}
    for key in NAMES:
        own = [head.authored[p.name].get(key, 0 * p.vertices) for p in head.parts]
        own = np.concatenate(own)
        if not np.abs(own).max() > 0:
            continue
        got = [result.deltas[p.name].get(key, 0 * p.vertices) for p in head.parts]
        got = np.concatenate(got)
        rows[key] = (*compare(got, own, 0.05), compare(got, own, 0.2)[0])
    table = np.array(list(rows.values()))
    if options.keys:
        for key, row in rows.items():
            print(f"    {key:20s} error {row[0]:.3f}  gained {row[1]:.3f}  cosine {row[2]:.3f}")
    error, gained, cosine, strict = table.mean(0)
    count = sum(len(part.vertices) for part in head.parts)
    good = int((table[:, 0] < 0.15).sum())
    print(
        f"{Path(name).stem:14s} {count:7d} {len(rows):3d} {error:7.3f} {strict:7.3f} {gained:7.3f} "
        f"{cosine:7.3f} {good:3d}/{len(rows)} {guessed:7.1f} {seconds:7.1f} {work:7.1f}  "
        + " ".join(f"{k} {v:.4f}" for k, v in result.contacts.items()),
        flush=True,
    )
    for warning in result.warnings:
        print(f"    {warning}")


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", nargs="*")
    parser.add_argument("--remesh", action="store_true")
    parser.add_argument("--dense", action="store_true")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--amounts", choices=AMOUNTS, default=DEFAULT)
    options = parser.parse_args()
    print(
        f"{'head':14s} {'verts':>7s} {'own':>3s} {'error':>7s} {'strict':>7s} {'gained':>7s} "
        f"{'cosine':>7s} {'<15%':>5s} {'guess s':>7s} {'all s':>7s} {'cpu s':>7s}"
    )
    for name in options.heads or available():
        measure(name, options)


if __name__ == "__main__":
    main()
