# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at the card, the GPU runtime, and how tracking and its networks run."""

from __future__ import annotations

import statistics
import time

from ..core.errors import FacewrightError
from ..core.findings import BLOCKED, NOTE, OK, PROBLEM, Findings
from ..core.requests import DoctorRequest

# The network that nearly all of the time goes into.
LANDMARKS = "face_landmarks"
_WARM_UP, _RUNS = 3, 15


def check_card(findings: Findings, _request: DoctorRequest) -> None:
    """NVIDIA's cards with their driver, and the GPU runtime that was installed."""
    from ..core.inference.gpu_facts import ask_gpus

    cards = ask_gpus()
    findings.facts["cards"] = [vars(card) for card in cards]
    for card in cards:
        findings.add(
            "Graphics card",
            card.name,
            f"driver {card.driver}, compute capability {card.compute_capability or 'unknown'}, "
            f"{card.used_mib} of {card.memory_mib} MiB in use",
        )
    if not cards:
        findings.add("Graphics card", "NVIDIA", "no card or no driver was found")
    _check_runtime(findings)


def _check_runtime(findings: Findings) -> None:
    from ..runtime.status import status

    told = status()
    findings.facts["gpu_runtime"] = told
    name = "GPU runtime"
    if not told["installed"]:
        findings.add("Graphics card", name, "not installed")
    for one in told["installed"]:
        text = f"{one['name']}, {one['bytes'] / 1e9:.1f} GB"
        if one["problem"]:
            advice = "Remove it and install it again."
            findings.add("Graphics card", name, f"{text}: {one['problem']}", PROBLEM, advice)
        else:
            used = " in use" if one["name"] == told["in_use"] else " not in use"
            findings.add("Graphics card", name, f"{text},{used}")
    if told["note"]:
        findings.add("Graphics card", name, told["note"], PROBLEM)


def check_tracking(findings: Findings, _request: DoctorRequest) -> None:
    """The default engine and solver are opened and given a picture, as a clip would be."""
    if any(one.state == BLOCKED for one in findings.all):
        return  # what is told above keeps it from running
    findings.look("Tracking", "Default engine", lambda: _try_tracking(findings), BLOCKED)


def _try_tracking(findings: Findings) -> None:
    import numpy as np

    from ..core.engines import DEFAULT_ENGINE
    from ..core.requests import SolveSettings
    from ..core.types import VideoFrame
    from ..models.catalog import model_path
    from ..tracking.base import TrackerOptions
    from ..tracking.catalog import create_tracker
    from .solve import make_solver

    tracker = create_tracker(DEFAULT_ENGINE, TrackerOptions(model_path, device="cpu"))
    height, width = 360, 640
    picture = np.full((height, width, 3), 127, np.uint8)
    seen = tracker.track_one(VideoFrame(0, 0.0, picture))
    make_solver(SolveSettings(), width, height).solve(seen)
    tracker.close()
    findings.add("Tracking", "Default engine", f"{DEFAULT_ENGINE} opens and takes a picture")


def check_providers(findings: Findings, request: DoctorRequest) -> None:
    """The default engine's landmark network on everything that could run it."""
    from ..core.inference.onnx_session import available_providers, is_tensorrt_built
    from ..core.inference.providers import TENSORRT
    from ..models.catalog import model_path

    there = available_providers()
    findings.facts["providers"] = there
    findings.facts["speed"] = {}
    if not there:
        findings.add(
            "Speed", "Networks", "onnxruntime is missing or does not load, so none runs", BLOCKED
        )
        return
    findings.add("Speed", "Offered by onnxruntime", ", ".join(map(_short, there)))
    try:
        path = model_path(LANDMARKS)
        cpu_ms = measure_network(path, "cpu", quick=request.quick)[0]
    except FacewrightError as error:
        findings.add("Speed", "Processor", error.message, BLOCKED, error.hint)
        return
    findings.facts["speed"]["cpu"] = cpu_ms
    text = "runs" if request.quick else f"{cpu_ms:.2f} ms a picture, one at a time"
    findings.add("Speed", "Processor", text)
    for device, provider in _devices():
        if provider not in there:
            continue
        # What offline tracking has built is for its larger batches, and of no use here.
        if provider == TENSORRT and not is_tensorrt_built(path):
            text = "not tried: live capture builds what it needs at its first use, in minutes"
            findings.add("Speed", _short(provider), text, NOTE)
        elif request.quick:
            findings.add("Speed", _short(provider), "offered, not tried", NOTE)
        else:
            _measure(findings, path, device, provider, cpu_ms)


def _devices() -> list[tuple[str, str]]:
    from ..core.inference.providers import COREML, CUDA, DIRECTML, TENSORRT

    return [("cuda", CUDA), ("tensorrt", TENSORRT), ("directml", DIRECTML), ("coreml", COREML)]


def _measure(findings: Findings, path, device: str, provider: str, cpu_ms: float) -> None:
    milliseconds, used, notes = measure_network(path, device)
    findings.facts["speed"][device] = milliseconds if used == provider else None
    if used != provider:
        findings.add("Speed", _short(provider), " ".join(notes) or "does not start", PROBLEM)
        return
    ratio = cpu_ms / max(milliseconds, 1e-6)
    text = f"{milliseconds:.2f} ms a picture, {ratio:.1f} x the processor's speed"
    text = f"{text}. {' '.join(notes)}" if notes else text
    findings.add("Speed", _short(provider), text, NOTE if notes else OK)


def measure_network(path, device: str, *, quick: bool = False) -> tuple[float, str, list[str]]:
    """The median time of a picture, milliseconds, what it ran on, and what that said.

    Raises:
        FacewrightError: What ``open_model`` raises, or ``model-wrong`` where it gives no numbers.
    """
    import numpy as np

    from ..core.inference.onnx_session import open_model
    from ..core.inference.provider_check import stored_input

    model = open_model(path, device)
    picture = stored_input(model.session.get_inputs()[0].shape[1:], 1)
    times = []
    for number in range(1 if quick else _WARM_UP + _RUNS):
        began = time.perf_counter()
        outputs = model.run(picture)
        if number >= (0 if quick else _WARM_UP):
            times.append(1e3 * (time.perf_counter() - began))
    if not all(np.isfinite(output).all() for output in outputs):
        raise FacewrightError(
            f"The network {path.name} gives values that are not numbers on {model.provider}.",
            "Please report this.",
            "model-wrong",
        )
    return statistics.median(times), model.provider, list(model.notes)


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider")
