# SPDX-License-Identifier: GPL-3.0-or-later
"""A microphone moves a mouth as it is spoken into; see ``pipeline.stream`` for its like."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, replace

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.inference.onnx_session import open_model
from ..core.mouth_style import MouthStyle
from ..core.requests import LiveRequest
from ..core.types import Observations
from ..formats.sample import FaceSample, to_row
from ..models.catalog import model_path
from ..sources.live_microphone import LiveMicrophone
from ..sources.live_sound import LiveSound, SoundPacket
from ..sources.open_live import open_live_sound
from ..speech.live_voice import LiveVoice
from .capture import WAIT_S, Capture, LiveFrame, LiveStatus
from .solve import NOTHING_SOLVED, sha256_of

NETWORK = "speech_live"
ENGINE = "speech"
# What waits for longer than so many moments is too late to be shown.
_MOST = 6
# A microphone that is gone is a gap, told so often.
_TELL_S = 0.1
_LEAST_STEP_S = 1e-4


class SpeechCapture(Capture):
    """Hears a microphone, or a recording paced as one, live.

    Args:
        request: ``source`` is "mic:", "mic:NAME" or "file:voice.wav".
        source: The sound; opened by the request when None.

    Raises:
        FacewrightError: The network, the microphone or the file cannot be opened.
    """

    def __init__(self, request: LiveRequest, source: LiveSound | None = None) -> None:
        network = open_model(model_path(NETWORK), "cpu")
        super().__init__(request, source or open_live_sound(request))
        self.provider = network.provider
        self._voice = LiveVoice(network, request.mouth, request.emphasis)
        self._told: deque[tuple[float, np.ndarray]] = deque()
        # A recording that is not paced waits for us.
        self._most = _MOST if request.realtime or isinstance(self.source, LiveMicrophone) else None
        self._following: SoundPacket | None = None
        self._index = 0
        self._row_s = float("-inf")

    @property
    def ended(self) -> bool:
        """Whether no more values will come."""
        return super().ended and not self._told

    def close(self) -> None:
        """Let go of the source."""
        super().close()
        self._told.clear()

    def status(self) -> LiveStatus:
        """How the capture is doing; ``dropped`` counts moments that there was no time for."""
        found = super().status()
        return replace(found, dropped=found.dropped + self._voice.skipped)

    def step(self, timeout_s: float = WAIT_S) -> LiveFrame | None:
        """The next values; None when there are none in time."""
        ends_s = now_s() + timeout_s
        while not self._told:
            packet = self._next_packet(max(0.0, ends_s - now_s()))
            if packet is None:
                return self._silence()
            if packet.begins_anew:
                self._voice.begin()
            self._told.extend(self._voice.push(packet.samples, packet.end_s, self._most))
        time_s, weights = self._told.popleft()
        frame = self._frame(FaceSample(None, weights=weights), time_s)
        self._measure(frame.time_s)
        return frame

    def record(self, take: str, zero_s: float, microphone: str = "", **header: object) -> None:
        """As ``Capture.record``; the sound that moves the mouth is always recorded beside it."""
        models = {NETWORK: sha256_of(NETWORK)}
        made = {
            "engine": ENGINE,
            "detector": "",
            "solver": NOTHING_SOLVED,
            "models": models,
            "mouth": asdict(self._voice.style),
            "emphasis": self._voice.emphasis,
        }
        super().record(take, zero_s, microphone or self.source.name, **made, **header)

    def calibrated(self, _frame: LiveFrame) -> str:
        """Nothing: see ``calibrate``."""
        return ""

    def calibrate(self, _path: str, _begin_s: float, _seconds: float) -> None:
        """Refuse.

        Raises:
            FacewrightError: ``calibrate-sound``.
        """
        raise FacewrightError(
            f"{self.source.name} gives sound, and nobody's face is seen.",
            "Calibrate with a camera.",
            "calibrate-sound",
        )

    def use_performer(self, _path: str) -> None:
        """Nothing: no face is solved."""

    def use_mouth(self, style: MouthStyle, emphasis: float) -> None:
        """See ``Capture.use_mouth``; what was heard before is shown as it was."""
        self._voice.style, self._voice.emphasis = style, emphasis

    def _next_packet(self, timeout_s: float) -> SoundPacket | None:
        """All that waits, as one packet: to hear it together takes less time."""
        packet = self._following or self.source.next_packet(timeout_s)
        self._following = None
        if packet is None or self._most is None:
            return packet
        parts = [packet]
        while (following := self.source.next_packet(0.0)) is not None:
            if following.begins_anew:
                self._following = following
                break
            parts.append(following)
        samples = np.concatenate([part.samples for part in parts])
        return SoundPacket(samples, parts[-1].end_s, packet.begins_anew)

    def _silence(self) -> LiveFrame | None:
        """No sound from a microphone that is gone: a gap, of which the character is told."""
        now = now_s()
        if self.source.state != "lost" or now - self._row_s < _TELL_S:
            return None
        return self._frame(FaceSample(None, valid=False), now)

    def _frame(self, sample: FaceSample, time_s: float) -> LiveFrame:
        self._row_s = time_s = max(time_s, self._row_s + _LEAST_STEP_S)
        track = to_row(sample, time_s)
        seen = Observations.empty(np.array([self._index]), track.time_s)
        self._index += 1
        return LiveFrame(replace(seen, valid=track.valid, presence=track.confidence), track)
