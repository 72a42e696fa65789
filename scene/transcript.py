# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said in a recording, as far as a person has written it down."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from . import sequencer
from .speech_source import SpeechSource

_SUFFIXES = (".txt", ".srt", ".vtt")


def text_of_block(block: bpy.types.Text | None) -> str:
    """The text of a text data-block.

    Raises:
        FacewrightError: ``no-text``.
    """
    if block is None:
        raise _nothing("No text is chosen.", "Choose one of Blender's texts.")
    text = block.as_string().strip()
    if not text:
        raise _nothing(f'The text "{block.name}" is empty.', "Write what is said into it.")
    return text


def text_file(path: str) -> str:
    """The absolute path of a transcript.

    Raises:
        FacewrightError: ``no-text``, ``file-missing``, ``text-unknown``.
    """
    if not path:
        raise _nothing("No file with the text is chosen.", "Choose a .txt, .srt or .vtt file.")
    file = Path(bpy.path.abspath(path)).absolute()
    if not file.is_file():
        raise FacewrightError(f"There is no file {file}.", "Check the path.", "file-missing")
    if file.suffix.lower() not in _SUFFIXES:
        raise FacewrightError(
            f"{file.name} is no text that can be read.",
            f"Choose one that ends in {' or '.join(_SUFFIXES)}.",
            "text-unknown",
        )
    return str(file)


def subtitles_of_strips(scene: bpy.types.Scene, source: SpeechSource) -> str:
    """The text strips of the Sequencer over a recording, as the subtitles of a .srt file.

    Their times are the recording's, and narrow the search for the words.

    Raises:
        FacewrightError: ``no-text``.
    """
    clock = source.clock(scene)
    first = float(clock.frames(source.first_s))
    last = float("inf") if source.last_s is None else float(clock.frames(source.last_s))
    found = []
    for strip in sequencer.strips_in(scene):
        if strip.type != "TEXT" or strip.mute:
            continue
        begin, end = sequencer.handles(strip)
        # One that only touches the recording belongs to another.
        if first <= (begin + end) / 2 < last and (text := strip.text.strip()):
            found.append((max(float(clock.seconds(begin)), 0.0), float(clock.seconds(end)), text))
    if not found:
        raise _nothing(
            "No text strip of the Sequencer lies over the recording.",
            "Put text strips there, or choose another source of the text.",
        )
    return "\n".join(
        f"{number}\n{_stamp(begin)} --> {_stamp(end)}\n{text}\n"
        for number, (begin, end, text) in enumerate(sorted(found), 1)
    )


def _stamp(seconds: float) -> str:
    """A time as .srt files write it."""
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{ms:03d}"


def _nothing(message: str, hint: str) -> FacewrightError:
    return FacewrightError(message, hint, "no-text")
