# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parsers of packets share: how a packet is refused, and which numbers are believed."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from ..core.errors import FacewrightError
from .sample import FaceSample

# The largest datagram that the Internet carries.
LARGEST_PACKET = 65_535
# Beyond this no weight, angle, centimetre or second of a day makes sense.
LARGEST_VALUE = 1e6
# Of a sender's text so many characters are shown.
_LONGEST_SHOWN = 64
# Control characters, turns of the direction of writing, surrogates, unassigned; ends of lines.
_HIDDEN = ("C", "Zl", "Zp")


class Decoder(Protocol):
    """Turns the bytes of one sender into samples; keeps what it needs between packets."""

    def feed(self, data: bytes) -> list[FaceSample]:
        """The samples that are complete with ``data``: a packet, or a piece of a TCP stream.

        Raises:
            FacewrightError: ``packet-unreadable``; the next packet is welcome nevertheless.
        """


def unreadable(title: str, what: str, hint: str = "") -> FacewrightError:
    """The refusal of a packet of the dialect ``title``, because of ``what``."""
    return FacewrightError(
        f"A packet is not {title}: {what}.",
        hint or "Check that the sending app speaks what is chosen here.",
        "packet-unreadable",
    )


def shown(text: str) -> str:
    """A sender's text as it may be shown on a terminal or a panel.

    Returns:
        Its first 64 characters that are no control characters.
    """
    seen = (sign for sign in text if not unicodedata.category(sign).startswith(_HIDDEN))
    return "".join(islice(seen, _LONGEST_SHOWN))


def limited(data: bytes, title: str) -> bytes:
    """The packet itself.

    Raises:
        FacewrightError: ``packet-unreadable``: larger than any datagram.
    """
    if len(data) > LARGEST_PACKET:
        raise unreadable(title, f"it has {len(data)} bytes")
    return data


def finite(values: Iterable[float], title: str) -> None:
    """Believe numbers that can be meant.

    Raises:
        FacewrightError: ``packet-unreadable``: NaN, infinity or more than ``LARGEST_VALUE``.
    """
    for value in values:
        if not -LARGEST_VALUE <= value <= LARGEST_VALUE:  # false for NaN, too
            raise unreadable(title, f"the value {value} cannot be meant")


def number(text: str, title: str) -> float:
    """A number from text.

    Raises:
        FacewrightError: ``packet-unreadable``: no number, or one that cannot be meant.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -LARGEST_VALUE <= value <= LARGEST_VALUE:
        raise unreadable(title, f'"{shown(text)}" is no number that can be meant')
    return value
