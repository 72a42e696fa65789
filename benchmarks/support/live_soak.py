# SPDX-License-Identifier: GPL-3.0-or-later
"""An hour of live frames through the worker process, recorded, as fast as it goes.

Every frame is tracked, sent over the wire, heard by a client that polls as Blender does, and
written into a take. What must stay: the memory of both processes, and every frame.
"""

from __future__ import annotations

import sys
import tempfile
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.support.clips import sample
from engine.core.requests import LiveRequest
from engine.takes.take_file import read_header, read_track
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind

_POLL_S = 1 / 120
_WATCH_EVERY_S = 0.5
# A time travels as the shortest decimal that gives the same float back.
_SAME_S = 1e-9


@dataclass
class Soak:
    """What was heard and seen.

    Attributes:
        zero_s, end_s: Time of the first frame that is recorded, and the one to stop at.
        times_s: Of every frame heard, on the capture's clock.
        memory: Of worker and client, with the seconds of source that had passed by then.
        peak: The worker's highest while it completed the take, bytes.
        kept_s: When the end of the recording was ordered.
        completing_s: From there to the complete take.
        recorded, done: The worker's reports.
    """

    zero_s: float = 0.0
    end_s: float = 0.0
    times_s: array = field(default_factory=lambda: array("d"))
    memory: list[tuple[float, int, int]] = field(default_factory=list)
    peak: int = 0
    kept_s: float = 0.0
    completing_s: float = 0.0
    recorded: dict = field(default_factory=dict)
    done: dict = field(default_factory=dict)


def run(minutes: float) -> None:
    """Measure and print.

    Args:
        minutes: Of source time.
    """
    clip = sample()
    with tempfile.TemporaryDirectory() as scratch:
        take = Path(scratch, "soak.fwtake")
        client = WorkerClient([sys.executable, "-I"], [Path(np.__file__).parents[1]])
        try:
            begun = time.perf_counter()
            soak = _listen(
                client, LiveRequest(f"file:{clip}", realtime=False, repeat=True), take, minutes
            )
            seconds = soak.kept_s - begun
        finally:
            client.close()
        _report(soak, take, seconds)


def _listen(client: WorkerClient, request: LiveRequest, take: Path, minutes: float) -> Soak:
    soak, worker, own = Soak(), psutil.Process(client.pid), psutil.Process()
    client.live(request)
    watched_s = 0.0
    while not soak.done:
        for message in client.poll():
            if message.kind is Kind.VALUES:
                _heed(client, soak, message.data["time_s"], take, minutes)
            elif message.kind is Kind.RECORDED:
                soak.recorded, soak.completing_s = message.data, time.perf_counter() - soak.kept_s
            elif message.kind in LAST_WORDS:
                soak.done = message.data
        now = time.perf_counter()
        if now - watched_s > _WATCH_EVERY_S and soak.times_s and not soak.done:
            watched_s = now
            held = worker.memory_info().rss
            if soak.kept_s:
                soak.peak = max(soak.peak, held)
            else:
                passed = soak.times_s[-1] - soak.zero_s
                soak.memory.append((passed, held, own.memory_info().rss))
        time.sleep(_POLL_S)
    if "message" in soak.recorded or "message" in soak.done:
        raise SystemExit(soak.recorded.get("message") or soak.done["message"])
    return soak


def _heed(client: WorkerClient, soak: Soak, time_s: float, take: Path, minutes: float) -> None:
    if not soak.times_s:
        soak.zero_s, soak.end_s = time_s, time_s + 60 * minutes
        client.order(Kind.RECORD, take=str(take), zero_s=time_s, microphone="", header={})
    soak.times_s.append(time_s)
    if time_s >= soak.end_s and not soak.kept_s:
        soak.kept_s = time.perf_counter()
        client.order(Kind.KEEP, shift_s=0.0)
        client.cancel()


def _report(soak: Soak, take: Path, seconds: float) -> None:
    track, header = read_track(take), read_header(take)
    heard = np.array(soak.times_s) - soak.zero_s
    inside = heard[heard <= track.time_s[-1] + _SAME_S]
    whole = len(inside) == len(track) and np.abs(inside - track.time_s).max() < _SAME_S
    rows = {
        "source time (min)": heard[-1] / 60,
        "capturing it (min)": seconds / 60,
        "frames a second": len(heard) / seconds,
        "frames received by the worker": soak.done["received"],
        "frames tracked": soak.done["frames"],
        "frames dropped": soak.done["dropped"],
        "frames heard by the client": len(heard),
        "frames in the take": len(track),
        "take (MiB)": take.stat().st_size / 2**20,
        "completing the take (s)": soak.completing_s,
        "worker's memory while it did so, highest (MiB)": soak.peak / 2**20,
    }
    print(f"\nSoak: {header['source']['file']}, every frame, as fast as it goes")
    for name, value in rows.items():
        print(f"{name:50}{value:12,.0f}" if value == int(value) else f"{name:50}{value:12,.2f}")
    print(f"{'every frame heard is in the take, in time':50}{'yes' if whole else 'NO':>12}")
    _report_memory(np.array(soak.memory))


def _report_memory(memory: np.ndarray) -> None:
    """Mean of each quarter of the source's time, and the slope over the last three."""
    passed_min, mib = memory[:, 0] / 60, memory[:, 1:] / 2**20
    quarter = np.minimum((4 * passed_min / passed_min[-1]).astype(int), 3)
    print(
        f"\n{'memory (MiB)':14}"
        + "".join(f"{f'{i + 1}. quarter':>12}" for i in range(4))
        + f"{'per hour':>12}"
    )
    for column, name in enumerate(("worker", "client")):
        means = [mib[quarter == i, column].mean() for i in range(4)]
        late = quarter > 0
        slope = 60 * np.polyfit(passed_min[late], mib[late, column], 1)[0]
        print(f"{name:14}" + "".join(f"{value:12.1f}" for value in means) + f"{slope:+12.1f}")
