# SPDX-License-Identifier: GPL-3.0-or-later
"""What decoding costs, by dialect, beside what others wrote for two of them, in turns."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.support.stream_packets import SENDABLE, frames_of
from engine.formats.dialects import DIALECTS
from tools.check_stream_clients import installed_packages

_FRAMES, _TURNS = 300, 15

Frames = list[list[bytes]]


def run() -> None:
    """Measure and print."""
    print(f"\nDecode: {_FRAMES} frames, median of {_TURNS} turns, load {os.getloadavg()[0]:.2f}")
    print(
        f"{'dialect':14}{'packets/frame':>14}{'bytes/frame':>12}{'us/packet':>11}{'us/frame':>10}"
    )
    rivals = _rivals()
    for name in SENDABLE:
        frames = frames_of(name, _FRAMES, 60.0)
        packets = sum(map(len, frames)) / len(frames)
        size = sum(len(packet) for frame in frames for packet in frame) / len(frames)
        feeders = {"ours": lambda name=name: DIALECTS[name].decoder().feed} | rivals.get(name, {})
        cost = _cost(feeders, frames)
        ours = cost.pop("ours")
        print(f"{name:14}{packets:14.1f}{size:12.0f}{ours / packets:11.1f}{ours:10.1f}")
        for rival, theirs in cost.items():
            print(
                f"  {rival:38}{theirs / packets:11.1f}{theirs:10.1f}   {theirs / ours:.2f} x ours"
            )
    if not rivals:
        print("(no rivals: run tools/check_stream_clients.py first)")


def _cost(
    feeders: dict[str, Callable[[], Callable[[bytes], object]]], frames: Frames
) -> dict[str, float]:
    """Microseconds for each frame, by contestant."""
    turns: dict[str, list[float]] = {name: [] for name in feeders}
    for _ in range(_TURNS):
        for name, new_feed in feeders.items():
            feed = new_feed()
            begin_s = time.perf_counter()
            for frame in frames:
                for packet in frame:
                    feed(packet)
            turns[name].append(1e6 * (time.perf_counter() - begin_s) / len(frames))
    return {name: float(np.median(costs)) for name, costs in turns.items()}


def _rivals() -> dict[str, dict[str, Callable[[], Callable[[bytes], object]]]]:
    folder = installed_packages()
    if folder is None:
        return {}
    sys.path.append(str(folder))  # behind our own packages
    from pylivelinkface import PyLiveLinkFace
    from pythonosc.dispatcher import Dispatcher

    def new_dispatch() -> Callable[[bytes], object]:
        values: dict[object, object] = {}
        dispatcher = Dispatcher()
        for address in ("Blend/Val", "Blend/Apply", "Bone/Pos", "Root/Pos", "T", "OK"):
            dispatcher.map(f"/VMC/Ext/{address}", lambda _, *told: values.update({told[:1]: told}))
        return lambda data: dispatcher.call_handlers_for_packet(data, ("127.0.0.1", 0))

    return {
        "livelink": {"PyLiveLinkFace.decode": lambda: PyLiveLinkFace.decode},
        "vmc": {"python-osc, Dispatcher": new_dispatch},
    }
