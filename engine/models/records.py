# SPDX-License-Identifier: GPL-3.0-or-later
"""``accepted.json``: the terms that were agreed to, and the hash of each file that was added.

One that is damaged or cannot be opened counts as empty wherever nothing depends on it, and
``records_problem`` tells of it. What was in it is kept: the next change puts it aside.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.home import home
from ..core.whole_file import whole_file

_NAME, _ASIDE = "accepted.json", "accepted.damaged"
_TEXTS = ("licence", "terms", "accepted", "file", "sha256")


def folder() -> Path:
    """Where the added models and their records lie; it need not exist yet."""
    return home() / "models"


def read_records() -> dict[str, dict]:
    """What is known of each model, by its id.

    Raises:
        FacewrightError: ``acceptance-corrupt`` where it is damaged, ``acceptance-unreadable``
            where it cannot be opened.
    """
    found = _load()
    if found is None:
        raise FacewrightError(
            f"The file {_path()}, which keeps the licences that you accepted, is damaged.",
            "Accept the licences and add your models again; the damaged file is kept as "
            f"{_aside().name}.",
            "acceptance-corrupt",
        )
    return found


def known_records() -> dict[str, dict]:
    """As ``read_records``; nothing where that fails."""
    try:
        return read_records()
    except FacewrightError:
        return {}


def kept_records() -> dict[str, dict]:
    """What a change adds to: as ``read_records``, but nothing where the file is damaged.

    Raises:
        FacewrightError: ``acceptance-unreadable``.
    """
    return _load() or {}


def records_problem() -> FacewrightError | None:
    """Why nothing is known although there are records, or None."""
    try:
        read_records()
    except FacewrightError as error:
        return error
    return None


def change_record(model_id: str, **entries: str) -> None:
    """Set entries of a model's record.

    Raises:
        FacewrightError: ``acceptance-unreadable``, or what ``whole_file`` raises.
    """
    records = kept_records()
    records[model_id] = records.get(model_id, {}) | entries
    _write(records)


def forget_record(model_id: str) -> bool:
    """Remove a model's record; whether there was one.

    Raises:
        FacewrightError: As ``read_records``, or what ``whole_file`` raises.
    """
    records = read_records()
    if model_id not in records:
        return False
    del records[model_id]
    _write(records)
    return True


def _path() -> Path:
    return folder() / _NAME


def _aside() -> Path:
    """A name for a damaged file that no other has."""
    path, number = folder() / f"{_ASIDE}.json", 2
    while path.exists():
        path, number = folder() / f"{_ASIDE}-{number}.json", number + 1
    return path


def _load() -> dict[str, dict] | None:
    """The records; None where they are damaged."""
    path = _path()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):  # an account without a home has no folder
        return {}
    except OSError as error:
        raise FacewrightError(
            f"The file {path}, which keeps the licences that you accepted, cannot be opened "
            f"({error.strerror or error}).",
            "Allow reading it, or move it away.",
            "acceptance-unreadable",
        ) from error
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and all(map(_is_record, found.values())) else None


def _is_record(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(name, ""), str) for name in _TEXTS)


def _write(records: dict[str, dict]) -> None:
    text = json.dumps(records, indent=2) + "\n"
    with whole_file(_path(), len(text)) as file:
        file.write(text.encode())
        if _load() is None:
            _path().rename(_aside())
