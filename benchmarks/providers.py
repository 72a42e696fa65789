# SPDX-License-Identifier: GPL-3.0-or-later
"""What a card gains: every provider that is there, alone and in the whole engine.

    python -m benchmarks.providers [--seconds 20] [--devices cpu cuda ...] [CLIP ...]

Each line is a process of its own. "x CPU" is beside the processor of the same machine in the same
run; memory is the peak of the process, and of the card what it holds more than before (all of it
told by nvidia-smi, so nothing else should use the card meanwhile). Without a card it says so and
measures the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.support import tracking_runs
from benchmarks.support.clips import looped
from engine.core.inference.gpu_facts import ask_gpus
from engine.core.inference.onnx_session import available_providers
from engine.core.inference.providers import COREML, CUDA, DIRECTML, TENSORRT

ROOT = Path(__file__).resolve().parent.parent
BATCHES = (1, 8, 32)
DEVICES = {"tensorrt": TENSORRT, "cuda": CUDA, "directml": DIRECTML, "coreml": COREML}
_POLL_S = 0.05


@dataclass(frozen=True)
class Measured:
    """One process.

    Attributes:
        found: What it printed; None where it ended otherwise.
        process_mib: Peak of its memory.
        card_mib: Peak of what the card held more than before; None without a card.
    """

    found: dict | None
    process_mib: float
    card_mib: int | None


def there() -> list[str]:
    """Devices to measure, the processor first."""
    providers = available_providers()
    return ["cpu", *(device for device, name in DEVICES.items() if name in providers)]


def measure(*words: object) -> Measured:
    """Runs ``benchmarks.support.provider_run`` and watches its memory."""
    before, peaks = _card_mib(), {"process": 0.0, "card": 0}
    command = [sys.executable, "-m", "benchmarks.support.provider_run", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    ended = threading.Event()

    def watch_process() -> None:
        watched = psutil.Process(process.pid)
        while not ended.wait(_POLL_S):
            try:
                peaks["process"] = max(peaks["process"], watched.memory_info().rss / 2**20)
            except psutil.Error:
                return

    def watch_card() -> None:
        while before is not None and not ended.is_set():
            peaks["card"] = max(peaks["card"], (_card_mib() or 0) - before)

    watchers = [threading.Thread(target=watch) for watch in (watch_process, watch_card)]
    for watcher in watchers:
        watcher.start()
    told, _ = process.communicate()
    ended.set()
    for watcher in watchers:
        watcher.join()
    found = json.loads(told) if process.returncode == 0 else None
    return Measured(found, peaks["process"], None if before is None else peaks["card"])


def _card_mib() -> int | None:
    """MiB in use on all cards together: whichever is measured, the others stay as they are."""
    cards = ask_gpus()
    return sum(card.used_mib for card in cards) if cards else None


def _row(name: str, device: str, result: Measured, reference_s: float | None) -> float | None:
    """Prints a line; the seconds of a picture where the device was really used."""
    if result.found is None:
        print(f"{name:34} {device:9} ended with an error")
        return None
    seconds, provider = result.found["seconds"], result.found["provider"]
    ratio = f"{reference_s / seconds:7.2f}x" if reference_s else f"{1:7.2f}x"
    card = "-" if result.card_mib is None else result.card_mib
    print(
        f"{name:34} {device:9} {1 / seconds:9.0f} {1e3 * seconds:8.3f} {ratio} "
        f"{result.process_mib:8.0f} {card:>8}  {provider.removesuffix('ExecutionProvider')}",
        flush=True,
    )
    for note in result.found["notes"]:
        print(f"{'':34} {note}")
    return seconds


def _each(name: str, devices: list[str], what: str, *words: object) -> None:
    reference = None
    for device in devices:
        seconds = _row(name, device, measure(what, device, *words), reference)
        reference = reference or seconds


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="*")
    parser.add_argument("--seconds", type=float, default=20, help="of a clip that is made longer")
    parser.add_argument("--devices", nargs="+", choices=["cpu", *DEVICES])
    options = parser.parse_args()
    devices = options.devices or there()
    cards = ask_gpus()
    for card in cards:
        print(
            f"card: {card.name}, compute capability {card.compute_capability}, driver "
            f"{card.driver}, {card.memory_mib} MiB of which {card.used_mib} are in use"
        )
    if not cards:
        print("card: nvidia-smi tells of none; its memory is not measured")
    print(f"processor: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
    if devices == ["cpu"]:
        print("This build of onnxruntime has no provider for a card: the processor alone.")
    print(
        f"\n{'':34} {'device':9} {'frames/s':>9} {'ms':>8} {'x CPU':>8} {'MiB':>8} {'card MiB':>8}"
    )
    for batch in BATCHES:
        _each(f"landmark network, batch {batch}", devices, "network", batch)
    clips = [looped(options.seconds)] if not options.clip else tracking_runs.paths(options.clip)
    for clip in clips:
        _each(f"decode {clip.name}"[:34], ["cpu", *(["card"] if cards else [])], "decode", clip)
        for streams in (1, 0):
            name = f"engine, {'1 stream' if streams else 'usual streams'}, {clip.name}"
            _each(name[:34], devices, "engine", clip, streams)
    print(f"\n{time.strftime('%Y-%m-%d')}; opening the networks is not in these figures")


if __name__ == "__main__":
    main()
