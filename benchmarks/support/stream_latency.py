# SPDX-License-Identifier: GPL-3.0-or-later
"""From a frame sent to its values at the client, through sockets and the worker process."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.support.stream_packets import SENDABLE, frames_of
from engine.core.requests import LiveRequest
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind

_RATE = 60
_POLL_S = 0.0005
_PATIENCE_S = 30.0


def run(seconds: float) -> None:
    """Measure and print, for every dialect that is sent."""
    print(f"\nLatency: sent to values at the client, {_RATE} frames a second, {seconds:g} s each")
    print(f"load of the machine {os.getloadavg()[0]:.2f}")
    print(
        f"{'dialect':14}{'frames':>8}{'lost':>6}{'median ms':>11}{'95 % ms':>9}{'highest ms':>12}"
    )
    for name in SENDABLE:
        sent, heard = _measure(name, round(seconds * _RATE))
        lost = len(sent) - len(heard)
        if lost:
            print(f"{name:14}{len(sent):8}{lost:6}  which frames is not known")
            continue
        delay_ms = 1e3 * (np.array(heard) - np.array(sent))
        median, most = np.percentile(delay_ms, (50, 95))
        print(f"{name:14}{len(sent):8}{lost:6}{median:11.2f}{most:9.2f}{delay_ms.max():12.2f}")


def _measure(name: str, count: int) -> tuple[list[float], list[float]]:
    """When each frame was sent, and when its values were heard."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = WorkerClient([sys.executable, "-I"], [Path(np.__file__).parents[1]])
    sent: list[float] = []
    heard: list[float] = []
    sender = threading.Thread(target=_send, args=(frames_of(name, count, _RATE), port, sent))
    try:
        client.live(LiveRequest(f"udp:{name}:{port}"))
        end_s = time.perf_counter() + _PATIENCE_S
        while len(heard) < count and time.perf_counter() < end_s:
            for message in client.poll():
                if message.kind is Kind.VALUES:
                    heard.append(time.perf_counter())
                    end_s = heard[-1] + 2.0
                elif message.kind is Kind.STATUS and sender.ident is None:
                    sender.start()  # it listens
                elif message.kind in LAST_WORDS:
                    raise SystemExit(str(message.data))
            time.sleep(_POLL_S)
    finally:
        client.close()
    sender.join()
    return sent, heard


def _send(frames: list[list[bytes]], port: int, sent: list[float]) -> None:
    begin_s = time.perf_counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
        speaker.connect(("127.0.0.1", port))
        for number, packets in enumerate(frames):
            time.sleep(max(0.0, begin_s + number / _RATE - time.perf_counter()))
            sent.append(time.perf_counter())
            for packet in packets:
                speaker.send(packet)
