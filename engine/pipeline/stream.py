# SPDX-License-Identifier: GPL-3.0-or-later
"""A face that another program has tracked becomes face values as it arrives; nothing is solved."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from statistics import mean, median

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.requests import LiveRequest
from ..core.sender_clock import SenderClock
from ..core.types import Observations
from ..formats.anything import AnyDecoder
from ..formats.dialects import DIALECTS
from ..formats.packet import Decoder
from ..formats.sample import FaceSample, mirrored, to_row
from ..sources.receiver import Endpoint, Receiver
from .capture import WAIT_S, Capture, LiveFrame
from .solve import NOTHING_SOLVED
from .stream_order import StreamOrder

# Without a packet for so long a stream is lost; it is waited for.
_SILENT_S = 2.0
# Silence that is a gap: at least so long, and so many usual steps; then it is told so often.
_GAP_S, _GAP_STEPS, _TELL_S = 0.5, 5, 0.1
_LEAST_STEP_S = 1e-4
# Steps between samples that tell the sender's rate; a longer one is a pause.
_STEPS, _PAUSE_S = 60, 1.0


class StreamSource:
    """A stream as a ``sources.live.LiveSource``, but of samples instead of pictures.

    Args:
        title: What is listened for.
        endpoint: Where.
        new_decoder: Makes a decoder for a sender.

    Attributes:
        receiver: Knows how many packets came and were refused.
        received: Samples that came.
        dropped: Samples that were lost on their way, came too late, or waited too long.

    Raises:
        FacewrightError: What ``sources.receiver.Receiver`` raises.
    """

    width = height = 0

    def __init__(self, title: str, endpoint: Endpoint, new_decoder: Callable[[], Decoder]) -> None:
        self._title = title
        self._decoder: Decoder | None = None

        def new_parser() -> Callable[[bytes], list[FaceSample]]:
            decoder = new_decoder()

            def parse(data: bytes) -> list[FaceSample]:
                samples = decoder.feed(data)
                self._decoder = decoder  # who makes no sense is nobody's decoder
                return samples

            return parse

        self.receiver = Receiver(endpoint, new_parser)
        self._clock = SenderClock()
        self._order, self._restarts = StreamOrder(), 0
        self._heard_s = now_s()
        self._last_s = float("-inf")
        self._steps: deque[float] = deque(maxlen=_STEPS)
        self._has_times = False
        self._closed = False
        self.port = self.receiver.port
        self.subject = ""
        self.received = 0

    @property
    def name(self) -> str:
        """The dialect, and who speaks it."""
        title = getattr(self._decoder, "title", "") or self._title
        speaker = self.subject or self.receiver.sender
        return f"{title}: {speaker}" if speaker else title

    @property
    def rate(self) -> Fraction:
        """Samples per second, of late."""
        if not self._steps:
            return Fraction(60)
        # Without the sender's times some arrive together.
        step = median(self._steps) if self._has_times else mean(self._steps)
        return Fraction(1 / step).limit_denominator(1001)

    @property
    def state(self) -> str:
        """See ``sources.live.LiveSource``."""
        if self._closed:
            return "ended"
        if not self.received:
            return "opening"
        return "running" if now_s() - self._heard_s < _SILENT_S else "lost"

    @property
    def problem(self) -> str:
        """A sentence while nothing comes."""
        if self.state == "running":
            return ""
        if self.receiver.problem and self.state != "ended":
            return self.receiver.problem
        waiting = f"Waiting for {self._title} on port {self.port}."
        return {"opening": waiting, "lost": f"{self.name} is silent."}.get(self.state, "")

    @property
    def dropped(self) -> int:
        """Samples that were lost on their way, came too late, or waited too long."""
        return self._order.lost + self._order.late + self.receiver.dropped

    def next_sample(self, timeout_s: float) -> tuple[float, FaceSample] | None:
        """The next sample with its time on the clock of ``core.clock.now_s``, or None."""
        result = self.receiver.take(timeout_s)
        if result is None:
            return None
        arrival_s, sample = result
        self._heard_s = arrival_s
        self.received += 1
        self.subject = sample.subject or self.subject
        if not self._order.follows(sample.time_s):
            return None
        if self._order.restarts != self._restarts:
            self._restarts = self._order.restarts
            self._clock.reset()
        stamp_s = sample.time_s if self._order.trusted else None
        time_s = self._clock.ours(stamp_s, arrival_s)
        if time_s - self._last_s < _PAUSE_S:
            self._steps.append(time_s - self._last_s)
        self._last_s, self._has_times = time_s, stamp_s is not None
        return time_s, sample

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self.receiver.close()


class StreamCapture(Capture):
    """Receives a stream live.

    Args:
        request: ``source`` is "udp:DIALECT", "udp:DIALECT:PORT" or "udp:DIALECT:PORT@ADDRESS of
            the phone", or the same with "tcp".
        source: The stream; opened by the request when None.

    Raises:
        FacewrightError: ``dialect-unknown``, ``source-unknown``, or what the socket raises.
    """

    def __init__(self, request: LiveRequest, source: StreamSource | None = None) -> None:
        super().__init__(request, source or open_stream(request.source, request.network))
        self._index = 0
        self._heard_s: float | None = None
        self._row_s = float("-inf")

    def step(self, timeout_s: float = WAIT_S) -> LiveFrame | None:
        """The next frame; None when there is none in time."""
        found = self.source.next_sample(timeout_s)
        if found is None:
            return self._silence()
        time_s, sample = found
        # A frame that told of silence may have been a moment ahead.
        self._heard_s = time_s = max(time_s, self._row_s + _LEAST_STEP_S)
        if self.request.mirror:
            sample = mirrored(sample)
        self._measure(time_s)
        return self._frame(sample, time_s)

    def _silence(self) -> LiveFrame | None:
        """A sender that says nothing shows no face: a gap, of which the character is told."""
        now = now_s()
        longest_s = max(_GAP_S, _GAP_STEPS / float(self.source.rate))
        if self._heard_s is None or now - self._heard_s < longest_s or now - self._row_s < _TELL_S:
            return None
        return self._frame(FaceSample(None, valid=False), now)

    def _frame(self, sample: FaceSample, time_s: float) -> LiveFrame:
        self._row_s = time_s
        track = to_row(sample, time_s)
        seen = Observations.empty(np.array([self._index]), track.time_s)
        self._index += 1
        return LiveFrame(replace(seen, valid=track.valid, presence=track.confidence), track)

    def record(self, take: str, zero_s: float, microphone: str = "", **header: object) -> None:
        """As ``Capture.record``; the header says that nothing was solved here."""
        engine = self.request.source.partition("@")[0]
        made = {"engine": engine, "solver": NOTHING_SOLVED, "models": {}}
        super().record(take, zero_s, microphone, **made, **header)

    def calibrated(self, _frame: LiveFrame) -> str:
        """Nothing: see ``calibrate``."""
        return ""

    def calibrate(self, _path: str, _begin_s: float, _seconds: float) -> None:
        """Refuse.

        Raises:
            FacewrightError: ``calibrate-sender``.
        """
        raise FacewrightError(
            f"The face of {self.source.name} is tracked by the sender.",
            "Calibrate in the app that sends it.",
            "calibrate-sender",
        )

    def use_performer(self, _path: str) -> None:
        """Nothing: what arrives is solved already."""


def open_stream(spec: str, network: bool) -> StreamSource:
    """Listen for what a SPEC names.

    Args:
        spec: See ``StreamCapture``.
        network: Listen to other machines, too.

    Raises:
        FacewrightError: ``dialect-unknown``, ``source-unknown``, or what the socket raises.
    """
    where, _, phone = spec.partition("@")
    transport, _, rest = where.partition(":")
    name, _, port = rest.partition(":")
    if port and not (port.isdigit() and int(port) < 65536):
        raise _no_stream(spec)
    network = network or bool(phone)
    if name == "any" and transport == "udp" and port:
        endpoint = Endpoint(transport, int(port), network, phone)
        return StreamSource("any sender", endpoint, AnyDecoder)
    if name not in DIALECTS:
        raise FacewrightError(
            f'"{name}" is no kind of stream.',
            f"Choose one of: any, {', '.join(DIALECTS)}.",
            "dialect-unknown",
        )
    dialect = DIALECTS[name]
    if transport not in dialect.transports:
        raise _no_stream(spec)
    number = int(port) if port else dialect.port_of(transport)
    greeting = dialect.greeting(transport, number) if phone else None
    endpoint = Endpoint(transport, number, network, phone, *(greeting or ()))
    return StreamSource(dialect.title, endpoint, lambda: dialect.decoder(transport))


def _no_stream(spec: str) -> FacewrightError:
    return FacewrightError(
        f'"{spec}" names no stream that can be received.',
        'Give "udp:livelink", "udp:livelink:11111" or "tcp:ifacialmocap@ADDRESS of the phone".',
        "source-unknown",
    )
