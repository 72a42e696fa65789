# SPDX-License-Identifier: GPL-3.0-or-later
"""What a live frame costs in the worker, stage by stage, paced as a camera."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from engine.core.requests import LiveRequest
from engine.pipeline.live import LiveCapture
from engine.worker.live_wire import pack_values
from engine.worker.protocol import Kind, Message

_SETTLED, _FRAMES = 90, 600


def print_worker_costs(clip: Path) -> None:
    """Measure in this process and print milliseconds of each stage."""
    costs: dict[str, list[float]] = defaultdict(list)
    capture = LiveCapture(LiveRequest(f"file:{clip}", repeat=True))
    try:
        for number in range(_SETTLED + _FRAMES):
            if number == _SETTLED:
                for values in costs.values():
                    values.clear()
            _step(capture, costs, number)
    finally:
        capture.close()
    print("\nA frame in the worker, paced as a camera, ms")
    print(f"{'':46}{'median':>8}{'p95':>8}")
    for name, values in costs.items():
        print(f"{name:46}{np.median(values):8.2f}{np.percentile(values, 95):8.2f}")


def _step(capture: LiveCapture, costs: dict[str, list[float]], number: int) -> None:
    if number == 0:
        _time_decoding(capture, costs["decode, from the picture's time on"])
    if number == 1:  # the solver is there from the first picture on
        _time(capture._tracker, "track_one", costs["track: landmarks, scores, head"])
        _time(capture._solver, "solve", costs["solve: weights, pose, gaze, confidence"])
        _time(capture._student, "see", costs["learn the face at rest (hand over)"])
    frame = None
    while frame is None:
        frame = capture.step()
    solved = time.perf_counter()
    Message(Kind.VALUES, "live", pack_values(frame.track)).to_line()
    packed = time.perf_counter()
    capture.keep(frame)
    costs["pack for the wire"].append(1e3 * (packed - solved))
    costs["from the picture's time to solved"].append(1e3 * (solved - frame.picture.time_s))


def _time(owner: object, name: str, costs: list[float]) -> None:
    work = getattr(owner, name)

    def timed(*arguments):
        begun = time.perf_counter()
        answer = work(*arguments)
        costs.append(1e3 * (time.perf_counter() - begun))
        return answer

    setattr(owner, name, timed)


def _time_decoding(capture: LiveCapture, costs: list[float]) -> None:
    """A paced file decodes a picture when it is due; see ``sources.paced_file``."""
    next_frame = capture.source.next_frame

    def timed(timeout_s: float):
        picture = next_frame(timeout_s)
        if picture is not None:
            costs.append(1e3 * (time.perf_counter() - picture.time_s))
        return picture

    capture.source.next_frame = timed
