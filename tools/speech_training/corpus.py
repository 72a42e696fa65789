# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus: every voice in turn says sentences of its language.

Sentences go round the voices, so that a corpus that was stopped early is still even. What is on
the disk already is not made again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from . import classic, noises
from .texts import Texts
from .timed import Speech, write

_ESPEAK_LANGUAGES = "en-us en es fr it pt-br de cmn ja nl pl sv".split()
_TEXTS_OF = {"en": "en", "es": "es", "fr": "fr", "it": "it", "pt": "pt", "de": "de", "nl": "nl"}
_TEXTS_OF |= {"cmn": "zh", "ja": "ja", "hi": "hi", "pl": "pl", "sv": "sv"}

Job = tuple[str, Callable[[], Speech | None]]


def kokoro_jobs(kokoro, sentences: int, test: bool) -> Iterator[Job]:
    """Kokoro's sentences, as names and how to say them."""
    from .kokoro import HELD_OUT, LANGUAGES

    chosen = [v for v in kokoro.voices if (v in HELD_OUT) == test]
    for index in range(sentences):
        for voice in chosen:
            text, draw = _text(LANGUAGES[voice[0]], f"{voice} {index}")
            speed = draw.uniform(0.8, 1.35)
            yield (
                f"kokoro_{voice}_{index:03d}",
                lambda v=voice, t=text, s=speed: kokoro.speak(v, t, s),
            )


def mixture_jobs(kokoro, sentences: int) -> Iterator[Job]:
    """Sentences in English of people who do not exist: each between two of Kokoro's voices."""
    from .kokoro import HELD_OUT, LANGUAGES

    english = [v for v in kokoro.voices if v[0] in "ab" and v not in HELD_OUT]
    for index in range(sentences):
        draw = random.Random(f"mixture {index}")
        one = draw.choice(english)
        voice = "+".join([one, draw.choice([v for v in english if v[0] == one[0] and v != one])])
        text, draw = _text(LANGUAGES[one[0]], f"{voice} {index}")
        speed = draw.uniform(0.8, 1.35)
        yield (
            f"mixture_{index:04d}",
            lambda v=voice, t=text, s=speed: kokoro.speak(v, t, s),
        )


def espeak_jobs(espeak, sentences: int) -> Iterator[Job]:
    """Sentences of espeak-ng: each language by a few variants of its voice."""
    from .espeak import VARIANTS

    for index in range(sentences):
        for language in _ESPEAK_LANGUAGES:
            text, draw = _text(language, f"espeak {language} {index}")
            voice = f"{language}+{draw.choice(VARIANTS)}"
            rate, pitch = draw.randint(120, 230), draw.randint(20, 85)
            yield (
                f"espeak_{language}_{index:03d}",
                lambda v=voice, t=text, r=rate, p=pitch: espeak.speak(v, t, r, p),
            )


def classic_jobs(sentences: int) -> Iterator[Job]:
    """Sentences of flite and festival."""
    for index in range(sentences):
        for speak, voices in ((classic.flite, classic.FLITE), (classic.festival, classic.FESTIVAL)):
            for voice in voices:
                text, draw = _text("en-us", f"{voice} {index}")
                stretch = draw.uniform(0.75, 1.25)
                yield (
                    f"{speak.__name__}_{voice}_{index:03d}",
                    lambda k=speak, v=voice, t=text, s=stretch: k(v, t, s),
                )


def noise_jobs(each: int) -> Iterator[Job]:
    """What is heard without anybody speaking."""
    for index in range(each):
        for kind in noises.KINDS:
            # Music is nearest to a voice, so there is most of it.
            for take in range(4 if kind == "tune" else 1):
                seed = 10 * index + take
                yield f"noise_{kind}_{seed:04d}", lambda k=kind, s=seed: noises.make(k, s)


def make(jobs: Iterator[Job], folder: Path) -> int:
    """Say what is not there yet; the number of sentences made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = 0
    for name, speak in jobs:
        if (folder / f"{name}.json").exists():
            continue
        speech = speak()
        if speech is not None and len(speech.sound) > speech.rate / 2:
            write(speech, folder / name)
            made += 1
    return made


def _text(language: str, seed: str) -> tuple[str, random.Random]:
    draw = random.Random(seed)
    texts = Texts(_TEXTS_OF[language.split("-")[0]], draw.getrandbits(32))
    return texts.sentence(), draw
