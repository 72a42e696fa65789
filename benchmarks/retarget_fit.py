# SPDX-License-Identifier: GPL-3.0-or-later
"""Least-squares retarget: how much of the motion is missed, and how fast it is.

The same talking and grimacing face, 10,000 frames, is put onto each rig twice in the same run: by
a mapping of one or a few keys for each channel, as profiles and names give it, and by the fit.
What is missed is |shown − wanted| / |wanted| over all points, the mean of the frames. Wanted is
what the rig's own ARKit keys do, where it has them beside its others, or the shapes that a rig
was split from; the fit is told them ("own shapes"), or has to find the shipped head's on the rig
without landmarks ("shipped head").

    OMP_NUM_THREADS=1 python -m benchmarks.retarget_fit
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from engine.core.arkit import COUNT, INDEX, NAMES
from engine.retarget.composites import fitted_mapping
from engine.retarget.fit import make_fit
from engine.retarget.fit_mixing import with_fit
from engine.retarget.fit_source import Laid, lay_source
from engine.retarget.head_asset import load_asset
from engine.retarget.mapping import KeyDrive, Mapping, Row
from engine.retarget.mapping_file import read_mapping, shipped_profiles
from engine.retarget.match.motion import observe
from engine.retarget.mixing import key_sources, make_mixer

from .support.rig_files import read_glb, rig_files

FRAMES, RATE = 10_000, 30
LIP_GAP = -0.031
# Channels that CC Extended and the like split in quarters.
QUARTERED = ("mouthFunnel", "mouthPucker", "mouthClose", "jawOpen", "mouthRollUpper")
Rig = tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray], Mapping]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.parse_args()
    rows = []
    for label, (base, keys, wanted, mapping) in _rigs().items():
        motion = observe(base, list(keys.values()))
        own = {name: d[motion.vertices] for name, d in wanted.items()}
        laid = Laid(motion.vertices, motion.weights, own, 0.0, np.eye(3), np.zeros(3))
        rows.append((label, "own shapes", *_compare(keys, wanted, mapping, laid)))
        started = time.perf_counter()
        laid = lay_source(base, list(keys.values()))
        found = time.perf_counter() - started
        rows.append((label, "shipped head", *_compare(keys, wanted, mapping, laid, found)))
    print(
        "| rig | keys | shapes from | mapped, missed | fit, missed | 10,000 frames | a frame live |"
    )
    print("|---|---|---|---|---|---|---|")
    for label, source, count, before, after, batch, live, found in rows:
        place = f" (found in {found:.1f} s)" if found else ""
        print(
            f"| {label} | {count} | {source}{place} | {100 * before:.1f} % | {100 * after:.1f} % "
            f"| {batch:.2f} s | {live:.3f} ms |"
        )
    return 0


def _compare(keys, wanted, mapping: Mapping, laid: Laid, found: float = 0.0):
    """Keys, missed by the mapping, missed by the fit, seconds for all frames, ms for one."""
    at = laid.vertices
    fit = make_fit(laid.channels, {key: d[at] for key, d in keys.items()}, laid.weights)
    fitted = fitted_mapping(Mapping(), fit)
    weights = _face(wanted)
    names = list(keys)
    plain = make_mixer(key_sources(mapping, "", names), names)
    sources = key_sources(fitted, "", names)
    mixer = with_fit(make_mixer(sources, list(sources)), fitted)
    started = time.perf_counter()
    values = mixer(fitted.respond(weights))
    batch = time.perf_counter() - started
    channels = fitted.respond(weights[:1000])
    mixer(channels[0])
    started = time.perf_counter()
    for row in channels:
        mixer(row)
    live = time.perf_counter() - started
    motion = observe_points(keys, wanted)
    truth = weights @ _flat(wanted, NAMES, motion)
    whole = np.linalg.norm(truth, axis=1)
    missed = []
    for shown, order in (
        (np.clip(plain(mapping.respond(weights)), 0, 1), names),
        (values, mixer.keys),
    ):
        missed.append(np.linalg.norm(shown @ _flat(keys, order, motion) - truth, axis=1) / whole)
    return len(fit.keys), *(float(np.mean(m)) for m in missed), batch, live, found


def observe_points(keys: dict, wanted: dict) -> np.ndarray:
    """Vertices that are compared: up to 600 of those that anything moves, evenly."""
    moved = np.max([np.abs(d).max(axis=1) for d in (*keys.values(), *wanted.values())], axis=0)
    moving = np.flatnonzero(moved > 1e-4 * moved.max())
    return moving[:: max(1, len(moving) // 600)]


def _flat(moves: dict, names, points: np.ndarray) -> np.ndarray:
    """float32 (len(names), 3 P); names that are not there do not move."""
    empty = np.zeros((len(points), 3), np.float32)
    found = [moves[name][points] if name in moves else empty for name in names]
    return np.stack(found).reshape(len(found), -1).astype(np.float32)


def _face(wanted: dict) -> np.ndarray:
    """float64 (FRAMES, 52): speech and grimaces, of the channels that are wanted."""
    rng = np.random.default_rng(5)
    t = np.arange(FRAMES)[:, None] / RATE
    waves = np.sin(2 * np.pi * rng.uniform(0.2, 3, COUNT) * t + rng.uniform(0, 6, COUNT))
    swell = np.sin(2 * np.pi * rng.uniform(0.02, 0.3, COUNT) * t + rng.uniform(0, 6, COUNT))
    weights = np.clip(0.15 + 0.45 * waves * swell, 0, 1)
    weights += rng.normal(0, 0.004, weights.shape)
    kept = np.zeros(COUNT)
    kept[[INDEX[name] for name in wanted]] = 1
    return np.clip(weights, 0, 1) * kept


def _rigs() -> dict[str, Rig]:
    """Rig -> rest, its keys, what the channels should do, a mapping of the usual kind."""
    found = {"shipped head, lips in quarters": _quartered(), "shipped head, 150 keys": _many()}
    for name, path in rig_files().items():
        rig = read_glb(path)
        # glTF stands with y up.
        turn = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        moves = dict(zip(rig.names, rig.deltas @ turn, strict=True))
        visemes = {key: d for key, d in moves.items() if key.startswith("viseme_") and d.any()}
        if visemes:
            mouth = {
                n: d for n, d in moves.items() if n in NAMES and n.startswith(("jaw", "mouth"))
            }
            profile = read_mapping(shipped_profiles()["oculus_visemes"])
            found[f"{name}, visemes alone"] = rig.base @ turn, visemes, mouth, profile
    return found


def _quartered() -> Rig:
    """Channels in quarters; the mapping gives each of the four the channel's weight."""
    base, moves = _head()
    keys, rows = {}, {}
    for name in NAMES:
        if name not in QUARTERED:
            keys[name], rows[name] = moves[name], Row((KeyDrive(name),))
            continue
        # The lower quarters go further than their channel, as where an artist has sculpted them
        # for themselves: weights of 1 overdo it.
        for n, share in enumerate(_quarters(base)):
            keys[f"{name} {n}"] = moves[name] * share[:, None] * (1.0 if n < 2 else 1.6)
        rows[name] = Row(tuple(KeyDrive(f"{name} {n}") for n in range(4)))
    return base, keys, moves, Mapping(rows)


def _many() -> Rig:
    """150 keys: quarters of everything, and sums at random beside them."""
    base, moves = _head()
    rng = np.random.default_rng(0)
    keys, rows = {}, {}
    for name in NAMES:
        halves = _quarters(base) if not name.endswith(("Left", "Right")) else [np.ones(len(base))]
        for n, share in enumerate(halves):
            keys[f"{name} {n}"] = moves[name] * share[:, None]
        rows[name] = Row(tuple(KeyDrive(f"{name} {n}") for n in range(len(halves))))
    while len(keys) < 150:
        recipe = rng.choice(COUNT, 3, replace=False)
        keys[f"mix {len(keys)}"] = sum(rng.uniform(0.3, 0.8) * moves[NAMES[i]] for i in recipe)
    return base, keys, moves, Mapping(rows)


def _head() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    head = load_asset()
    kept = np.concatenate([np.arange(*head.parts[part]) for part in ("skin", "tongue")])
    return head.vertices[kept], {name: head.deltas[name][kept] for name in NAMES}


def _quarters(base: np.ndarray) -> list[np.ndarray]:
    left = 1 / (1 + np.exp(-base[:, 0] / 0.004))
    upper = 1 / (1 + np.exp(-(base[:, 2] - LIP_GAP) / 0.004))
    return [left * upper, (1 - left) * upper, left * (1 - upper), (1 - left) * (1 - upper)]


if __name__ == "__main__":
    raise SystemExit(main())
