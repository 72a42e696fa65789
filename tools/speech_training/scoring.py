# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores the shipped network on speech with known times."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from benchmarks.support.speech_scoring import CLASSES, frames_of, reference, score
from engine.core.inference.onnx_session import open_model
from engine.models.catalog import model_path
from engine.pipeline.hear_file import hear_pieces
from engine.speech.decode import decode

from .timed import read


def table(folder: Path) -> str:
    """Recalls of the six mouth classes for each kind of voice in a folder."""
    network = open_model(model_path("speech"), "cpu")
    truths: dict[str, dict] = defaultdict(dict)
    cues = {}
    for path in sorted(folder.glob("*.json")):
        speech = read(path.with_suffix(""))
        kind = f"{speech.voice.split()[0]} {speech.language}"
        frames = frames_of(len(speech.sound), speech.rate)
        truths[kind][path.stem] = reference(speech.segments, frames)
        cues[path.stem] = decode(hear_pieces(network, [speech.sound]))
    lines = [f"{'voices':<24} balanced  accuracy  " + "  ".join(f"{name:>6}" for name in CLASSES)]
    for kind, references in truths.items():
        found = score(references, cues)
        recalls = "  ".join(f"{found.recall.get(name, float('nan')):6.2f}" for name in CLASSES)
        lines.append(f"{kind:<24} {found.balanced:8.3f}  {found.accuracy:8.3f}  {recalls}")
    return "\n".join(lines)
