# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones of the GRID corpus's sentences, aligned on their sound with PocketSphinx.

A folder holds ``NAME.mp4`` (or .mpg, .mov, .mkv) and ``NAME.align``: a line "start end word" for
each word, in 1/25000 s. Cooke, Barker, Cunningham and Shao (2006), "An audio-visual corpus for
speech perception and automatic speech recognition".
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.core.cues import Cue

VIDEOS = (".mp4", ".mpg", ".mov", ".mkv")
PAUSES = ("sil", "sp")
# All words of the corpus, as PocketSphinx's English model spells sounds. A word of one letter is
# that letter's name.
WORDS = {
    "bin": "B IH N",
    "lay": "L EY",
    "place": "P L EY S",
    "set": "S EH T",
    "blue": "B L UW",
    "green": "G R IY N",
    "red": "R EH D",
    "white": "W AY T",
    "at": "AE T",
    "by": "B AY",
    "in": "IH N",
    "with": "W IH DH",
    "a": "EY",
    "b": "B IY",
    "c": "S IY",
    "d": "D IY",
    "e": "IY",
    "f": "EH F",
    "g": "JH IY",
    "h": "EY CH",
    "i": "AY",
    "j": "JH EY",
    "k": "K EY",
    "l": "EH L",
    "m": "EH M",
    "n": "EH N",
    "o": "OW",
    "p": "P IY",
    "q": "K Y UW",
    "r": "AA",
    "s": "EH S",
    "t": "T IY",
    "u": "Y UW",
    "v": "V IY",
    "x": "EH K S",
    "y": "W AY",
    "z": "Z EH D",
    "zero": "Z IH R OW",
    "one": "W AH N",
    "two": "T UW",
    "three": "TH R IY",
    "four": "F AO",
    "five": "F AY V",
    "six": "S IH K S",
    "seven": "S EH V AH N",
    "eight": "EY T",
    "nine": "N AY N",
    "again": "AH G EH N",
    "now": "N AW",
    "please": "P L IY Z",
    "soon": "S UW N",
}
# The weak vowel, which that model does not tell from the one of "one".
WEAK = {"again", "seven"}
# That model's sounds as phones; a diphthong is two of half its length.
SOUNDS = """
AA a, AE ae, AH ah, AO o, AW a u, AY a i, B p, CH ch, D t, DH th, EH eh, EY e i, F f, G k, IH i,
IY i, JH ch, K k, L l, M p, N n, OW o u, P p, R r, S s, T t, TH th, UW u, V f, W w, Y j, Z s
"""
PHONES_OF = {entry.split()[0]: entry.split()[1:] for entry in SOUNDS.split(",")}


def clips(folder: Path) -> list[Path]:
    """Videos of the folder that have words beside them, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in VIDEOS and path.with_suffix(".align").exists()
    )


def words(clip: Path) -> list[tuple[str, float, float]]:
    """The clip's words with start and end in seconds, without pauses."""
    rows = [line.split() for line in clip.with_suffix(".align").read_text().splitlines()]
    rows = [row for row in rows if len(row) == 3 and row[2] not in PAUSES]
    return [(row[2], int(row[0]) / 25000, int(row[1]) / 25000) for row in rows]


class Aligner:
    """PocketSphinx with the corpus's words alone."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self.decoder = Decoder(samprate=16000, loglevel="FATAL")
        for word, sounds in WORDS.items():
            self.decoder.add_word(f"grid_{word}", sounds, True)

    def align(self, sound: np.ndarray, said: list[str]) -> list[Cue]:
        """Cues of float32 sound at 16 kHz, sure to hold these words.

        Raises:
            RuntimeError: The sound does not fit the words.
        """
        raw = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
        decoder = self.decoder
        decoder.set_align_text(" ".join(f"grid_{word}" for word in said))
        self._decode(raw)
        if decoder.hyp() is None:
            raise RuntimeError("the words do not fit the sound")
        decoder.set_alignment()
        self._decode(raw)
        # Kept by name: its words point into it.
        alignment = decoder.get_alignment()
        cues: list[Cue] = []
        for word in alignment:
            name = word.name.removeprefix("grid_")
            for phone in word:
                start, end = phone.start / 100, (phone.start + phone.duration) / 100
                sounds = PHONES_OF.get(phone.name, ["sil"])
                if phone.name == "AH" and name in WEAK:
                    sounds = ["schwa"]
                edges = np.linspace(start, end, len(sounds) + 1)
                for sound_, first, last in zip(sounds, edges[:-1], edges[1:], strict=True):
                    cues.append(Cue.of_phone(sound_, float(first), float(last)))
        return _joined_silence(cues)

    def _decode(self, raw: bytes) -> None:
        self.decoder.start_utt()
        self.decoder.process_raw(raw, full_utt=True)
        self.decoder.end_utt()


def aligned(clip: Path, aligner: Aligner, cache: Path) -> list[Cue] | None:
    """The clip's cues, from the cache where they are; None where the words do not fit."""
    from engine.sources.sound_file import read_sound

    path = cache / f"{clip.stem}.json"
    if path.exists():
        rows = json.loads(path.read_text())
        return [Cue.of_phone(*row) for row in rows] or None
    try:
        cues = aligner.align(read_sound(clip)[0], [word for word, _, _ in words(clip)])
    except RuntimeError:
        cues = []
    rows = [(cue.phone, cue.start, cue.end) for cue in cues]
    path.write_text(json.dumps(rows))
    return cues or None


def _joined_silence(cues: list[Cue]) -> list[Cue]:
    joined: list[Cue] = []
    for cue in cues:
        if joined and cue.phone == joined[-1].phone == "sil":
            cue = Cue.of_phone("sil", joined.pop().start, cue.end)
        joined.append(cue)
    return joined
