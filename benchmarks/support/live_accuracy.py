# SPDX-License-Identifier: GPL-3.0-or-later
"""What live capture gives away: frames to come, and a face at rest that is known from the start.

Each clip is captured live without dropping a frame, filtered as the character shows it, and
compared with its true weights, next to the same clip tracked offline and Google's package.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.support.contestants import RIVAL, Contestant, contestants, track
from benchmarks.support.own_clips import own_clips
from benchmarks.support.truth import Truth, read_truth, shared_clips
from benchmarks.support.weight_errors import compare_weights
from engine.core.arkit import INDEX
from engine.core.requests import LiveRequest
from engine.core.types import FaceTrack
from engine.filters.live import LiveFilterSettings
from engine.pipeline.capture_live import capture_live

_OFFLINE = Contestant("offline", "mediapipe", "facewright")


def run() -> None:
    """Print the table."""
    rivals = [RIVAL] if RIVAL in contestants() else []
    print("\nAccuracy live: mean correlation with the true weights (shapes under 0.5)")
    names = ["live", "live, not filtered", _OFFLINE.name, *(rival.name for rival in rivals)]
    print(f"{'clip':24}" + "".join(f"{name:>22}" for name in names))
    with tempfile.TemporaryDirectory() as scratch:
        for clip in shared_clips() or own_clips():
            truth = read_truth(clip)
            tracks = [
                _live(clip, LiveFilterSettings()),
                _live(clip, LiveFilterSettings(steadiness={})),
                *(track(clip, each, Path(scratch))[0] for each in (_OFFLINE, *rivals)),
            ]
            cells = "".join(f"{_figures(truth, one):>22}" for one in tracks)
            print(f"{clip.stem:24}{cells}", flush=True)


def _live(clip: Path, settings: LiveFilterSettings) -> FaceTrack:
    request = LiveRequest(f"file:{clip.absolute()}", realtime=False)
    return capture_live(request, settings)[0]


def _figures(truth: Truth, solved: FaceTrack) -> str:
    columns = [INDEX[name] for name in truth.names]
    count = min(len(truth.weights), len(solved))
    errors = compare_weights(truth.weights[:count], solved.weights[:count, columns], truth.names)
    r = np.array(list(errors.correlation.values()))
    return f"{r.mean():.3f} ({(r < 0.5).sum()} of {len(r)})"
