# SPDX-License-Identifier: GPL-3.0-or-later
"""Kokoro-82M speaks, and says when each of its phones begins (weights: Apache-2.0).

The durations are a tensor inside the network, which is made an output here.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np

from .timed import Segment, Speech
from .written import sounds_of

RATE_HZ = 24000
_STEP = 600  # samples a unit of duration
# The durations lead the sound by this much: found by aligning what it speaks with other aligners.
_LEAD_S = 0.065
_DURATIONS = "/encoder/Clip_output_0"
_MARKS = ";:,.!?—… "
_LONGEST = 500
# The first letter of a voice's name says its language.
LANGUAGES = {
    "a": "en-us",
    "b": "en",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "cmn",
}
# Never trained on: the test, and English voices of the speech benchmark.
HELD_OUT = ("af_bella", "am_michael", "bm_george")
# How espeak-ng writes Mandarin, and what Kokoro was taught for the same sounds.
_MANDARIN = {
    "tɕh": "ʨʰ",
    "tɕ": "ʨ",
    "ts.h": "ꭧʰ",
    "ts.": "ꭧ",
    "tsh": "ʦʰ",
    "ts": "ʦ",
    "s.": "ʂ",
    "z.": "ɻ",
    "ph": "pʰ",
    "th": "tʰ",
    "kh": "kʰ",
    "5": "→",
    "2": "↗",
    "1": "↓",
    "-": "↘",
}


def _mandarin(written: str) -> str:
    for espeak, kokoro in _MANDARIN.items():
        written = written.replace(espeak, kokoro)
    return written


def with_durations(model: Path, patched: Path) -> None:
    """Write a copy of the network that gives its durations beside the sound."""
    import onnx

    network = onnx.load(model)
    network.graph.output.append(onnx.ValueInfoProto(name=_DURATIONS))
    onnx.save(network, patched)


class Kokoro:
    """All voices of one network.

    Args:
        model: What ``with_durations`` wrote.
        vocabulary: ``vocab.json`` of the package that carries the network.
        voices: Folder of ``NAME.bin``, style vectors of float32 (510, 256).
        threads: Of the processor.
    """

    def __init__(self, model: Path, vocabulary: Path, voices: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        self._tokens = json.loads(vocabulary.read_text(encoding="utf-8"))["vocab"]
        self._folder = voices

    @property
    def voices(self) -> list[str]:
        """Names of the voices, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.bin"))

    def speak(self, voice: str, text: str, speed: float = 1.0) -> Speech | None:
        """One sentence.

        Args:
            voice: A name, or two joined by ``+`` for somebody between them.
            text: In the language that the voice's name begins with.
            speed: 1 is the voice's own.

        Returns:
            The sound and its phones; None where the text has no sound that Kokoro knows.
        """
        language = LANGUAGES[voice[0]]
        written = sounds_of(text, language)
        if language == "cmn":
            written = _mandarin(written)
        # Decomposed, so that a vowel with marks that Kokoro lacks is still that vowel.
        letters = unicodedata.normalize("NFD", written.replace("ç", "\0")).replace("\0", "ç")
        symbols = [letter for letter in letters if letter in self._tokens][:_LONGEST]
        if len(symbols) < 4:
            return None
        people = [
            np.fromfile(self._folder / f"{name}.bin", np.float32) for name in voice.split("+")
        ]
        styles = np.mean(people, axis=0, dtype=np.float32).reshape(-1, 1, 256)
        names = [node.name for node in self._session.get_inputs()]
        tokens = np.array([[0, *(self._tokens[s] for s in symbols), 0]], np.int64)
        inputs = {
            names[0]: tokens,
            names[1]: styles[min(len(symbols), len(styles) - 1)],
            names[2]: np.array([speed], np.float32),
        }
        sound, frames = self._session.run([self._session.get_outputs()[0].name, _DURATIONS], inputs)
        sound, frames = sound.ravel(), np.asarray(frames).ravel()
        ends = np.cumsum(frames) * _STEP / RATE_HZ - _LEAD_S
        segments = [
            Segment(symbol, max(float(start), 0.0), max(float(end), 0.0))
            for symbol, start, end in zip(
                ["<bos>", *symbols, "<eos>"], [0, *ends[:-1]], ends, strict=True
            )
        ]
        return Speech(sound, RATE_HZ, segments, f"kokoro {voice}", language, text)
