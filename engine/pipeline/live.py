# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source shows now becomes face values, frame by frame: grab, track, solve, record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..core.clock import now_s
from ..core.engines import CUSTOM_SUFFIX
from ..core.errors import FacewrightError
from ..core.requests import LiveRequest
from ..core.solvers import RAW
from ..core.types import VideoFrame
from ..models.catalog import model_path
from ..solve.base import Solver
from ..solve.performer import Performer
from ..sources.live import LiveSource
from ..sources.open_live import open_live_source
from ..tracking.base import TrackerOptions
from ..tracking.catalog import create_tracker
from .capture import WAIT_S, Capture, LiveFrame
from .live_study import Adoption, Calibration, Student
from .solve import APPEARANCE_NETWORK, make_solver, read_profile, settled, sha256_of, unlike_engine


class LiveCapture(Capture):
    """Tracks a source live.

    Args:
        request: What and how.
        source: The pictures; opened by the request when None.

    Raises:
        FacewrightError: The source, a network or the profile cannot be opened.
    """

    def __init__(self, request: LiveRequest, source: LiveSource | None = None) -> None:
        request = replace(request, solve=settled(request.solve, request.engine))
        # Not in the solver: the filter in front of the character does it, by the artist's taste.
        self._live_settings = replace(request.solve, causal=True, steady=False)
        profile = read_profile(request.solve.performer) if request.solve.performer else None
        tracker = create_tracker(
            request.engine,
            TrackerOptions(
                model_path,
                device=request.device,
                face=request.face,
                streams=1,
                detector=request.detector,
                gpu=request.gpu,
            ),
        )
        super().__init__(request, source or open_live_source(request))
        self._tracker, self._profile = tracker, profile
        self.provider = tracker.provider
        self.notes = [*tracker.notes, *self._about_profile()]
        self._size = self._recorded_size = (0, 0)
        self._student: Student | None = None
        self._adoption: Adoption | None = None
        self._solver: Solver | None = None
        self._calibration: Calibration | None = None

    def close(self) -> None:
        """Let go of the source; a recording that was not finished keeps what it has."""
        super().close()
        self._tracker.close()
        if self._student:
            self._student.close()

    @property
    def studied(self) -> int:
        """Frames that the face at rest is learned from; 0 with a profile."""
        return self._student.frames if self._student else 0

    def step(self, timeout_s: float = WAIT_S) -> LiveFrame | None:
        """Track the newest frame; None when there is none in time."""
        picture = self.source.next_frame(timeout_s)
        if picture is None:
            return None
        if self.request.mirror:
            picture = replace(picture, image=np.ascontiguousarray(picture.image[:, ::-1]))
        observations = self._tracker.track_one(picture)
        self._notice_failure()
        self._match_size(picture)
        self._adoption.advance(picture.time_s)
        track = self._solver.solve(observations)
        if self._student and (settled := self._student.see(observations)):
            self._adoption.change(settled, picture.time_s)
        self._measure(picture.time_s)
        return LiveFrame(observations, track, picture)

    def _notice_failure(self) -> None:
        """A card that fails is no reason to stop: the processor has tracked the picture."""
        if self._tracker.provider != self.provider:
            self.provider = self._tracker.provider
            self.notes = [*self._tracker.notes, *self._about_profile()]

    @property
    def _engine(self) -> str:
        """As a take's header calls it: of a .toml its file's name."""
        engine = self.request.engine
        return Path(engine).name if engine.endswith(CUSTOM_SUFFIX) else engine

    def _about_profile(self) -> list[str]:
        """What is to be said of the profile in use."""
        if self._profile is None:
            return []
        return unlike_engine(self._profile, self._engine, self.request.solve.performer)

    def use_performer(self, path: str) -> None:
        """Go on with another profile; an empty path learns the face at rest anew.

        Raises:
            FacewrightError: The profile cannot be read; the one in use stays.
        """
        self._profile = read_profile(path) if path else None
        self.request = replace(self.request, solve=replace(self.request.solve, performer=path))
        self.notes = [*self._tracker.notes, *self._about_profile()]
        if self._adoption is None:
            return
        self._learn()
        self._adoption.change(self._profile, now_s())

    def calibrate(self, path: str, begin_s: float, seconds: float) -> None:
        """Make a profile of the performer, who will rest from ``begin_s`` on for ``seconds``.

        ``calibrated`` tells what came of it.

        Raises:
            FacewrightError: ``not-running`` when no frame has come yet, ``performer-unknown``
                with a solver that learns nothing.
        """
        if self._adoption is None:
            raise FacewrightError(
                "The source has not shown a picture yet, so there is nothing to calibrate.",
                "Wait until the camera runs.",
                "not-running",
            )
        if self.request.solve.solver == RAW:
            raise FacewrightError(
                "The network's own scores know no face at rest, so there is nothing to calibrate.",
                'Start again with the solver "facewright".',
                "performer-unknown",
            )
        self._calibration = Calibration(
            self._study_solver(),
            Path(path),
            begin_s,
            begin_s + seconds,
            sha256_of(APPEARANCE_NETWORK),
            self._engine,
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
        """See ``Capture.record``; pictures of another size than now will be left out."""
        self._recorded_size = self._size
        super().record(take, zero_s, microphone, **header)

    def keep(self, frame: LiveFrame) -> None:
        """See ``Capture.keep``."""
        height, width = frame.picture.image.shape[:2]
        if self._recorder and not any(self._recorded_size):
            self._recorded_size = width, height
        # One take, one camera: its pixels are measured by one size.
        if self._recorder is None or (width, height) == self._recorded_size:
            super().keep(frame)

    def _performer(self) -> Performer | None:
        return self._adoption.performer if self._adoption else self._profile

    def _final_solver(self) -> Solver:
        solver = make_solver(replace(self.request.solve, performer=""), *self._recorded_size)
        if (known := self._performer()) is not None:
            solver.adopt(known)
        return solver

    def _match_size(self, picture: VideoFrame) -> None:
        """A camera that comes back may give pictures of another size."""
        height, width = picture.image.shape[:2]
        if (width, height) == self._size:
            return
        self._size = width, height
        self._solver = make_solver(replace(self._live_settings, performer=""), width, height)
        self._adoption = Adoption(self._solver, self._performer())
        self._recent.clear()
        self._learn()

    def _learn(self) -> None:
        """Study the performer anew, unless a profile tells, or nothing is learned."""
        if self._student:
            self._student.close()
            self._student = None
        if self._profile is None and self.request.solve.solver != RAW:
            self._student = Student(
                self._study_solver(), sha256_of(APPEARANCE_NETWORK), self._engine
            )

    def _study_solver(self) -> Solver:
        return make_solver(replace(self._live_settings, performer=""), *self._size)
