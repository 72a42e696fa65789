# SPDX-License-Identifier: GPL-3.0-or-later
"""Matching names of other tools' rigs against two rivals' ways, and how long retargeting takes.

    python -m benchmarks.retarget

Needs bpy. See also ``retarget_geometry`` (keys without names), ``retarget_fit`` (least squares) and
``retarget_transfer`` (heads without shapes).

The rivals match by names alone: "equal" is what plug-ins do that want ARKit's exact names, in any
case; "fuzzy" takes for each channel the most similar name by Python's ``difflib`` ratio, 0.6 or
more, as "smart match" buttons do.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable

import bpy
import numpy as np

from tools.extension import load_extension

load_extension()

from facewright import registration  # noqa: E402
from facewright.engine.core.arkit import COUNT, NAMES  # noqa: E402
from facewright.engine.core.types import FaceTrack  # noqa: E402
from facewright.engine.retarget.mapping import KeyDrive, Mapping, Row  # noqa: E402
from facewright.engine.retarget.match.matcher import match_keys  # noqa: E402
from facewright.engine.retarget.match.result import MeshKeys  # noqa: E402
from facewright.scene import matching  # noqa: E402
from facewright.scene.apply import apply_track  # noqa: E402
from facewright.scene.head import create_head  # noqa: E402
from facewright.scene.mapping_store import store_mapping  # noqa: E402

from tests.unit.rig_name_tables import FAMILIES  # noqa: E402

FRAMES = 10_000
INSERTED_FRAMES = 200
FUZZY = 0.6


def main() -> int:
    """Run and print."""
    print("Matching by name: right/wrong pairs of the channels that the family has one key for")
    print(f"{'family':28} {'channels':>8} {'equal':>8} {'fuzzy':>8} {'ours':>8}")
    sums = np.zeros((3, 2), int)
    channels = 0
    for family, (truth, composites, extras) in FAMILIES.items():
        keys = [*truth.values(), *(k for c in composites.values() for k in c), *extras]
        keys = list(dict.fromkeys(keys))
        np.random.default_rng(1).shuffle(keys)
        scores = [_score(find(keys), truth) for find in (_equal, _fuzzy, _ours)]
        sums += np.array(scores)
        channels += len(truth)
        print(f"{family:28} {len(truth):>8}" + "".join(f"{r:>5}/{w:<3}" for r, w in scores))
    print(f"{'all':28} {channels:>8}" + "".join(f"{r:>5}/{w:<3}" for r, w in sums))
    print(f"ours finds {sums[2, 0] / max(sums[1, 0], 1):.1f} times the fuzzy match's right pairs\n")
    _speed()
    return 0


def _score(found: dict[str, str], truth: dict[str, str]) -> tuple[int, int]:
    right = sum(found.get(name) == key for name, key in truth.items())
    return right, sum(name in truth and truth[name] != key for name, key in found.items())


def _equal(keys: list[str]) -> dict[str, str]:
    lower = {key.lower(): key for key in keys}
    return {name: lower[name.lower()] for name in NAMES if name.lower() in lower}


def _fuzzy(keys: list[str]) -> dict[str, str]:
    lower = {key.lower(): key for key in keys}
    found = {}
    for name in NAMES:
        if best := difflib.get_close_matches(name.lower(), lower, 1, FUZZY):
            found[name] = lower[best[0]]
    return found


def _ours(keys: list[str]) -> dict[str, str]:
    result = match_keys([MeshKeys("Face", tuple(keys))])
    return {name: c.drives[0].key for name, c in result.channels.items() if len(c.drives) == 1}


def _speed() -> None:
    """How long matching a dense head takes, and keys for many frames."""
    registration.register()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    head = create_head(bpy.context)
    _make_dense(head)
    for label, names in (("named", NAMES), ("unnamed", [f"Key {i + 1}" for i in range(COUNT)])):
        for block, name in zip(head.data.shape_keys.key_blocks[1:], names, strict=True):
            block.name = name
        seconds = _timed(lambda: matching.find_match([head]))
        found = len(matching.find_match([head]).channels)
        print(
            f"match, {len(head.data.vertices)} vertices x {COUNT} keys, {label}: "
            f"{found} channels in {seconds:.2f} s"
        )
    for block, name in zip(head.data.shape_keys.key_blocks[1:], NAMES, strict=True):
        block.name = name
    track = _track()
    blocks = head.data.shape_keys.key_blocks
    weights = track.weights[:INSERTED_FRAMES]

    def insert() -> None:
        for frame, row in enumerate(weights):
            for name, value in zip(NAMES, row.tolist(), strict=True):
                blocks[name].value = value
                blocks[name].keyframe_insert("value", frame=frame + 1)

    inserted = _timed(insert) / INSERTED_FRAMES * FRAMES
    head.data.shape_keys.animation_data_clear()
    print(f"keyframe_insert, {FRAMES} frames x {COUNT} (from {INSERTED_FRAMES}): {inserted:.1f} s")
    for label, mapping in (("one to one", None), ("4 keys a channel, curves", _many())):
        if mapping:
            store_mapping(head, mapping)
        seconds = _timed(
            lambda: apply_track(bpy.context.scene, track, [head], take_name="Benchmark")
        )
        print(
            f"retarget and write, {FRAMES} frames, {label}: {seconds:.2f} s, "
            f"{inserted / seconds:.0f} times as fast"
        )


def _many() -> Mapping:
    """Every channel moves four keys through a response curve."""
    curve = ((0.0, 0.0), (0.5, 0.4), (1.0, 1.0))
    return Mapping(
        {
            name: Row(
                tuple(KeyDrive(NAMES[(i + j) % COUNT], 0.25) for j in range(4)), 1.1, curve=curve
            )
            for i, name in enumerate(NAMES)
        }
    )


def _make_dense(head: bpy.types.Object) -> None:
    """Subdivide, each edge into three; shape keys go along."""
    bpy.context.view_layer.objects.active = head
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide(number_cuts=2)
    bpy.ops.object.mode_set(mode="OBJECT")


def _track() -> FaceTrack:
    rng = np.random.default_rng(1)
    weights = rng.random((FRAMES // 10 + 2, COUNT)).astype(np.float32)
    at = np.arange(FRAMES) / 10
    weights = np.stack([np.interp(at, np.arange(len(weights)), w) for w in weights.T], axis=1)
    return FaceTrack(
        np.arange(FRAMES) / bpy.context.scene.render.fps,
        np.ones(FRAMES, bool),
        np.ones(FRAMES, np.float32),
        np.ones((FRAMES, COUNT), np.float32),
        weights.astype(np.float32),
        np.zeros((FRAMES, 3), np.float32),
        np.zeros((FRAMES, 3), np.float32),
        np.zeros((FRAMES, 2, 2), np.float32),
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
