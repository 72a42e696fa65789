# SPDX-License-Identifier: GPL-3.0-or-later
"""How well keys without names are recognised, on rigs of other heads and changed in many ways.

    python -m benchmarks.retarget_geometry [--quick]

Prints how many keys of those that move got the right name, the name of the other side (swapped) or
a wrong one, and seconds of one core. Rigs: see benchmarks/support/rig_files.py. The mpfb rigs have
the topology of the shipped head, which is the template: the ict rigs and FaceCapHeadGeneric are the
honest ones.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.support import rig_changes as change
from benchmarks.support.rig_files import RigFile, ict_file, read_glb, read_ict, rig_files
from engine.core.arkit import INDEX
from engine.retarget.match.recognise import recognise
from engine.retarget.match.sides import key_sides, pair_sides
from engine.retarget.match.template import mirrored, template

CONDITIONS = {
    "shuffled": [change.shuffled],
    "axes": [change.shuffled, change.turned],
    "axes, scale": [change.scaled, change.turned],
    "mirrored": [change.mirrored_export, change.turned],
    "tilted": [change.tilted],
    "fewer vertices": [change.fewer_vertices],
    "noise": [change.noisy],
    "all of these": [
        change.shuffled,
        change.fewer_vertices,
        change.noisy,
        change.scaled,
        change.tilted,
        change.mirrored_export,
        change.turned,
    ],
    "stylised": [change.stylised],
}
TIMES = {"axes": 6, "axes, scale": 3, "mirrored": 3, "all of these": 3, "stylised": 4}
IDENTITIES = 5


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="each condition once, two identities")
    quick = parser.parse_args().quick
    template()
    print(f"{'rig':36} {'condition':16} {'right':>14} {'swapped':>8} {'wrong':>6} {'s':>5}  names")
    for rig_name, rig in _rigs(2 if quick else IDENTITIES).items():
        for condition, changes in CONDITIONS.items():
            runs = [
                _run(rig, changes, seed) for seed in range(1 if quick else TIMES.get(condition, 1))
            ]
            _print_row(rig_name, condition, np.array(runs))
    return 0


def _rigs(identities: int) -> dict[str, RigFile]:
    rigs = {name: read_glb(path) for name, path in rig_files().items()}
    ict = ict_file()
    if ict:
        rigs["ict mean"] = read_ict(ict)
        rigs.update({f"ict {i}": read_ict(ict, i) for i in range(identities)})
    return rigs


def _run(rig: RigFile, changes: list, seed: int) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    for one in changes:
        rig = one(rig, rng)
    start = time.process_time()
    found = recognise(rig.base, rig.deltas)
    seconds = time.process_time() - start
    moving = [k for k, name in enumerate(rig.names) if name in INDEX and k not in found.still]
    guessed = {key: guess.name for key, guess in found.guesses.items()}
    right = sum(guessed.get(key) == rig.names[key] for key in moving)
    swapped = sum(guessed.get(key) == mirrored(rig.names[key]) != rig.names[key] for key in moving)
    # Names on the wrong side: how many of the pairs are noticed.
    wrong_names = {key: mirrored(rig.names[key]) for key in moving}
    known = recognise(rig.base, rig.deltas, known=wrong_names)
    sides = key_sides(rig.base, rig.deltas, known.frame)
    pairs = pair_sides(wrong_names, sides, known.frame)
    noticed = sum(pair.measure is not None and pair.measure < 0 for pair in pairs)
    return right, len(moving), swapped, len(moving) - right - swapped, seconds, noticed


def _print_row(rig: str, condition: str, runs: np.ndarray) -> None:
    right = f"{runs[:, 0].min():.0f}" if len(runs) == 1 else _span(runs[:, 0])
    print(
        f"{rig:36} {condition:16} {right + f' of {runs[0, 1]:.0f}':>14} {runs[:, 2].max():8.0f}"
        f" {runs[:, 3].max():6.0f} {runs[:, 4].max():5.2f}  {runs[:, 5].min():.0f} of 20 swaps",
        flush=True,
    )


def _span(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return f"{low:.0f}" if low == high else f"{low:.0f}-{high:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
