# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens on every usual port at once: what arrives where, and the first that makes sense."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.progress import Cancelled, Progress
from ..formats.anything import AnyDecoder
from ..formats.dialects import DIALECTS
from ..formats.sample import FaceSample
from ..sources.receiver import Endpoint
from .stream import StreamSource

# How often the ports are looked at, while it is not known which one counts.
_LOOK_S = 0.005


@dataclass
class Heard:
    """What a port has heard.

    Attributes:
        port: UDP.
        what: The dialect and who speaks it; empty where nothing was understood.
        samples: Faces that came.
        rate: Faces per second.
        refused: Packets that were not understood.
        problem: Why the port cannot be listened on, or what was wrong with a packet.
    """

    port: int
    what: str = ""
    samples: int = 0
    rate: float = 0.0
    refused: int = 0
    problem: str = ""


def usual_ports() -> list[int]:
    """The UDP ports that senders of any dialect use."""
    return sorted({one.ports["udp"] for one in DIALECTS.values() if "udp" in one.ports})


def listen(network: bool, seconds: float, progress: Progress | None = None) -> list[Heard]:
    """Listen for some seconds.

    Args:
        network: Listen to other machines, too.
        seconds: How long.
        progress: May stop it earlier.
    """
    progress = progress or Progress()
    sources, heard = _open(network, "")
    end_s = now_s() + seconds
    try:
        while now_s() < end_s:
            progress.step(round(10 * (seconds - end_s + now_s())), round(10 * seconds), "tenths")
            for source in sources:
                while source.next_sample(0) is not None:
                    pass
            time.sleep(_LOOK_S)
    except (Cancelled, KeyboardInterrupt):
        pass
    finally:
        _close(sources)
    for source in sources:
        refused = source.receiver.refused
        what = source.name if source.received else ""
        rate = float(source.rate) if source.received > 1 else 0.0
        problem = source.receiver.problem
        heard.append(Heard(source.port, what, source.received, rate, refused, problem))
    return sorted(heard, key=lambda one: one.port)


class AnySource:
    """The first stream that makes sense on any usual port; see ``stream.StreamSource``.

    Args:
        network: Listen to other machines, too.
        phone: The only address that is heard, or empty.

    Raises:
        FacewrightError: ``port-taken`` when no port is free.
    """

    width = height = 0

    def __init__(self, network: bool, phone: str = "") -> None:
        self._waiting, taken = _open(network, phone)
        self._chosen: StreamSource | None = None
        self._closed = False
        if not self._waiting:
            raise FacewrightError(
                f"None of the ports {', '.join(str(one.port) for one in taken)} is free.",
                "Another program, or another Blender, listens on them; close it.",
                "port-taken",
            )

    @property
    def name(self) -> str:
        """Who was found."""
        return self._chosen.name if self._chosen else "Any sender"

    @property
    def rate(self) -> Fraction:
        """Samples per second."""
        return self._chosen.rate if self._chosen else Fraction(60)

    @property
    def state(self) -> str:
        """See ``sources.live.LiveSource``."""
        if self._closed:
            return "ended"
        return self._chosen.state if self._chosen else "opening"

    @property
    def problem(self) -> str:
        """A sentence while nothing comes."""
        if self._chosen:
            return self._chosen.problem
        strange = [one.receiver.problem for one in self._waiting if one.receiver.problem]
        ports = ", ".join(str(one.port) for one in self._waiting)
        return strange[-1] if strange else f"Waiting for any sender on the ports {ports}."

    @property
    def received(self) -> int:
        """Samples that came."""
        return self._chosen.received if self._chosen else 0

    @property
    def dropped(self) -> int:
        """Samples that were lost on their way, came too late, or waited too long."""
        return self._chosen.dropped if self._chosen else 0

    def next_sample(self, timeout_s: float) -> tuple[float, FaceSample] | None:
        """See ``stream.StreamSource``."""
        if self._chosen:
            return self._chosen.next_sample(timeout_s)
        end_s = now_s() + timeout_s
        while True:
            for source in self._waiting:
                if (found := source.next_sample(0)) is not None:
                    self._choose(source)
                    return found
            if now_s() >= end_s:
                return None
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        _close([*self._waiting, *([self._chosen] if self._chosen else [])])

    def _choose(self, source: StreamSource) -> None:
        self._chosen = source
        _close([other for other in self._waiting if other is not source])
        self._waiting = []


def _close(sources: list[StreamSource]) -> None:
    """All at once: each thread hears of it a moment later."""
    for source in sources:
        source.receiver.stop()
    for source in sources:
        source.close()


def _open(network: bool, phone: str) -> tuple[list[StreamSource], list[Heard]]:
    """A source on each usual port that is free, and those that are not."""
    sources, taken = [], []
    for port in usual_ports():
        endpoint = Endpoint("udp", port, network or bool(phone), phone)
        try:
            sources.append(StreamSource("any sender", endpoint, AnyDecoder))
        except FacewrightError as error:
            if error.code == "address-unknown":
                raise
            taken.append(Heard(port, problem=str(error)))
    return sources, taken
