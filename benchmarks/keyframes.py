# SPDX-License-Identifier: GPL-3.0-or-later
"""How long keyframes take: in bulk against ``keyframe_insert``, and a one-hour take in all.

    python -m benchmarks.keyframes

Prints a table; needs bpy.
"""

from __future__ import annotations

import time

import bpy
import numpy as np

from tools.extension import load_extension

load_extension()

from facewright.engine.core.arkit import COUNT, NAMES  # noqa: E402
from facewright.engine.core.clock import FrameClock  # noqa: E402
from facewright.engine.core.types import FaceTrack  # noqa: E402
from facewright.engine.filters.chain import FilterSettings, run_filters  # noqa: E402
from facewright.engine.retarget.channels import Channel  # noqa: E402
from facewright.scene import keyframes  # noqa: E402
from facewright.scene.apply import ApplySettings, apply_track  # noqa: E402
from facewright.scene.pose_channels import PoseSettings  # noqa: E402
from facewright.scene.targets import key_path  # noqa: E402

FRAMES = 10_000
# keyframe_insert is timed on fewer frames: it slows down with every key that is there.
INSERTED_FRAMES = 1_000
HOUR_RATE = 30


def main() -> int:
    """Run and print."""
    rows = [("measured", "keys", "seconds", "µs a key")]
    bulk = _bulk()
    inserted = _inserted()
    rows.append(_row(f"bulk write, {FRAMES} frames x {COUNT}", FRAMES * COUNT, bulk))
    rows.append(
        _row(
            f"keyframe_insert, {INSERTED_FRAMES} frames x {COUNT}",
            INSERTED_FRAMES * COUNT,
            inserted,
        )
    )
    rows.extend(_hour())
    print(f"Blender {bpy.app.version_string}")
    for label, keys, seconds, each in rows:
        print(f"{label:54} {keys:>10} {seconds:>9} {each:>9}")
    ratio = inserted / (INSERTED_FRAMES * COUNT) / (bulk / (FRAMES * COUNT))
    print(f"bulk writing is {ratio:.0f} times as fast a key")
    return 0


def _row(label: str, keys: int, seconds: float) -> tuple[str, str, str, str]:
    return label, f"{keys}", f"{seconds:.3f}", f"{seconds / keys * 1e6:.2f}"


def _face() -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    face = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(face)
    for name in ("Basis", *NAMES):
        face.shape_key_add(name=name).value = 0.0
    bpy.context.scene.render.fps = HOUR_RATE
    return face


def _bulk() -> float:
    keys = _face().data.shape_keys
    frames = np.arange(FRAMES, dtype=np.float64)
    weights = np.random.default_rng(0).random((COUNT, FRAMES))
    started = time.perf_counter()
    action = keyframes.create_action("Take")
    slot, curves = keyframes.add_curves(action, keys)
    for name, values in zip(NAMES, weights, strict=True):
        keyframes.write_curve(curves, Channel(key_path(name), 0, frames, values), "LINEAR")
    keyframes.assign(keys, action, slot)
    return time.perf_counter() - started


def _inserted() -> float:
    blocks = _face().data.shape_keys.key_blocks
    weights = np.random.default_rng(0).random((INSERTED_FRAMES, COUNT))
    started = time.perf_counter()
    for frame, row in enumerate(weights):
        for name, value in zip(NAMES, row, strict=True):
            blocks[name].value = value
            blocks[name].keyframe_insert("value", frame=frame)
    return time.perf_counter() - started


def _hour() -> list[tuple[str, str, str, str]]:
    """A one-hour take, filters and head included."""
    count = 3600 * HOUR_RATE
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 0.03, (count, COUNT)), axis=0)
    track = FaceTrack(
        np.arange(count) / HOUR_RATE,
        np.ones(count, bool),
        np.ones(count, np.float32),
        np.ones((count, COUNT), np.float32),
        (0.5 + 0.5 * np.sin(walk)).astype(np.float32),
        (20 * np.sin(walk[:, :3])).astype(np.float32),
        np.zeros((count, 3), np.float32),
        np.zeros((count, 2, 2), np.float32),
    )
    face = _face()
    started = time.perf_counter()
    run_filters(track, FilterSettings(), FrameClock(HOUR_RATE))
    filtering = time.perf_counter() - started
    settings = ApplySettings(pose=PoseSettings(head_object="Face"))
    report = apply_track(bpy.context.scene, track, [face], settings, take_name="Hour")
    return [
        _row("one hour, filters alone", count * COUNT, filtering),
        _row("one hour, filters and keys", report.keys, report.seconds),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
