# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out by the first packet what a sender speaks."""

from __future__ import annotations

from ..core.errors import FacewrightError
from .dialects import DIALECTS, recognise
from .packet import Decoder
from .sample import FaceSample


class AnyDecoder:
    """A decoder of whatever dialect the first packets are in.

    Attributes:
        title: As people know the dialect; empty before it is known.
    """

    def __init__(self) -> None:
        self.title = ""
        self._decoder: Decoder | None = None

    def feed(self, data: bytes) -> list[FaceSample]:
        """The samples that a packet completes.

        Raises:
            FacewrightError: ``packet-unknown``, or what the dialect's decoder raises.
        """
        if self._decoder is None:
            name = recognise(data)
            if name is None:
                raise FacewrightError(
                    f"A packet of {len(data)} bytes came that no known program sends.",
                    "Check what is sent to this port.",
                    "packet-unknown",
                )
            self.title = DIALECTS[name].title
            self._decoder = DIALECTS[name].decoder()
        return self._decoder.feed(data)
