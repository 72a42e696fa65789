# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a command line that name parts of a face, frames and factors.

Each function is a ``type`` for argparse, and raises ``argparse.ArgumentTypeError``.
"""

from __future__ import annotations

import argparse
import math


def parts(text: str) -> frozenset[str]:
    """Parts of the face, separated by commas: ``mouth,jaw``."""
    return frozenset(_part(name.strip()) for name in text.split(","))


def span(text: str) -> tuple[float, float]:
    """Two frames, the first not after the last: ``11:20``."""
    first, colon, last = text.partition(":")
    frames = _number(first), _number(last)
    if not colon or not frames[0] <= frames[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is no FIRST:LAST with FIRST before LAST")
    return frames


def not_negative(text: str) -> float:
    """A number of 0 or more."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return number


def gain(text: str) -> tuple[str, float]:
    """A part of the face and its factor: ``mouth=1.2``."""
    part, _, factor = text.partition("=")
    return _part(part.strip()), not_negative(factor)


def neck(text: str) -> tuple[str, float]:
    """A neck bone and its share of the head's rotation: ``neck=0.3``; ``0.3`` is the whole neck."""
    bone, equals, share = text.rpartition("=")
    number = not_negative(share)
    if number > 1 or (equals and not bone):
        raise argparse.ArgumentTypeError(f"{text!r} is no BONE=SHARE with a share from 0 to 1")
    return bone, number


def _part(name: str) -> str:
    # Here alone, because the doctor's command line has to load where NumPy does not.
    from .filters.columns import PARTS

    if name not in PARTS:
        known = ", ".join(PARTS)
        raise argparse.ArgumentTypeError(f"{name!r} is no part of the face; there are {known}")
    return name


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
