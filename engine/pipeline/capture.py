# SPDX-License-Identifier: GPL-3.0-or-later
"""What every live capture has, whatever it captures from: status, and takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.inference.providers import each_once
from ..core.mouth_style import MouthStyle
from ..core.requests import LiveRequest
from ..core.types import FaceTrack, Observations, VideoFrame
from ..solve.base import Solver
from ..solve.performer import Performer, performer_to_json
from ..sources.live import LiveSource
from .record import Recorder, RecordReport, live_header
from .record_sound import TakeSound

# Seconds over which rate and delay are measured.
_WINDOW_S = 2.0
# How long a step waits for a frame.
WAIT_S = 0.1
# Frames kept back: recording begins on a frame that came while the order was on its way.
_RECENT = 60


@dataclass(frozen=True)
class LiveFrame:
    """One frame of a live capture.

    Attributes:
        observations: What was seen, one row; times on the clock of ``core.clock.now_s``.
        track: The solved values, one row, not yet calmed.
        picture: The tracked picture; None where another program has tracked it.
    """

    observations: Observations
    track: FaceTrack
    picture: VideoFrame | None = None

    @property
    def time_s(self) -> float:
        """When it was seen, on the clock of ``core.clock.now_s``."""
        return float(self.track.time_s[0])


@dataclass(frozen=True)
class LiveStatus:
    """How a capture is doing.

    Attributes:
        name: The source.
        state, problem: See ``sources.live.LiveSource``.
        width, height: Pixels; 0 where there is no picture.
        frames_per_second: Over the last seconds.
        delay_ms: From the picture's time to its values, median of the last seconds.
        received, dropped: Frames that came, and those that nobody had time for or that were lost
            on their way.
        studied: Frames that the face at rest is learned from; 0 with a profile.
        provider: What the networks run on; empty without.
    """

    name: str
    state: str
    problem: str
    width: int
    height: int
    frames_per_second: float
    delay_ms: float
    received: int
    dropped: int
    studied: int
    provider: str


class Capture:
    """The part of a live capture that does not depend on where the values come from.

    Args:
        request: What and how.
        source: Where from.

    Attributes:
        notes: Sentences about anything that is not as asked.
        provider: What the networks run on; empty without.
    """

    def __init__(self, request: LiveRequest, source: LiveSource) -> None:
        self.request, self.source = request, source
        self.notes: list[str] = []
        self.provider = ""
        self._recorder: Recorder | None = None
        self._recorded_on = ""
        self._measured: deque[tuple[float, float]] = deque()
        self._recent: deque[tuple[Observations, FaceTrack]] = deque(maxlen=_RECENT)

    @property
    def ended(self) -> bool:
        """Whether no more frames will come."""
        return self.source.state == "ended"

    @property
    def studied(self) -> int:
        """Frames that the face at rest is learned from."""
        return 0

    def step(self, timeout_s: float = WAIT_S) -> LiveFrame | None:
        """The next frame; None when there is none in time."""
        raise NotImplementedError

    def use_mouth(self, style: MouthStyle, emphasis: float) -> None:
        """How far the mouth goes from now on, where sound moves it; nothing elsewhere.

        Args:
            style, emphasis: As ``LiveRequest`` has them.
        """

    def close(self) -> None:
        """Let go of the source; a recording that was not finished keeps what it has."""
        self.source.close()

    def status(self) -> LiveStatus:
        """How the capture is doing."""
        source, measured = self.source, self._measured
        span = measured[-1][0] - measured[0][0] if len(measured) > 1 else 0.0
        delays = [delay for _, delay in measured]
        return LiveStatus(
            name=source.name,
            state=source.state,
            problem=source.problem or self._sound_problem(),
            width=source.width,
            height=source.height,
            frames_per_second=round((len(measured) - 1) / span, 2) if span else 0.0,
            delay_ms=round(1e3 * float(np.median(delays)), 2) if delays else 0.0,
            received=source.received,
            dropped=source.dropped,
            studied=self.studied,
            provider=self.provider,
        )

    def record(self, take: str, zero_s: float, microphone: str = "", **header: object) -> None:
        """Write all frames from ``zero_s`` on, the take's second 0, into a new take.

        Args:
            take: Path.
            zero_s: On the clock of ``core.clock.now_s``.
            microphone: Which one is recorded beside it; empty for none. A clip gives its own
                sound.
            header: More entries for the header.

        Raises:
            FacewrightError: The take cannot be written, or one is being written already.
        """
        if self._recorder:
            raise FacewrightError(
                "A take is being recorded already.", "Stop that recording first.", "recording"
            )
        self._recorded_on = self.provider
        whole = live_header(self.request, self.source, self.provider, self._performer())
        sound = TakeSound(self.source, Path(take), zero_s, microphone) if microphone else None
        self._recorder = Recorder(Path(take), zero_s, whole | header, sound)
        for observations, track in self._recent:
            self._recorder.add(observations, track)

    def keep(self, frame: LiveFrame) -> None:
        """Write a frame into the take that is being recorded, or that will be in a moment.

        Raises:
            FacewrightError: The take cannot be written; the recording has ended.
        """
        self._recent.append((frame.observations, frame.track))
        try:
            if self._recorder:
                self._recorder.add(frame.observations, frame.track)
        except FacewrightError:
            recorder, self._recorder = self._recorder, None
            recorder.abandon()
            raise

    def stop_recording(self, shift_s: float = 0.0) -> Future[RecordReport] | None:
        """Complete the take, in a thread of its own; None where none was being recorded.

        Args:
            shift_s: Added to all times of the take.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        known = self._performer()
        return recorder.finish(
            self._final_solver(),
            self.request,
            shift_s,
            self.source.rate,
            performer=performer_to_json(known) if known else None,
            provider=each_once(self._recorded_on, self.provider),
        )

    def _sound_problem(self) -> str:
        sound = self._recorder.sound if self._recorder else None
        return sound.problem if sound else ""

    def _measure(self, time_s: float) -> None:
        """A frame of this time has its values now."""
        now = now_s()
        self._measured.append((now, now - time_s))
        while self._measured[0][0] < now - _WINDOW_S:
            self._measured.popleft()

    def _performer(self) -> Performer | None:
        """What is known of the performer."""
        return None

    def _final_solver(self) -> Solver | None:
        """What solves a whole take anew; None leaves its values as they are."""
        return None


def follow(capture: Capture, patience_s: float = np.inf) -> Iterator[LiveFrame]:
    """The frames of a capture until it ends, or until none has come for ``patience_s``."""
    heard_s = now_s()
    while not capture.ended and now_s() - heard_s < patience_s:
        frame = capture.step()
        if frame is not None:
            yield frame
            heard_s = now_s()
