# SPDX-License-Identifier: GPL-3.0-or-later
"""espeak-ng speaks, and says when each of its phones begins, to the sample."""

from __future__ import annotations

import ctypes

import espeakng_loader
import numpy as np

from .timed import Segment, Speech

_RETRIEVAL = 1
_PHONEME_EVENTS_IN_IPA = 0x0001 | 0x0002
_UTF8 = 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
# Variants of the formant voice, of both sexes and all ages.
VARIANTS = "m1 m3 m5 m7 f1 f2 f3 f5 Andy Annie croak klatt klatt2 klatt4 Diogo Alex".split()


class Espeak:
    """The formant synthesiser of espeak-ng."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate = self._library.espeak_Initialize(_RETRIEVAL, 0, data, _PHONEME_EVENTS_IN_IPA)
        self._sound: list[np.ndarray] = []
        self._marks: list[tuple[int, str]] = []
        self._callback = _CALLBACK(self._take)  # kept: the library calls it from outside
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, voice: str, text: str, rate: int = 170, pitch: int = 50) -> Speech | None:
        """One sentence.

        Args:
            voice: Language and variant, ``"en-us+f2"``.
            text: What to say.
            rate: Words a minute.
            pitch: 0 to 99.

        Returns:
            The sound and its phones; None where this voice is not there.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()):
            return None
        self._sound, self._marks = [], []
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, 50)):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._sound or not self._marks:
            return None
        sound = np.concatenate(self._sound).astype(np.float32) / 32768
        starts = [position / self._rate for position, _ in self._marks]
        ends = [*starts[1:], len(sound) / self._rate]
        segments = [
            # A mark without a name, or with "_", is a pause.
            Segment(name if name.strip("_:;|-") else ".", start, end)
            for (_, name), start, end in zip(self._marks, starts, ends, strict=True)
        ]
        language = voice.split("+")[0]
        return Speech(sound, self._rate, segments, f"espeak {voice}", language, text)

    def _take(self, samples, count: int, events) -> int:
        if samples and count:
            self._sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
        for event in events:
            if event.type == _EVENT_END:
                break
            if event.type == _EVENT_PHONEME:
                # The union holds the name itself, not a pointer.
                name = event.string.split(b"\0")[0].decode("utf-8", "ignore")
                self._marks.append((event.sample, name))
        return 0
