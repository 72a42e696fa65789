# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads TOML that people write: every complaint names the file, the line and the key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import FacewrightError

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")


class TomlFile:
    """A file with tables that are one level deep.

    Args:
        path: The file.
        code: Of the errors.
        hint: Of the errors.

    Raises:
        FacewrightError: Where it cannot be read or is no TOML.
    """

    def __init__(self, path: Path, code: str, hint: str) -> None:
        self.path, self._code, self._hint = path, code, hint
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            message = f"The file {path} cannot be read ({error.strerror})."
            raise FacewrightError(message, hint, code) from error
        except UnicodeDecodeError as error:
            raise FacewrightError(f"The file {path} is no UTF-8 text.", hint, code) from error
        try:
            self._data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FacewrightError(f"{path} is not valid TOML: {error}.", hint, code) from error
        self._lines = text.splitlines()

    def check_tables(self, known: Sequence[str]) -> None:
        """Refuse a table that nobody reads."""
        for name in self._data:
            if name not in known:
                listed = ", ".join(known)
                raise self.wrong(self._first(name), f"there is no table {name!r} ({listed})")

    def table(self, name: str) -> TomlTable:
        """The table ``[name]``; an empty one where there is none."""
        data = self._data.get(name, {})
        if not isinstance(data, dict):
            raise self.wrong(self._first(name), f"[{name}] has to be one table")
        return TomlTable(self, f"[{name}]", data, self._starts(name)[:1])

    def tables(self, name: str) -> list[TomlTable]:
        """The tables ``[[name]]``, in the file's order."""
        found = self._data.get(name, [])
        if not (isinstance(found, list) and all(isinstance(data, dict) for data in found)):
            raise self.wrong(self._first(name), f"each {name} has to begin with [[{name}]]")
        starts = self._starts(name)
        return [
            TomlTable(self, f"[[{name}]]", data, starts[i : i + 1]) for i, data in enumerate(found)
        ]

    def wrong(self, line: int, what: str) -> FacewrightError:
        """An error about a line (from 1; 0 for the file as a whole)."""
        return FacewrightError(f"{self.place(line)}{what}.", self._hint, self._code)

    def place(self, line: int) -> str:
        """How an error about a line begins."""
        return f"{self.path}, line {line}: " if line else f"{self.path}: "

    def line_of(self, starts: Sequence[int], key: str) -> int:
        """The line of a key in the table that starts there, else the table's own."""
        start = starts[0] if starts else 0
        pattern = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*=""")
        for number, line in enumerate(self._lines[start:], start + 1):
            if _HEADER.match(line):
                break
            if pattern.match(line):
                return number
        return start

    def _starts(self, name: str) -> list[int]:
        found = []
        for number, line in enumerate(self._lines, 1):
            header = _HEADER.match(line)
            if header and header[2] == name:
                found.append(number)
        return found

    def _first(self, name: str) -> int:
        return next(iter(self._starts(name)), 0) or self.line_of([], name)


class TomlTable:
    """One table; what is asked for is remembered, so that the rest can be refused.

    Args:
        file: Where it stands.
        title: How messages call it.
        data: Its keys.
        starts: The line of its header, if it has one.
    """

    def __init__(self, file: TomlFile, title: str, data: dict, starts: Sequence[int]) -> None:
        self._file, self._title, self._data, self._starts = file, title, data, starts
        self._asked: list[str] = []

    def line(self, key: str = "") -> int:
        """The line of a key, or of the table."""
        return self._file.line_of(self._starts, key) if key else (self._starts or [0])[0]

    def place(self, key: str = "") -> str:
        """How an error about a key begins."""
        return self._file.place(self.line(key))

    def wrong(self, key: str, what: str) -> FacewrightError:
        """An error about a key."""
        return self._file.wrong(self.line(key), f"{self._title} {key}: {what}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._data

    def text(self, key: str, default: str | None = None) -> str:
        """A text; one without a default must be there."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text is needed")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of some texts."""
        value = self.text(key, default)
        if value not in choices:
            raise self.wrong(key, f"{value!r} is not one of {', '.join(map(repr, choices))}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false is needed")
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within limits."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"a whole number from {low} to {high} is needed")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within limits."""
        value = self._value(key, default)
        if not _is_number(value) or not low <= value <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g} is needed")
        return float(value)

    def numbers(self, key: str, count: int, default: Sequence[float]) -> tuple[float, ...]:
        """A list of numbers."""
        value = self._value(key, list(default))
        if not (isinstance(value, list) and len(value) == count and all(map(_is_number, value))):
            raise self.wrong(key, f"a list of {count} numbers is needed")
        return tuple(float(one) for one in value)

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts; one without a default must be there."""
        value = self._value(key, None if default is None else list(default))
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise self.wrong(key, "a list of texts is needed")
        return tuple(value)

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                raise self.wrong(key, f"no such key; known are {', '.join(self._asked)}")

    def _value(self, key: str, default: Any) -> Any:
        self._asked.append(key)
        if key not in self._data and default is None:
            raise self.wrong(key, "is missing")
        return self._data.get(key, default)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
