# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a face to other programs, as packets that they understand."""

from __future__ import annotations

import socket

from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .dialects import DIALECTS, Dialect


class Sender:
    """One receiver. Never waits: a packet that cannot leave now is not sent.

    Args:
        spec: "DIALECT", "DIALECT:ADDRESS" or "DIALECT:ADDRESS:PORT".

    Attributes:
        sent, failed: Frames.

    Raises:
        FacewrightError: ``dialect-unknown``, ``not-sendable`` or ``address-unknown``.
    """

    def __init__(self, spec: str) -> None:
        self.dialect, self._address = parse_receiver(spec)
        self._encoder = self.dialect.encoder()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.sent = self.failed = 0

    @property
    def name(self) -> str:
        """The dialect and where it goes."""
        return f"{self.dialect.title} to {self._address[0]}:{self._address[1]}"

    def send(self, row: FaceTrack) -> None:
        """Send one frame.

        Args:
            row: One frame; ``time_s`` on any increasing clock. A frame that is not valid tells
                the receiver that there is no face, where its language has a word for it.
        """
        try:
            for packet in self._encoder.encode(row):
                self._socket.sendto(packet, self._address)
            self.sent += 1
        except OSError:  # nobody listens, or the network is down: the next frame tries again
            self.failed += 1

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


def parse_receiver(spec: str) -> tuple[Dialect, tuple[str, int]]:
    """What a SPEC names: the dialect, and the address with its port.

    Raises:
        FacewrightError: ``dialect-unknown``, ``not-sendable`` or ``address-unknown``.
    """
    name, _, where = spec.partition(":")
    dialect = DIALECTS.get(name)
    able = [key for key, each in DIALECTS.items() if each.encoder]
    if dialect is None or not dialect.encoder:
        raise FacewrightError(
            f'"{name}" is no kind of stream that can be sent.',
            f"Choose one of: {', '.join(able)}.",
            "dialect-unknown" if dialect is None else "not-sendable",
        )
    host, _, port = where.partition(":")
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        raise FacewrightError(f'"{port}" is no port.', "Give a number up to 65535.", "port-unknown")
    try:
        address = socket.gethostbyname(host or "127.0.0.1")
    except (OSError, UnicodeError) as error:
        raise FacewrightError(
            f'There is no machine "{host}" on the network ({error}).',
            "Type its address.",
            "address-unknown",
        ) from error
    return dialect, (address, int(port) if port else dialect.send_port)
