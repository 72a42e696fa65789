# SPDX-License-Identifier: GPL-3.0-or-later
"""espeak-ng's rules of spelling, through the library in the wheel ``espeakng_loader``.

Its voice is not used. This file alone imports the wheel, and only when text is read.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

from ..core.errors import FacewrightError

_SILENT = 2  # AUDIO_OUTPUT_SYNCHRONOUS: nothing is played
_DONT_EXIT = 0x8000
_UTF8 = 1
_IPA = 0x02
_SEPARATOR = "_"
_MODE = _IPA | ord(_SEPARATOR) << 8
# The library keeps the folder of its data in a buffer of 160 bytes (230 on Windows) and cuts what
# is longer off without a word.
_LONGEST_PATH = 140
_LANGUAGE_MARK = re.compile(r"\([a-z0-9-]+\)")  # "(en)": it changes the language for a word
_LOCK = threading.Lock()
_copy: tempfile.TemporaryDirectory | None = None


def sounds(text: str, voice: str) -> list[list[str]]:
    """Words as their sounds, in the International Phonetic Alphabet with marks of stress.

    Args:
        text: One clause, without a line's end.
        voice: A language as espeak-ng names it: ``"en-us"``, ``"cmn"``.

    Returns:
        For each word that espeak-ng makes of the text (it joins some, such as "do not", and takes
        numbers apart) its sounds; a diphthong is one sound.

    Raises:
        FacewrightError: ``language-unknown``, ``espeak-missing``.
    """
    return [list(word) for word in _sounds(text, voice)]


@functools.lru_cache(maxsize=20000)
def _sounds(text: str, voice: str) -> tuple[tuple[str, ...], ...]:
    with _LOCK:
        library = _library()
        if library.espeak_SetVoiceByName(voice.encode()):
            raise FacewrightError(
                f"The language {voice} is not known to espeak-ng.",
                "Choose another language, or leave the text out.",
                "language-unknown",
            )
        raw = ctypes.create_string_buffer(text.replace("\0", " ").encode("utf-8", "ignore"))
        pointer = ctypes.c_void_p(ctypes.addressof(raw))
        said = []
        while pointer.value:
            clause = library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _MODE)
            said.append((clause or b"").decode("utf-8", "ignore"))
    words = _LANGUAGE_MARK.sub("", " ".join(said)).split()
    split = (tuple(s for s in word.split(_SEPARATOR) if s) for word in words)
    return tuple(word for word in split if word)


def knows(voice: str) -> bool:
    """Whether espeak-ng has a language of this name."""
    with _LOCK:
        return _library().espeak_SetVoiceByName(voice.encode()) == 0


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
    except (ImportError, OSError, RuntimeError) as error:
        raise FacewrightError(
            f"Text cannot be read, because espeak-ng is not there: {error}.",
            "Install the extension again, or leave the text out.",
            "espeak-missing",
        ) from error
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    # On Windows the library opens files by the system's old code page.
    path = str(_short(data)).encode("mbcs" if os.name == "nt" else "utf-8", "replace")
    started = library.espeak_Initialize(_SILENT, 0, path, _DONT_EXIT)
    if started < 0 or library.espeak_SetVoiceByName(b"en"):
        raise FacewrightError(
            f"Text cannot be read, because espeak-ng does not find its data in {data}.",
            "Install the extension again, or leave the text out.",
            "espeak-missing",
        )
    return library


def _short(data: Path) -> Path:
    """The folder of the data, or a copy of it where the path is too long."""
    global _copy
    if len(str(data).encode()) <= _LONGEST_PATH:
        return data
    _copy = tempfile.TemporaryDirectory(prefix="fw")
    return Path(shutil.copytree(data, Path(_copy.name) / data.name))
