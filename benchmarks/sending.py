# SPDX-License-Identifier: GPL-3.0-or-later
"""What sending a character to another program costs Blender's main thread, frame by frame.

    python -m benchmarks.sending

Prints a table; needs bpy.
"""

from __future__ import annotations

import time

import bpy
import numpy as np

from tools.extension import load_extension

load_extension()

from facewright.engine.core.arkit import COUNT  # noqa: E402
from facewright.engine.core.types import FaceTrack  # noqa: E402
from facewright.engine.formats.dialects import DIALECTS  # noqa: E402
from facewright.scene.apply import ApplySettings, apply_track  # noqa: E402
from facewright.scene.capture import guess_head  # noqa: E402
from facewright.scene.face_reader import FaceReader  # noqa: E402
from facewright.scene.head import create_head  # noqa: E402
from facewright.scene.pose_channels import PoseSettings  # noqa: E402
from facewright.scene.stream_out import StreamOut  # noqa: E402

FRAMES = 500
RATE = 24


def main() -> int:
    """Run and print."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    head = create_head(bpy.context, "Head")
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = RATE, 1.0
    rig, bone = guess_head([head])
    pose = PoseSettings(head_object=rig, head_bone=bone, position=True)
    apply_track(scene, _moving(), [head], ApplySettings(pose=pose), take_name="Moving")
    print(f"Blender {bpy.app.version_string}, the Facewright Head, {FRAMES} keyed frames")
    print(f"{'to':16} {'median':>9} {'99 %':>9}   milliseconds a frame")
    for name, dialect in DIALECTS.items():
        if dialect.encoder:
            costs = _costs(scene, StreamOut(FaceReader(scene, [head], pose), name))
            print(f"{name:16} {np.median(costs):9.3f} {np.percentile(costs, 99):9.3f}")
    return 0


def _costs(scene: bpy.types.Scene, stream: StreamOut) -> np.ndarray:
    """Milliseconds from Blender's call to the packets on their way, by frame."""
    costs = []
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        begin_s = time.perf_counter()
        stream.show(scene, depsgraph, playing=True)
        costs.append(1e3 * (time.perf_counter() - begin_s))
    stream.close()
    return np.array(costs)


def _moving() -> FaceTrack:
    """All weights and the head, each frame somewhere else."""
    random = np.random.default_rng(0)
    return FaceTrack(
        np.arange(FRAMES) / RATE,
        np.ones(FRAMES, bool),
        np.ones(FRAMES, np.float32),
        np.ones((FRAMES, COUNT), np.float32),
        random.random((FRAMES, COUNT), np.float32),
        random.normal(0, 10, (FRAMES, 3)).astype(np.float32),
        random.normal(0, 2, (FRAMES, 3)).astype(np.float32),
        random.normal(0, 5, (FRAMES, 2, 2)).astype(np.float32),
    )


if __name__ == "__main__":
    raise SystemExit(main())
