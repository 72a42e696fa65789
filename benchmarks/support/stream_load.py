# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten streams at once into one process that has one core: what is lost, and what it costs."""

from __future__ import annotations

import multiprocessing
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import psutil

from benchmarks.support.stream_packets import frames_of
from engine.core.requests import LiveRequest
from engine.pipeline.stream import StreamCapture

_STREAMS = ("livelink", "vmc", "ifacialmocap", "facemotion3d", "facecap", "vtube") + (
    "vmc-assistant",
    "livelink",
    "livelink",
    "vmc",
)
_RATE = 120
# The faces begin again after so long.
_ROUND_S = 30
_WATCH_EVERY_S = 1.0


@dataclass
class _Heard:
    """What the receiving process found: by stream, and its memory in MiB once a second."""

    frames: list[int] = field(default_factory=list)
    packets: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    seconds: float = 0.0
    busy_s: float = 0.0


def run(minutes: float) -> None:
    """Measure and print."""
    print(f"\nLoad: {len(_STREAMS)} streams of {_RATE} frames a second, {minutes:g} min, one core")
    rounds = [frames_of(name, _RATE * _ROUND_S, _RATE) for name in _STREAMS]
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_receive, args=(there,))
    child.start()
    ports = here.recv()
    load_before = os.getloadavg()[0]
    sent = _send(rounds, ports, minutes)
    here.send("end")
    heard: _Heard = here.recv()
    child.join()
    _report(rounds, sent, heard, load_before)


def _send(rounds: list[list[list[bytes]]], ports: list[int], minutes: float) -> int:
    """Send frames to all, evenly spread; returns how many each got."""
    speakers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for speaker, port in zip(speakers, ports, strict=True):
        speaker.connect(("127.0.0.1", port))
    count, begin_s = round(60 * minutes * _RATE), time.perf_counter()
    for number in range(count):
        for place, (frames, speaker) in enumerate(zip(rounds, speakers, strict=True)):
            due_s = begin_s + (number + place / len(rounds)) / _RATE
            time.sleep(max(0.0, due_s - time.perf_counter()))
            for packet in frames[number % len(frames)]:
                speaker.send(packet)
    for speaker in speakers:
        speaker.close()
    return count


def _receive(there: Connection) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    captures = [StreamCapture(LiveRequest(f"udp:{name}:0")) for name in _STREAMS]
    frames, closing = [0] * len(captures), threading.Event()

    def follow(place: int) -> None:
        while not closing.is_set():
            frames[place] += captures[place].step() is not None

    threads = [threading.Thread(target=follow, args=(place,)) for place in range(len(captures))]
    for thread in threads:
        thread.start()
    own, heard = psutil.Process(), _Heard()
    there.send([capture.source.port for capture in captures])
    while not any(frames):
        time.sleep(0.001)
    begin_s, busy = time.perf_counter(), time.process_time()
    while not there.poll(_WATCH_EVERY_S):
        heard.memory.append(own.memory_info().rss / 2**20)
        heard.seconds, heard.busy_s = time.perf_counter() - begin_s, time.process_time() - busy
    time.sleep(1.0)  # what is on its way
    closing.set()
    for thread in threads:
        thread.join()
    heard.frames = frames
    heard.packets = [capture.source.receiver.received for capture in captures]
    heard.refused = [capture.source.receiver.refused for capture in captures]
    heard.dropped = [capture.source.dropped for capture in captures]
    for capture in captures:
        capture.close()
    there.send(heard)


def _report(rounds: list[list[list[bytes]]], sent: int, heard: _Heard, load_before: float) -> None:
    print(
        f"{'stream':14}{'packets sent':>14}{'lost':>8}{'frames sent':>14}{'lost':>8}{'refused':>9}"
    )
    lost = 0
    for place, (name, frames) in enumerate(zip(_STREAMS, rounds, strict=True)):
        whole, rest = divmod(sent, len(frames))
        sizes = [len(packets) for packets in frames]
        packets = whole * sum(sizes) + sum(sizes[:rest])
        missing = packets - heard.packets[place]
        lost += missing
        print(
            f"{name:14}{packets:14,}{missing:8,}{sent:14,}"
            f"{sent - heard.frames[place]:8,}{heard.refused[place]:9,}"
        )
    memory = heard.memory
    print(f"{'packets a second, all streams':42}{sum(heard.packets) / heard.seconds:12,.0f}")
    print(f"{'packets lost':42}{lost:12,}")
    print(f"{'share of the one core':42}{heard.busy_s / heard.seconds:12.1%}")
    print(
        f"{'memory after 5 s, at the end (MiB)':42}{memory[min(4, len(memory) - 1)]:12.1f}", end=""
    )
    print(f"{memory[-1]:8.1f}")
    print(f"{'load of the machine before, after':42}{load_before:12.2f}{os.getloadavg()[0]:8.2f}")
