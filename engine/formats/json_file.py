# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON from a stranger: bounded before it is taken apart, and numbers out of it."""

from __future__ import annotations

import json

import numpy as np

from .foreign_take import unreadable
from .table import open_text

# Objects and lists of ten minutes of MediaPipe results at 60 frames a second: 2 millions.
_MAX_CONTAINERS = 4_000_000
_MAX_VALUES = 20_000_000


def load_json(name: str, data: bytes) -> object:
    """The content of a JSON file; of JSON lines a list with each line's content.

    Raises:
        FacewrightError: ``file-unreadable``: no JSON, nested too deeply, or too much of it.
    """
    if data.count(b"[") + data.count(b"{") > _MAX_CONTAINERS or data.count(b",") > _MAX_VALUES:
        raise unreadable(name, "it holds too much for a take of a face", "Cut it into parts.")
    text = open_text(name, data)
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            lines = [line for line in text.splitlines() if line.strip()]
            if len(lines) < 2:
                raise
            return [json.loads(line) for line in lines]
    except RecursionError:
        raise unreadable(name, "it is nested too deeply") from None
    except ValueError as error:
        raise unreadable(name, f"it is no JSON ({error})") from None


def need(name: str, content: object, key: str, kind: type) -> object:
    """The value of a key, of the type that it must have.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, kind):
        raise unreadable(name, f'"{key}" is missing or is not what it should be')
    return value


def numbers(name: str, values: object, what: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """Numbers as float64 of a shape; None in the shape is any length.

    Raises:
        FacewrightError: ``file-unreadable``: ``what`` is not made of numbers, or not so many.
    """
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise unreadable(name, f"{what} are not all numbers, or not as many each time") from None
    fits = found.ndim == len(shape) and all(
        wanted in (None, there) for wanted, there in zip(shape, found.shape, strict=True)
    )
    if not fits:
        raise unreadable(name, f"{what} are {found.shape} numbers, not {shape}")
    return found
