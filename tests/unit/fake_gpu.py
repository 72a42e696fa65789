# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that is none: onnxruntime's own processor under another name, that fails when told."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime as real

from engine.core.inference import onnx_session, provider_check, provider_start
from engine.core.inference.providers import CPU, CUDA

CARD = "NVIDIA GeForce GTX 1650, 7.5, 550.54"


class Fail(Exception):  # noqa: N818 - its name is theirs
    """As onnxruntime's class of that name."""


Fail.__module__ = "onnxruntime.capi.onnxruntime_pybind11_state"


class Session:
    """A session on a provider that may be there in name alone.

    Attributes:
        card: What it belongs to.
    """

    def __init__(self, card: Card, path: str, options, providers: list) -> None:
        self.card = card
        self.providers = [provider for provider, _ in providers]
        self.options = dict(providers)
        if error := card.refuses.get(self.providers[0]):
            if isinstance(error, Exception):
                raise error
            self.providers = [CPU]
        self.is_card = self.providers[0] != CPU
        self._real = real.InferenceSession(path, options, providers=[CPU])
        self.get_inputs, self.get_outputs = self._real.get_inputs, self._real.get_outputs
        self.io_binding = self._real.io_binding
        card.sessions.append(self)

    def get_providers(self) -> list[str]:
        return self.providers

    def run(self, names, inputs):
        outputs = self._real.run(names, inputs)
        if not self.is_card:
            self.card.on_cpu += 1
            return outputs
        return self.card.answer(outputs, len(next(iter(inputs.values()))))

    def run_with_iobinding(self, binding) -> None:
        self._real.run_with_iobinding(binding)
        if self.is_card:
            outputs = binding.get_outputs()
            given = [value.numpy() for value in outputs]
            answers = self.card.answer(given, len(given[0]))
            for value, answer in zip(outputs, answers, strict=True):
                value.update_inplace(np.ascontiguousarray(answer))


class Card:
    """A fake onnxruntime package with a card in it.

    Args:
        there: Providers that it has besides the processor.

    Attributes:
        refuses: Provider -> True where it does not start, or the exception that it raises.
        fails_at: Number of the run on the card, from 0, that fails; later ones fail, too.
        most_rows: Batches of more rows fail for want of memory.
        error: What they raise.
        spoils: Called with the card's outputs; what it returns is what the card gives.
        runs, on_cpu: Runs so far on the card and on the processor.
        batches: Rows of each run on the card.
    """

    def __init__(self, *there: str) -> None:
        self.there = [*(there or (CUDA,)), CPU]
        self.refuses: dict[str, object] = {}
        self.fails_at: int | None = None
        self.most_rows: int | None = None
        self.error: Exception = Fail("CUDA failure 2: out of memory ; GPU=0")
        self.spoils = None
        self.runs = self.on_cpu = 0
        self.batches: list[int] = []
        self.sessions: list[Session] = []
        self._lock = threading.Lock()

    def answer(self, outputs, rows):
        with self._lock:
            self.runs += 1
            self.batches.append(rows)
            if self.fails_at is not None and self.runs > self.fails_at:
                raise self.error
            if self.most_rows is not None and rows > self.most_rows:
                raise self.error
        return self.spoils(outputs) if self.spoils else outputs

    def _open(self, path, options, providers, enable_fallback):
        # The real package would print to the worker's wire, and hide what failed.
        assert not enable_fallback
        return Session(self, path, options, providers)

    def package(self) -> SimpleNamespace:
        def make_value(shape, element_type, _device, _number):
            return real.OrtValue.ortvalue_from_shape_and_type(shape, element_type, "cpu", 0)

        return SimpleNamespace(
            __version__="1.0",
            SessionOptions=real.SessionOptions,
            get_available_providers=lambda: self.there,
            InferenceSession=self._open,
            OrtValue=SimpleNamespace(ortvalue_from_shape_and_type=make_value),
        )

    def put_in(self, monkeypatch, home: Path) -> Card:
        """Puts the card into this machine, with a folder of its own for caches."""
        package = self.package()
        monkeypatch.setenv("FACEWRIGHT_HOME", str(home))
        monkeypatch.setattr(onnx_session, "_package", lambda: package)
        monkeypatch.setattr(onnx_session, "_load_cuda", lambda _package: None)
        monkeypatch.setattr(provider_start, "cuda_cards", lambda: (CARD,))
        return self


def time_as(monkeypatch, *, faster: bool) -> None:
    """Makes the card faster or slower than the processor in every check."""
    true = provider_start.check
    monkeypatch.setattr(provider_check, "RUNS", 1)

    def check(*arguments, **options):
        verdict = true(*arguments, **options)
        device, cpu = (1.0, 5.0) if faster else (5.0, 1.0)
        return type(verdict)(verdict.problem, verdict.difference, device, cpu)

    monkeypatch.setattr(provider_start, "check", check)
