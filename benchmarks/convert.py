# SPDX-License-Identifier: GPL-3.0-or-later
"""A ten-minute CSV of 60 frames a second to keyframes on the shipped head: ours and the usual way.

    python -m benchmarks.convert [--rows N] [--usual-rows N] [--json REPORT]

Ours: ``scene.face_files.as_take`` and ``scene.capture.apply_take``, file to keys, with the filters'
defaults. The usual way, timed on fewer rows because it slows down with every key: Python's ``csv``
and ``keyframe_insert`` for each shape and row. Needs bpy.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from tools.extension import load_extension

load_extension()

from facewright.engine.core.arkit import COUNT  # noqa: E402
from facewright.engine.core.types import FaceTrack  # noqa: E402
from facewright.engine.formats.foreign_take import WriteOptions  # noqa: E402
from facewright.engine.formats.live_link_csv import HEADER, write_live_link_csv  # noqa: E402
from facewright.scene.apply import ApplySettings  # noqa: E402
from facewright.scene.capture import apply_take  # noqa: E402
from facewright.scene.face_files import as_take  # noqa: E402
from facewright.scene.head import create_head  # noqa: E402
from facewright.scene.pose_channels import PoseSettings  # noqa: E402

RATE = 60
ROWS = 36_000
USUAL_ROWS = 600
LIMIT_S = 3.0


def main() -> int:
    """Run and print; 1 where ours takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--usual-rows", type=int, default=USUAL_ROWS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        folder = Path(scratch)
        whole, part = folder / "whole.csv", folder / "part.csv"
        write_live_link_csv(whole, _track(options.rows), WriteOptions())
        write_live_link_csv(part, _track(options.usual_rows), WriteOptions())
        megabytes = whole.stat().st_size / 1e6
        ours = [_ours(whole, folder / f"run{run}") for run in range(options.runs)]
        usual = _usual(part)
    best = min(ours, key=lambda run: run["seconds"])
    result = {
        "blender": bpy.app.version_string,
        "rows": options.rows,
        "megabytes": round(megabytes, 1),
        "runs": ours,
        "seconds": best["seconds"],
        "keys": best["keys"],
        "usual_rows": options.usual_rows,
        "usual_seconds": usual["seconds"],
        "usual_keys": usual["keys"],
        "ratio_a_key": usual["seconds"] / usual["keys"] / (best["seconds"] / best["keys"]),
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Blender {bpy.app.version_string}; {options.rows} rows, {megabytes:.0f} MB")
    for run in ours:
        print(
            f"ours       {run['seconds']:7.2f} s   to a take {run['take']:.2f} s, "
            f"to {run['keys']} keys {run['apply']:.2f} s"
        )
    print(
        f"usual way  {usual['seconds']:7.2f} s   for {options.usual_rows} rows, "
        f"{usual['keys']} keys"
    )
    print(f"a key is written {result['ratio_a_key']:.0f} times as fast")
    return int(options.rows == ROWS and best["seconds"] >= LIMIT_S)


def _track(rows: int) -> FaceTrack:
    """Smoothly moving values."""
    time_s = np.arange(rows) / RATE
    phases = np.random.default_rng(0).uniform(0, 6, COUNT)
    weights = 0.5 + 0.5 * np.sin(time_s[:, None] * 3 + phases)
    head = 10 * np.sin(time_s[:, None] + np.arange(3))
    valid = np.ones(rows, bool)
    ones = np.ones((rows, COUNT), np.float32)
    return FaceTrack(
        time_s,
        valid,
        valid.astype(np.float32),
        ones,
        weights.astype(np.float32),
        head.astype(np.float32),
        np.zeros((rows, 3), np.float32),
        np.stack([head[:, :2], head[:, :2]], axis=1).astype(np.float32),
    )


def _head() -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = RATE
    return create_head(bpy.context)


def _ours(source: Path, folder: Path) -> dict:
    head = _head()
    folder.mkdir()
    bone = next(bone.name for bone in head.parent.data.bones if "head" in bone.name.lower())
    settings = ApplySettings(pose=PoseSettings(head_object=head.parent.name, head_bone=bone))
    started = time.perf_counter()
    take, _notes = as_take(source, folder)
    read = time.perf_counter()
    report = apply_take(bpy.context.scene, take, [head], settings)
    ended = time.perf_counter()
    return {
        "seconds": ended - started,
        "take": read - started,
        "apply": ended - read,
        "keys": report.keys,
    }


def _usual(source: Path) -> dict:
    head = _head()
    blocks = {block.name.lower(): block for block in head.data.shape_keys.key_blocks}
    bpy.context.scene.frame_set(1)
    started = time.perf_counter()
    keys = 0
    with source.open(newline="") as file:
        for row in csv.DictReader(file):
            hours, minutes, seconds, frame = row["Timecode"].split(":")
            whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
            at = 1 + whole * RATE + float(frame)
            for name in HEADER[2 : 2 + COUNT]:
                block = blocks[name.lower()]
                block.value = float(row[name])
                block.keyframe_insert("value", frame=at)
                keys += 1
    return {"seconds": time.perf_counter() - started, "keys": keys}


if __name__ == "__main__":
    raise SystemExit(main())
