# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the GPU runtime that a person has installed is not used, for whoever opens a network."""

from __future__ import annotations

_note = ""


def tell_runtime(note: str) -> None:
    """``engine.runtime`` says what is wrong with the runtime; nothing takes it back."""
    global _note
    _note = note


def runtime_note() -> str:
    """A sentence or two; empty where there is no runtime, or it is used and whole."""
    return _note
