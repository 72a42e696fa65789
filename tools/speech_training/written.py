# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to the International Phonetic Alphabet, by espeak-ng."""

from __future__ import annotations

import ctypes
import re

import espeakng_loader

_IPA = 0x02
_UTF8 = 1
_SILENT = 2  # AUDIO_OUTPUT_SYNCHRONOUS: nothing is played
_MARKS = re.compile(r"([,.!?;:])")
_FLAGS = re.compile(r"\([a-z-]+\)")  # "(en)": espeak-ng says that it changes the language


class Phonemizer:
    """espeak-ng's spelling rules, without its voice."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_Initialize(_SILENT, 0, espeakng_loader.get_data_path().encode(), 0)

    def of(self, text: str, language: str) -> str:
        """Sounds of a text, marks of punctuation kept, words apart."""
        if self._library.espeak_SetVoiceByName(language.encode()):
            raise ValueError(f"espeak-ng has no language {language}")
        parts = [
            self._clause(part) if not _MARKS.match(part) else part for part in _MARKS.split(text)
        ]
        return re.sub(r"\s+([,.!?;:])", r"\1", " ".join(part for part in parts if part))

    def _clause(self, text: str) -> str:
        if not text.strip():
            return ""
        raw = ctypes.c_char_p(text.encode())
        pointer = ctypes.pointer(raw)
        found = []
        while pointer.contents.value:
            said = self._library.espeak_TextToPhonemes(pointer, _UTF8, _IPA)
            if said:
                found.append(said.decode())
        return _FLAGS.sub("", " ".join(found)).strip()
