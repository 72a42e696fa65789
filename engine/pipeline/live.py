# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source shows now becomes face values, frame by frame: grab, track, solve, record."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.requests import LiveRequest
from ..core.types import FaceTrack, Observations, VideoFrame
from ..models.catalog import model_path
from ..solve.base import Solver
from ..solve.performer import performer_to_json
from ..sources.live import LiveSource
from ..sources.open_live import open_live_source
from ..tracking.base import TrackerOptions
from ..tracking.catalog import create_tracker
from .live_study import Adoption, Calibration, Student
from .record import Recorder, RecordReport, live_header
from .record_sound import TakeSound
from .solve import APPEARANCE_NETWORK, make_solver, read_profile, sha256_of

# Seconds over which rate and delay are measured.
_WINDOW_S = 2.0
# Frames kept back: recording begins on a frame that came while the order was on its way.
_RECENT = 60
# How long a step waits for a picture.
_WAIT_S = 0.1


@dataclass(frozen=True)
class LiveFrame:
    """One frame of a live capture.

    Attributes:
        observations: What was seen, one row; times on the clock of ``core.clock.now_s``.
        track: The solved values, one row, not yet calmed.
        picture: The tracked picture.
    """

    observations: Observations
    track: FaceTrack
    picture: VideoFrame


@dataclass(frozen=True)
class LiveStatus:
    """How a capture is doing.

    Attributes:
        name: The source.
        state, problem: See ``sources.live.LiveSource``.
        width, height: Pixels.
        frames_per_second: Tracked over the last seconds.
        delay_ms: From the picture's time to its solved values, median of the last seconds.
        received, dropped: Frames that came, and those that nobody had time for.
        studied: Frames that the face at rest is learned from; 0 with a profile.
        provider: What the networks run on.
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


class LiveCapture:
    """Tracks a source live.

    Args:
        request: What and how.
        source: The pictures; opened by the request when None.

    Raises:
        FacewrightError: The source, a network or the profile cannot be opened.
    """

    def __init__(self, request: LiveRequest, source: LiveSource | None = None) -> None:
        self.request = request
        # Not in the solver: the filter in front of the character does it, by the artist's taste.
        self._live_settings = replace(request.solve, causal=True, steady=False)
        profile = read_profile(request.solve.performer) if request.solve.performer else None
        self._tracker = create_tracker(
            request.engine, TrackerOptions(model_path, device=request.device, face=request.face)
        )
        self.notes = list(self._tracker.notes)
        self.source = source or open_live_source(request)
        self._size = (0, 0)
        self._student: Student | None = None
        self._adoption: Adoption | None = None
        self._solver: Solver | None = None
        self._profile = profile
        self._calibration: Calibration | None = None
        self._recorder: Recorder | None = None
        self._measured: deque[tuple[float, float]] = deque()
        self._recent: deque[tuple[Observations, FaceTrack]] = deque(maxlen=_RECENT)

    def close(self) -> None:
        """Let go of the source; a recording that was not finished keeps what it has."""
        self.source.close()
        if self._student:
            self._student.close()

    @property
    def ended(self) -> bool:
        """Whether no more frames will come."""
        return self.source.state == "ended"

    @property
    def recording(self) -> bool:
        """Whether a take is being written."""
        return self._recorder is not None

    def step(self, timeout_s: float = _WAIT_S) -> LiveFrame | None:
        """Track the newest frame; None when there is none in time."""
        picture = self.source.next_frame(timeout_s)
        if picture is None:
            return None
        if self.request.mirror:
            picture = replace(picture, image=np.ascontiguousarray(picture.image[:, ::-1]))
        observations = self._tracker.track_one(picture)
        self._match_size(picture)
        self._adoption.advance(picture.time_s)
        track = self._solver.solve(observations)
        if self._student and (settled := self._student.see(observations)):
            self._adoption.change(settled, picture.time_s)
        now = now_s()
        self._measured.append((now, now - picture.time_s))
        while self._measured[0][0] < now - _WINDOW_S:
            self._measured.popleft()
        return LiveFrame(observations, track, picture)

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
            self._recorder = None
            raise

    def status(self) -> LiveStatus:
        """How the capture is doing."""
        source, measured = self.source, self._measured
        span = measured[-1][0] - measured[0][0] if len(measured) > 1 else 0.0
        return LiveStatus(
            name=source.name,
            state=source.state,
            problem=source.problem,
            width=source.width,
            height=source.height,
            frames_per_second=round((len(measured) - 1) / span, 2) if span else 0.0,
            delay_ms=round(1e3 * float(np.median([d for _, d in measured])), 2) if measured else 0,
            received=source.received,
            dropped=source.dropped,
            studied=self._student.frames if self._student else 0,
            provider=self._tracker.provider,
        )

    def use_performer(self, path: str) -> None:
        """Go on with another profile; an empty path learns the face at rest anew.

        Raises:
            FacewrightError: The profile cannot be read; the one in use stays.
        """
        self._profile = read_profile(path) if path else None
        self.request = replace(self.request, solve=replace(self.request.solve, performer=path))
        if self._adoption is None:
            return
        if self._student:
            self._student.close()
        self._student = (
            None if path else Student(self._study_solver(), sha256_of(APPEARANCE_NETWORK))
        )
        self._adoption.change(self._profile, now_s())

    def calibrate(self, path: str, begin_s: float, seconds: float) -> None:
        """Make a profile of the performer, who will rest from ``begin_s`` on for ``seconds``.

        ``calibrated`` tells what came of it.

        Raises:
            FacewrightError: ``not-running`` when no frame has come yet.
        """
        if self._adoption is None:
            raise FacewrightError(
                "The source has not shown a picture yet, so there is nothing to calibrate.",
                "Wait until the camera runs.",
                "not-running",
            )
        self._calibration = Calibration(
            self._study_solver(),
            Path(path),
            begin_s,
            begin_s + seconds,
            sha256_of(APPEARANCE_NETWORK),
        )

    def calibrated(self, frame: LiveFrame) -> str:
        """Show the calibration the next frame; the path of the profile once it is in use.

        Raises:
            FacewrightError: The calibration has failed; what was in use before stays.
        """
        if self._calibration is None:
            return ""
        try:
            performer = self._calibration.see(frame.observations)
        except FacewrightError:
            self._calibration = None
            raise
        if performer is None:
            return ""
        path, self._calibration = str(self._calibration.path), None
        self.use_performer(path)
        return path

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
        known = self._adoption.performer if self._adoption else self._profile
        whole = live_header(self.request, self.source, self._tracker.provider, known)
        sound = TakeSound(self.source, Path(take), zero_s, microphone) if microphone else None
        self._recorder = Recorder(Path(take), zero_s, whole | header, sound)
        for observations, track in self._recent:
            self._recorder.add(observations, track)

    def stop_recording(self, shift_s: float = 0.0) -> Future[RecordReport] | None:
        """Complete the take, in a thread of its own; None where none was being recorded.

        Args:
            shift_s: Added to all times of the take.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        width, height = self._size if any(self._size) else (self.source.width, self.source.height)
        solver = make_solver(replace(self.request.solve, performer=""), width, height)
        known = self._adoption.performer if self._adoption else self._profile
        if known is not None:
            solver.adopt(known)
        return recorder.finish(
            solver,
            self.request,
            shift_s,
            performer=performer_to_json(known) if known else None,
        )

    def _match_size(self, picture: VideoFrame) -> None:
        """A camera that comes back may give pictures of another size."""
        height, width = picture.image.shape[:2]
        if (width, height) == self._size:
            return
        self._size = width, height
        self._solver = make_solver(replace(self._live_settings, performer=""), width, height)
        known = self._adoption.performer if self._adoption else self._profile
        self._adoption = Adoption(self._solver, known)
        if self._profile is None and self._student is None:
            self._student = Student(self._study_solver(), sha256_of(APPEARANCE_NETWORK))

    def _study_solver(self) -> Solver:
        return make_solver(replace(self._live_settings, performer=""), *self._size)


def follow(capture: LiveCapture, seconds: float | None = None) -> Iterator[LiveFrame]:
    """The frames of a capture until it ends or ``seconds`` have passed."""
    end_s = np.inf if seconds is None else time.perf_counter() + seconds
    while not capture.ended and time.perf_counter() < end_s:
        frame = capture.step()
        if frame is not None:
            yield frame
