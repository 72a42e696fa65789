# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours over recordings: ``python -m ... .speech_ours JOBS OUT sound|text|live [NETWORK]``.

What ``python -m engine lipsync`` does, curves of the face included, but for reading and writing
files of curves; ``live`` is what the microphone gets, fed 20 ms at a time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.support.speech_recordings import read_sound
from engine.core.cues import Cue
from engine.core.errors import FacewrightError
from engine.core.inference.onnx_session import open_model
from engine.core.requests import LipsyncRequest
from engine.models.catalog import model_path
from engine.pipeline import speak
from engine.speech.live_voice import FRAMES, LiveVoice

# One moment's worth, so that each push tells of one at most.
_PIECE = 320


def main(jobs_file: str, out_file: str, mode: str, network: str = "") -> int:
    """Hear every recording, and say what it cost."""
    jobs = json.loads(Path(jobs_file).read_text(encoding="utf-8"))
    cues_of = _way(mode, network)
    result: dict = {"cues": {}, "failed": {}, "notes": {}}
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for job in jobs:
        try:
            cues, result["notes"][job["name"]] = cues_of(job)
        except FacewrightError as error:
            result["failed"][job["name"]] = str(error)
            continue
        result["cues"][job["name"]] = [
            {"start": cue.start, "end": cue.end, "viseme": cue.viseme} for cue in cues
        ]
    result["seconds"] = time.perf_counter() - begun
    result["cpu_seconds"] = time.process_time() - begun_cpu
    Path(out_file).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _way(mode: str, network: str) -> Callable[[dict], tuple[list[Cue], list[str]]]:
    if mode == "live":
        model = open_model(Path(network) if network else model_path("speech_live"), "cpu")
        return lambda job: (_live(model, job), [])
    if network:
        # A network that is still being trained, in the place of the shipped one.
        speak.model_path = lambda _name: Path(network)

    def spoken(job: dict) -> tuple[list[Cue], list[str]]:
        text = job["text"] if mode == "text" else ""
        request = LipsyncRequest(job["wav"], text=text, language=job["language"])
        found = speak.speak(request)
        return found.cues, found.notes

    return spoken


def _live(model, job: dict) -> list[Cue]:
    """Each frame as it was shown: nothing that comes later changes it. The delay is left out."""
    sound = read_sound(Path(job["wav"]))
    voice, cues, length_s = LiveVoice(model), [], FRAMES / 100
    for first in range(0, len(sound), _PIECE):
        for _moment in voice.push(sound[first : first + _PIECE], 0.0):
            at_s = len(cues) * length_s
            cues.append(Cue.of_phone(voice.now.spoken, at_s, at_s + length_s))
    return cues


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:5]))
