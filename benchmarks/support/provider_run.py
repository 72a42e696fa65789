# SPDX-License-Identifier: GPL-3.0-or-later
"""One provider measured in a process of its own, so that its memory is its own.

    python -m benchmarks.support.provider_run network DEVICE BATCH
    python -m benchmarks.support.provider_run engine DEVICE CLIP STREAMS
    python -m benchmarks.support.provider_run decode DEVICE CLIP

Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from engine.core.inference.gpu_settings import GpuSettings
from engine.core.inference.onnx_session import open_model
from engine.core.inference.provider_check import stored_input
from engine.core.inference.providers import CUDA
from engine.models.catalog import model_path
from engine.sources.card_decoding import decoder_beside
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker

NETWORK = "face_landmarks"
# Until so many runs were timed, and so much time has passed.
RUNS, SECONDS = 5, 2.0


def network(device: str, batch: int) -> dict:
    """The landmark network alone, as many pictures at once as asked."""
    model = open_model(model_path(NETWORK), device, GpuSettings(batch=batch), batch)
    given = stored_input((3, 256, 256), batch)
    for _ in range(2):
        model.run(given)
    times, begin = [], time.perf_counter()
    while len(times) < RUNS or time.perf_counter() - begin < SECONDS:
        started = time.perf_counter()
        model.run(given)
        times.append(time.perf_counter() - started)
    seconds = statistics.median(times) / batch
    return {"provider": model.provider, "notes": model.notes, "seconds": seconds}


def engine(device: str, clip: Path, streams: int) -> dict:
    """The whole default engine: decode, follow, measure. Opening is told apart."""
    opened = time.perf_counter()
    options = TrackerOptions(model_path, device=device, streams=streams)
    tracker = create_tracker("mediapipe", options)
    opening = time.perf_counter() - opened
    started, frames = time.perf_counter(), 0
    with VideoSource(clip) as source:
        source.use_card(decoder_beside(tracker.provider))
        for observations in tracker.track(source.frames()):
            frames += len(observations)
        notes = [*tracker.notes, *source.notes]
    return {
        "provider": tracker.provider,
        "notes": notes,
        "seconds": (time.perf_counter() - started) / max(frames, 1),
        "streams": tracker.streams,
        "opening": opening,
        "frames": frames,
    }


def decode(device: str, clip: Path) -> dict:
    """Pictures out of the file and nothing else; by the card where it is asked for."""
    started, frames = time.perf_counter(), 0
    with VideoSource(clip) as source:
        if device != "cpu":
            source.use_card(decoder_beside(CUDA), at_least=0)
        for _ in source.frames():
            frames += 1
        decoder, notes = source.decoder, source.notes
    return {
        "provider": decoder or "processor",
        "notes": notes,
        "seconds": (time.perf_counter() - started) / max(frames, 1),
        "frames": frames,
    }


def main(what: str, device: str, *rest: str) -> None:
    """Measures and prints."""
    if what == "network":
        result = network(device, int(rest[0]))
    elif what == "engine":
        result = engine(device, Path(rest[0]), int(rest[1]))
    else:
        result = decode(device, Path(rest[0]))
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
