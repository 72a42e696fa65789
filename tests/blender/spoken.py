# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech whose right answers are known, without a network: takes of written cues."""

from __future__ import annotations

import wave
from dataclasses import asdict

import numpy as np
from facewright.engine.core.arkit import COUNT
from facewright.engine.core.cues import Cue
from facewright.engine.core.mouth_style import MouthStyle
from facewright.engine.core.types import FaceTrack
from facewright.engine.speech.mouth import curves
from facewright.engine.takes.speech import write_speech_take

# "mama papa": silence, then a sound every eighth of a second, then silence.
PHONES = ("sil", "p", "a", "p", "a", "t", "eh", "p", "a", "n", "i", "sil")
STEP_S = 0.125
LENGTH_S = len(PHONES) * STEP_S
USUAL = MouthStyle()


def cues_of(phones=PHONES, step_s=STEP_S, first_s=0.0):
    """A cue of equal length for each phone."""
    return [
        Cue.of_phone(phone, first_s + i * step_s, first_s + (i + 1) * step_s)
        for i, phone in enumerate(phones)
    ]


def write_sound(path, length_s=LENGTH_S):
    """A quiet hum; what is heard in it is said by the tests."""
    time_s = np.arange(int(16000 * length_s)) / 16000
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes((3000 * np.sin(900 * time_s)).astype(np.int16).tobytes())
    return path


def track_of(cues, style=USUAL, rate_hz=60.0, first_s=0.0, last_s=None, **columns):
    """What the worker makes of cues; ``columns`` replace others."""
    last_s = cues[-1].end if last_s is None else last_s
    times = np.arange(round(first_s * rate_hz), int(np.ceil(last_s * rate_hz)) + 1) / rate_hz
    count = len(times)
    values = {
        "weights": curves(cues, times, style),
        "head_deg": np.zeros((count, 3), np.float32),
        "gaze_deg": np.zeros((count, 2, 2), np.float32),
    } | columns
    return FaceTrack(
        times,
        np.ones(count, bool),
        np.ones(count, np.float32),
        np.ones((count, COUNT), np.float32),
        values["weights"],
        values["head_deg"],
        np.zeros((count, 3), np.float32),
        values["gaze_deg"],
    )


def write_take(path, sound, cues, style=USUAL, track=None, **speech):
    """A take of speech as the worker writes it."""
    made = asdict(style) | {"profile": "", "by": "sound"} | speech
    write_speech_take(
        path,
        track if track is not None else track_of(cues, style),
        cues,
        sound,
        rate_hz=60.0,
        sound_offset_s=0.0,
        codec="pcm_s16le",
        speech=made,
        models={},
        provider="",
    )
    return path


class FakeJob:
    """Stands in for the worker: writes the take of the cues that the test says are heard.

    Set ``heard`` before; ``requests`` tells what was asked.
    """

    heard = cues_of()
    requests: list = []
    error = None
    said = staticmethod(lambda request: None)

    def __init__(self, request):
        self.request = request
        FakeJob.requests.append(request)

    def run(self, _progress):
        """Do all of it."""
        request = self.request
        FakeJob.said(request)
        if FakeJob.error:
            raise FakeJob.error
        end_s = request.end_s if request.end_s is not None else 1e9
        cues = [c for c in FakeJob.heard if c.end > request.start_s and c.start < end_s]
        track = track_of(cues, request.mouth, first_s=request.start_s, last_s=cues[-1].end)
        write_take(
            request.take, request.sound, cues, request.mouth, track, language=request.language
        )
        return {
            "state": "complete",
            "take": request.take,
            "by": "text" if request.text or request.text_file else "sound",
            "sound_s": cues[-1].end,
            "spoken_s": 1.0,
            "cues": len(cues),
            "frames": len(track),
            "times_real_time": 100.0,
            "notes": [],
            "seconds": 0.1,
        }
