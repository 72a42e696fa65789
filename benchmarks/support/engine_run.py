# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine on one clip in a process of its own, so that its memory is its own.

    python -m benchmarks.support.engine_run ENGINE QUALITY CLIP OUT.npz

Writes what was seen and prints a JSON object: seconds on the wall and of the processor for decoding
and tracking, frames, peak memory, provider. One stream, so that times compare.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import psutil

from engine.core.types import Observations
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker

_POLL_S = 0.02


class PeakMemory:
    """Watches this process's memory while it is open."""

    def __enter__(self) -> PeakMemory:
        self.bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while True:
            self.bytes = max(self.bytes, process.memory_info().rss)
            if self._ended.wait(_POLL_S):
                return


def run(engine: str, quality: str, clip: Path) -> tuple[Observations, dict]:
    """Everything that an engine sees, and what it cost without opening its models."""
    with PeakMemory() as memory:
        tracker = create_tracker(engine, TrackerOptions(model_path, streams=1, quality=quality))
        wall, cpu = time.perf_counter(), time.process_time()
        with VideoSource(clip) as source:
            seen = Observations.concatenate(list(tracker.track(source.frames())))
            size = source.info.width, source.info.height
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = {
        "wall_s": wall,
        "cpu_s": cpu,
        "frames": len(seen),
        "found": int(seen.valid.sum()),
        "peak_bytes": memory.bytes,
        "provider": tracker.provider,
        "size": size,
    }
    return seen, told


def main(engine: str, quality: str, clip: str, out: str) -> None:
    """Track, write and print."""
    seen, told = run(engine, quality, Path(clip))
    np.savez(out, **{field.name: getattr(seen, field.name) for field in fields(seen)})
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
