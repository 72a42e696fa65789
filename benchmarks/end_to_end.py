# SPDX-License-Identifier: GPL-3.0-or-later
"""From a one-minute clip to a saved .blend: ours against the script that people write today.

    python -m benchmarks.end_to_end [--seconds 60] [--repeats 3]

The rival is MediaPipe's Python loop in Blender's own process with ``keyframe_insert`` for every
key, first as it is most often published (``frame_set`` on every frame), then without it. Whole
processes are timed, in turn, on the same clip and head; the table shows medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.support.clips import looped
from engine.models.catalog import model_path

ROOT = Path(__file__).resolve().parent.parent

RIVAL = """
import sys, av, bpy, mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
clip, blend, out, bundle, frame_set = sys.argv[1:6]
bpy.ops.wm.open_mainfile(filepath=blend)
head = bpy.data.objects["Facewright Head"]
keys = head.data.shape_keys.key_blocks
options = vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=bundle), output_face_blendshapes=True,
    running_mode=vision.RunningMode.VIDEO, output_facial_transformation_matrixes=True)
with vision.FaceLandmarker.create_from_options(options) as landmarker, av.open(clip) as video:
    for number, frame in enumerate(video.decode(video=0)):
        image = mp.Image(mp.ImageFormat.SRGB, frame.to_ndarray(format="rgb24"))
        result = landmarker.detect_for_video(image, int(frame.time * 1000))
        if not result.face_blendshapes:
            continue
        if frame_set == "1":
            bpy.context.scene.frame_set(number + 1)
        for shape in result.face_blendshapes[0]:
            if shape.category_name in keys:
                keys[shape.category_name].value = shape.score
                keys[shape.category_name].keyframe_insert("value", frame=number + 1)
bpy.ops.wm.save_as_mainfile(filepath=out)
"""


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    clip = looped(options.seconds)
    with tempfile.TemporaryDirectory() as scratch:
        contestants = _contestants(clip, Path(scratch))
        times = {name: [] for name in contestants}
        for _ in range(options.repeats):
            for name, command in contestants.items():
                started = time.perf_counter()
                subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
                times[name].append(time.perf_counter() - started)
    ours = statistics.median(times["Facewright"])
    print(f"\n{clip.name}, {options.repeats} runs each, medians")
    print(f"{'':44}{'seconds':>9}{'ratio to ours':>15}")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        print(f"{name:44}{middle:9.2f}{middle / ours:15.2f}")
    return 0


def _contestants(clip: Path, scratch: Path) -> dict[str, list[str]]:
    rival = scratch / "rival.py"
    rival.write_text(RIVAL, encoding="utf-8")
    blend = scratch / "head.blend"
    stage = (
        "import bpy; from tools.extension import load_extension; load_extension();"
        "bpy.ops.wm.read_factory_settings(use_empty=True);"
        "from facewright.scene.stage import new_stage; from fractions import Fraction;"
        "new_stage(bpy.context, Fraction(24));"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})"
    )
    subprocess.run([sys.executable, "-c", stage], cwd=ROOT, check=True, capture_output=True)
    out = str(scratch / "out.blend")
    common = [
        sys.executable,
        str(rival),
        str(clip),
        str(blend),
        out,
        str(model_path("face_landmarker")),
    ]
    return {
        "MediaPipe + frame_set + keyframe_insert": [*common, "1"],
        "MediaPipe + keyframe_insert": [*common, "0"],
        "Facewright": [
            *(sys.executable, "tools/run_in_bpy.py", "capture", str(clip)),
            *("--blend", str(blend), "--object", "Facewright Head", "--out", out),
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
