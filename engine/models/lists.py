# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the lists of models that ship in ``weights/``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from ..core.errors import FacewrightError

_HINT = "Install the extension again."
_Entry = TypeVar("_Entry")


def read_list(path: Path, entry: type[_Entry]) -> list[_Entry]:
    """Every ``[[model]]`` of a list, in its order.

    Args:
        path: The list, a TOML file.
        entry: What each becomes; its arguments are the keys.

    Raises:
        FacewrightError: ``model-missing`` without the list, ``model-corrupt`` where it cannot be
            read.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
        return [entry(**one) for one in entries]
    except OSError as error:
        message = f"The list of models {path} cannot be opened."
        raise FacewrightError(message, _HINT, "model-missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        message = f"The list of models {path} is damaged."
        raise FacewrightError(message, _HINT, "model-corrupt") from error
