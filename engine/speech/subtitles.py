# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts from files: plain text, and subtitles whose times narrow the search."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from .written_text import split_speaker

SUFFIXES = (".txt", ".srt", ".vtt")
_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
# "00:00:01,000 --> 00:00:02,500", perhaps with a place on the picture behind it.
_TIMES = re.compile(rf"^\s*{_TIME}\s*-+>\s*{_TIME}(?:\s.*)?$")
_LARGEST_BYTES = 20_000_000


@dataclass(frozen=True)
class Block:
    """A stretch of text that one person speaks.

    Attributes:
        text: Without the name of the speaker.
        start, end: Seconds from the start of the recording; None where the file has no times.
        speaker: As the text names them before a colon, in capitals; empty where it does not.
    """

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str = ""


def read_text(path: Path | str) -> list[Block]:
    """The blocks of a ``.txt``, ``.srt`` or ``.vtt`` file in order; any other name is plain text.

    UTF-8 and UTF-16 are told by their marks, anything else that is no UTF-8 is Windows-1252.

    Raises:
        FacewrightError: ``text-unreadable``, ``text-empty``.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise FacewrightError(
                f"The text {path} has more than {_LARGEST_BYTES // 1_000_000} MB.",
                "Choose the transcript of this recording.",
                "text-unreadable",
            )
        text = decoded(path.read_bytes())
    except OSError as error:
        raise FacewrightError(
            f"The text {path} cannot be read: {error.strerror or error}.",
            "Choose another file.",
            "text-unreadable",
        ) from error
    blocks = parse(text, timed=path.suffix.lower() in (".srt", ".vtt"))
    if not blocks:
        raise FacewrightError(
            f"The text {path} has no words.", "Choose another file.", "text-empty"
        )
    return blocks


def decoded(data: bytes) -> str:
    """The text of a file's bytes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def parse(text: str, timed: bool = False) -> list[Block]:
    """Blocks of a text.

    Args:
        text: What the file holds.
        timed: Whether it is subtitles (SubRip or WebVTT). Blocks are sorted by time then.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not timed:
        return [block for line in lines if (block := _block(line, None, None))]
    marks = [(number, match) for number, line in enumerate(lines) if (match := _TIMES.match(line))]
    blocks: list[Block] = []
    for place, (number, match) in enumerate(marks):
        end = marks[place + 1][0] if place + 1 < len(marks) else len(lines)
        times = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        turns = _turns(_spoken(lines[number + 1 : end]))
        found = (_block(turn, min(times), max(times)) for turn in turns)
        blocks += [block for block in found if block]
    return sorted(blocks, key=lambda block: block.start)


def _spoken(lines: list[str]) -> list[str]:
    """The lines up to the first empty one behind the text: after it comes the next number."""
    kept: list[str] = []
    for line in lines:
        if not line.strip():
            if kept:
                break
            continue
        kept.append(html.unescape(line.strip()))
    return kept


def _turns(lines: list[str]) -> list[str]:
    """A new turn begins where a line names its speaker; other lines go on."""
    turns: list[str] = []
    for line in lines:
        if turns and not split_speaker(line)[0]:
            turns[-1] += " " + line
        else:
            turns.append(line)
    return turns


def _block(line: str, start: float | None, end: float | None) -> Block | None:
    speaker, text = split_speaker(line)
    if not speaker.isupper():
        speaker, text = "", line
    text = text.strip()
    return Block(text, start, end, speaker) if any(c.isalnum() for c in text) else None


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = parts
    fraction = int((thousandths or "0").ljust(3, "0")) / 1000
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + fraction
