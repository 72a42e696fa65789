# SPDX-License-Identifier: GPL-3.0-or-later
"""Every language that faces are streamed in: one table, and who speaks what.

A decoder belongs to one sender and keeps its state; an encoder to one receiver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from . import (
    face_cap,
    ifacialmocap,
    live_link,
    openseeface,
    osc,
    vmc,
    vtube_studio,
)
from .packet import Decoder


class Encoder(Protocol):
    """Turns frames into packets for one receiver."""

    def encode(self, row: FaceTrack) -> list[bytes]:
        """The packets of a frame, in order; ``row`` is a track of one frame."""


@dataclass(frozen=True)
class Greeting:
    """What a phone is told.

    Attributes:
        port: On the phone.
        words: Sent until it answers.
        farewell: Sent at the end; or empty.
        again: Whether it is sent on while the phone answers, which else stops.
    """

    port: int
    words: bytes
    farewell: bytes = b""
    again: bool = False

    def __iter__(self):
        return iter((self.port, self.words, self.farewell, self.again))


@dataclass(frozen=True)
class Dialect:
    """One language.

    Attributes:
        name: Its key in ``DIALECTS``.
        title: As people know it.
        ports: Transport ("udp", "tcp") -> the port that is usually listened on.
        send_port: Where programs that understand it usually listen.
        new_decoder: Transport -> a decoder.
        encoder: Makes an encoder; None where this is only received.
        greetings: Transport and the port that we listen on -> what the phone is told; None where
            senders need no greeting.
    """

    name: str
    title: str
    ports: Mapping[str, int]
    send_port: int
    new_decoder: Callable[[str], Decoder] = field(repr=False)
    encoder: Callable[[], Encoder] | None = field(default=None, repr=False)
    greetings: Callable[[str, int], Greeting] | None = field(default=None, repr=False)

    @property
    def transports(self) -> tuple[str, ...]:
        """The first is the usual one."""
        return tuple(self.ports)

    @property
    def port(self) -> int:
        """That is usually listened on, by the usual transport."""
        return self.port_of(self.transports[0])

    def port_of(self, transport: str) -> int:
        """That is usually listened on."""
        return self.ports[transport]

    def decoder(self, transport: str = "udp") -> Decoder:
        """A new decoder, for one sender."""
        return self.new_decoder(transport)

    def greeting(self, transport: str = "udp", port: int = 0) -> Greeting | None:
        """What the phone is told; ``port`` is where we listen, 0 for the usual one."""
        if self.greetings is None:
            return None
        return self.greetings(transport, port or self.port_of(transport))


class _LiveLink:
    def encode(self, row: FaceTrack) -> list[bytes]:
        return [live_link.encode(row)]


class _Performer:
    def __init__(self, presets: bool = False) -> None:
        self._presets = presets
        self._begin_s: float | None = None

    def encode(self, row: FaceTrack) -> list[bytes]:
        # From the first frame on: the wire's 32 bits cannot tell the milliseconds of a late clock.
        if self._begin_s is None:
            self._begin_s = float(row.time_s[0])
        return vmc.encode_performer(row, float(row.time_s[0]) - self._begin_s, self._presets)


class _Assistant:
    def encode(self, row: FaceTrack) -> list[bytes]:
        return vmc.encode_assistant(row)


class _FaceCap:
    def encode(self, row: FaceTrack) -> list[bytes]:
        return face_cap.encode(row)


class _VTubeStudio:
    def encode(self, row: FaceTrack) -> list[bytes]:
        return [vtube_studio.encode(row, time.time())]


@dataclass(frozen=True)
class _IFacialMocap:
    facemotion: bool = False

    def encode(self, row: FaceTrack) -> list[bytes]:
        return [ifacialmocap.encode(row, facemotion=self.facemotion)]


def _greet_ifacialmocap(transport: str, _port: int) -> Greeting:
    return Greeting(
        ifacialmocap.PHONE_PORT,
        ifacialmocap.GREETINGS[transport],
        ifacialmocap.FAREWELLS[transport],
    )


def _greet_facemotion(transport: str, _port: int) -> Greeting:
    return Greeting(
        ifacialmocap.FACEMOTION_PHONE_PORT,
        ifacialmocap.FACEMOTION_GREETINGS[transport],
        ifacialmocap.FACEMOTION_FAREWELL,
    )


def _greet_vtube_studio(_transport: str, port: int) -> Greeting:
    return Greeting(vtube_studio.PHONE_PORT, vtube_studio.request(port), again=True)


_TEXT_PORTS = {"udp": ifacialmocap.UDP_PORT, "tcp": ifacialmocap.TCP_PORT}

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (
            Dialect(
                "livelink",
                live_link.TITLE,
                {"udp": live_link.PORT},
                live_link.PORT,
                lambda _transport: live_link.LiveLinkDecoder(),
                _LiveLink,
            ),
            Dialect(
                "vmc",
                vmc.TITLE,
                {"udp": vmc.MARIONETTE_PORT},
                vmc.MARIONETTE_PORT,
                lambda _transport: vmc.VmcDecoder(),
                _Performer,
            ),
            Dialect(
                "vmc-presets",
                "VMC presets",
                {"udp": vmc.MARIONETTE_PORT},
                vmc.MARIONETTE_PORT,
                lambda _transport: vmc.VmcDecoder(),
                lambda: _Performer(presets=True),
            ),
            Dialect(
                "vmc-assistant",
                "VMC Assistant",
                {"udp": vmc.PERFORMER_PORT},
                vmc.PERFORMER_PORT,
                lambda _transport: vmc.VmcDecoder(),
                _Assistant,
            ),
            Dialect(
                "ifacialmocap",
                ifacialmocap.TITLE,
                _TEXT_PORTS,
                ifacialmocap.UDP_PORT,
                ifacialmocap.IFacialMocapDecoder,
                _IFacialMocap,
                _greet_ifacialmocap,
            ),
            Dialect(
                "facemotion3d",
                ifacialmocap.FACEMOTION_TITLE,
                _TEXT_PORTS,
                ifacialmocap.UDP_PORT,
                lambda transport: ifacialmocap.IFacialMocapDecoder(
                    transport, ifacialmocap.FACEMOTION_TITLE
                ),
                lambda: _IFacialMocap(facemotion=True),
                _greet_facemotion,
            ),
            Dialect(
                "facecap",
                face_cap.TITLE,
                {"udp": face_cap.PORT},
                face_cap.PORT,
                lambda _transport: face_cap.FaceCapDecoder(),
                _FaceCap,
            ),
            Dialect(
                "openseeface",
                openseeface.TITLE,
                {"udp": openseeface.PORT},
                openseeface.PORT,
                lambda _transport: openseeface.OpenSeeFaceDecoder(),
            ),
            Dialect(
                "vtube",
                vtube_studio.TITLE,
                {"udp": vtube_studio.PORT},
                vtube_studio.PORT,
                lambda _transport: vtube_studio.VTubeStudioDecoder(),
                _VTubeStudio,
                _greet_vtube_studio,
            ),
        )
    }
)


def recognise(data: bytes) -> str | None:
    """Which dialect a packet speaks, by its content; None for none of them.

    In this order, each by what no other has: OSC by its first bytes and then its addresses, JSON
    by its brace and BlendShapes, OpenSeeFace by its size and limits, Live Link Face by its version
    and lengths, text by its transforms. A VMC packet of an Assistant reads like a Performer's.
    """
    if data[:1] in (b"/", b"#"):
        try:
            addresses = [address for address, _ in osc.parse(data)]
        except FacewrightError:
            return None
        if vmc.is_vmc(addresses):
            return "vmc"
        return "facecap" if face_cap.is_face_cap(addresses) else None
    if data[:1] == b"{":
        return "vtube" if vtube_studio.is_vtube_studio(data) else None
    if openseeface.is_openseeface(data):
        return "openseeface"
    if live_link.is_live_link(data):
        return "livelink"
    return ifacialmocap.dialect_of(data)
