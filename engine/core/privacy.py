# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes what is private out of a report that is pasted where everybody reads."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

# Account names that tell nothing, and are words of any report.
_COMMON = frozenset(
    {"root", "user", "users", "admin", "administrator", "guest", "home", "test", "default"}
    | {"ubuntu", "debian", "fedora", "linux", "windows", "public", "shared", "blender"}
    | {"facewright", "camera", "video", "python", "worker", "face", "model", "models", "engine"}
    | {"speech", "speed", "tracking", "machine", "network", "studio", "office", "media", "render"}
    | {"mac", "pro", "microphone", "webcam", "phone", "desktop", "laptop", "local", "data", "work"}
    | {"gpu", "cpu", "cuda"}
)
# Where systems keep people's folders; the part behind it is somebody's name.
_PEOPLE = re.compile(
    r"(/home/|/Users/|[A-Za-z]:[\\/]+Users[\\/]+)"
    r"(?:[^/\\:'\"<>\n]+(?=[/\\])|[^/\\\s:'\"<>]+)",
    re.I,
)
_SHORTEST_NAME = 2
# From here on a name with a capital is a name; "An", "In" and "It" begin sentences.
_LONG_NAME = 3
# A text that begins as a path does.
_PATH = re.compile(r"(?<![^\s'\"(=])(?:~|\.\.?|[A-Za-z]:)?[\\/][^\s'\"]*")
# Scripts from here on set no spaces between words.
_UNSPACED = "\u2e80"


def masker(folders: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """A function that masks what is private in a text.

    The home folder becomes ``~``, the person's name ``<user>``, also inside other words' paths and
    in the name of a device ("Ann's phone").

    Args:
        folders: Further private folders, and what is written instead.
    """
    rules = [
        (_folder_pattern(folder), shown)
        for folder, shown in sorted((folders or {}).items(), key=lambda one: -len(one[0]))
        if _tells(folder)
    ]
    rules += [(_folder_pattern(home), "~") for home in _homes() if _tells(home)]
    names = [name for name in _names() if _is_name(name)]
    in_paths = [re.compile(rf"(?<=[\\/]){re.escape(name)}(?![^\W_])", re.I) for name in names]
    in_words = [_name_pattern(name) for name in names]

    def mask(text: str) -> str:
        for pattern, shown in rules:
            text = pattern.sub(lambda _, shown=shown: shown, text)
        text = _PEOPLE.sub(r"\1<user>", text)
        text = _PATH.sub(lambda path: _replaced(in_paths, path[0]), text)
        return _replaced(in_words, text)

    return mask


def masked(data: object, mask: Callable[[str], str]) -> object:
    """JSON-able data with every text in it masked."""
    if isinstance(data, str):
        return mask(data)
    if isinstance(data, dict):
        return {mask(str(key)): masked(value, mask) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [masked(value, mask) for value in data]
    return data


def _tells(folder: str) -> bool:
    """Whether a folder is one at all: the root of a disk is everybody's."""
    parts = _parts(folder)
    return bool(parts) and not (len(parts) == 1 and parts[0].endswith(":"))


def _parts(folder: str) -> list[str]:
    """By either slash, whatever system this is: a text may tell of another."""
    return [part for part in re.split(r"[\\/]+", folder) if part]


def _is_name(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME and name.casefold() not in _COMMON


def _homes() -> list[str]:
    homes = [os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")]
    with suppress(RuntimeError, OSError):  # an account without any
        homes += [str(Path.home()), str(Path.home().resolve())]
    return sorted({home for home in homes if home}, key=lambda home: -len(home))


def _names() -> Iterable[str]:
    names = {os.environ.get(key, "") for key in ("USER", "USERNAME", "LOGNAME")}
    names |= {_parts(home)[-1] for home in _homes() if _tells(home)}
    with suppress(OSError, KeyError, ImportError):  # no entry in the system's list, no such list
        names.add(getpass.getuser())
    # Devices are called by the first name: "Ann's phone" of "Ann Smith" and of ann.smith.
    names |= {part for name in names for part in re.split(r"[\s._]+", name)}
    return sorted(filter(None, names), key=lambda name: -len(name))


def _replaced(patterns: Iterable[re.Pattern], text: str) -> str:
    for pattern in patterns:
        text = pattern.sub("<user>", text)
    return text


def _name_pattern(name: str) -> re.Pattern:
    """Where a text means a person, and not a word that is spelt like the name.

    "Max's phone", "Max", "/mnt/max/x", "max@host" and "max-pc", but not "max 30 frames".
    """
    word, before, after = re.escape(name), r"(?<![^\W_])", r"(?![^\W_])"
    if name[0] >= _UNSPACED:
        return re.compile(word)
    if not (name.isascii() and name.isalpha()):  # no word of a report, which is in English
        return re.compile(f"{before}{word}{after}", re.I)
    capital = f"{before}{name[0].upper()}(?i:{name[1:]})"
    own = rf"{capital}(?=['\u2019]s\b)"
    folder = rf"(?<=[\\/])(?i:{word})(?=[\\/])"
    if len(name) < _LONG_NAME:
        return re.compile(f"{own}|{folder}")
    joined = rf"{before}(?i:{word})(?=['\u2019]s\b|[\\/@-])|(?<=[\\/@=-])(?i:{word}){after}"
    return re.compile(f"{capital}{after}|{joined}")


def _folder_pattern(folder: str) -> re.Pattern:
    """However a text writes the folder: either slash, doubled in a repr, quoted in an address."""
    either = [f"(?:{re.escape(part)}|{re.escape(quote(part, ':'))})" for part in _parts(folder)]
    start = r"[\\/]+" if folder[:1] in "\\/" else ""
    # "/home/ann" is not in "/home/anna".
    return re.compile(start + r"[\\/]+".join(either) + r"(?![\w-])", re.I)
