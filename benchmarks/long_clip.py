# SPDX-License-Identifier: GPL-3.0-or-later
"""An hour of video: does memory stay, does the take open, how long do keys take?

python -m benchmarks.long_clip [--seconds 3600]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.support.clips import looped
from tools.extension import load_extension

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3600)
    options = parser.parse_args()
    clip = looped(options.seconds)
    with tempfile.TemporaryDirectory() as scratch:
        take = Path(scratch, "long.fwtake")
        memory, seconds = _track(clip, take)
        print(f"\n{clip.name} ({clip.stat().st_size / 2**20:.0f} MiB)")
        tenth = max(1, len(memory) // 10)
        _row("tracking (s)", seconds)
        _row("memory after a tenth of the time (MiB)", memory[tenth] / 2**20)
        _row("memory at the end (MiB)", memory[-1] / 2**20)
        _row("peak memory (MiB)", max(memory) / 2**20)
        _row("take (MiB)", take.stat().st_size / 2**20)
        _keys(take)
    return 0


def _track(clip: Path, take: Path) -> tuple[list[int], float]:
    """Track in a process of its own; its memory, twice a second, and the time."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "engine", "track", str(clip), "--take", str(take)]
    process = subprocess.Popen(command, cwd=ROOT)
    watched, memory = psutil.Process(process.pid), []
    while process.poll() is None:
        memory.append(watched.memory_info().rss)
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(process.returncode)
    return memory, time.perf_counter() - started


def _keys(take: Path) -> None:
    import bpy

    load_extension()
    from facewright.engine.takes.take_file import read_header, read_track
    from facewright.scene.apply import ApplySettings, apply_track
    from facewright.scene.head import create_head

    begun = time.perf_counter()
    read_header(take)
    track = read_track(take)
    _row("opening the take (s)", time.perf_counter() - begun)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    head = create_head(bpy.context)
    begun = time.perf_counter()
    report = apply_track(bpy.context.scene, track, [head], ApplySettings(), take_name="long")
    _row(f"writing {report.keys:,} keys (s)", time.perf_counter() - begun)


def _row(name: str, value: float) -> None:
    print(f"{name:44}{value:10.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
