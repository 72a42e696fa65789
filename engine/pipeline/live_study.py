# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns what the performer looks like at rest while the capture goes on.

A clip is studied whole before it is solved; a camera's future is unknown. So the face at rest is
settled again and again, at first soon, then ever more rarely, in a thread of its own, because it
takes a few hundred milliseconds.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..core.engines import DEFAULT_ENGINE
from ..core.errors import FacewrightError
from ..core.types import Observations
from ..solve.base import Solver
from ..solve.performer import Performer, write_performer

# Frames studied at a time: consecutive, so that haste can be seen.
_BLOCK_FRAMES = 12
# The face at rest is settled after so many frames with a face, then each time they have doubled.
_FIRST_SETTLED = 24
# Seconds in which one face at rest becomes the next: a jump would be seen on every weight.
_ADOPTION_S = 0.4


class Student:
    """Studies the frames of a capture.

    Args:
        solver: A solver of its own, that nothing is solved with.
        appearance_model: Sha256 of the network that sees the appearance.
        engine: Whose landmarks are studied, as a take's header calls it.
    """

    def __init__(self, solver: Solver, appearance_model: str, engine: str = DEFAULT_ENGINE) -> None:
        self._solver = solver
        self._made_by = {"appearance_model": appearance_model, "engine": engine}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="study")
        self._waiting: list[Observations] = []
        self._settling: Future[Performer | None] | None = None
        self._next = _FIRST_SETTLED
        self.frames = 0

    def see(self, observations: Observations) -> Performer | None:
        """Consider the next frame; a performer when one was just settled."""
        if observations.valid.all():
            self._waiting.append(observations)
        if len(self._waiting) >= _BLOCK_FRAMES:
            block = Observations.concatenate(self._waiting)
            self._waiting = []
            self.frames += len(block)
            self._thread.submit(self._solver.study, block)
            if self.frames >= self._next and self._settling is None:
                self._next = 2 * self.frames
                self._settling = self._thread.submit(self._solver.performer)
        if self._settling is None or not self._settling.done():
            return None
        settled, self._settling = self._settling.result(), None
        return settled and replace(settled, **self._made_by)

    def close(self) -> None:
        """Stop learning."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Calibration:
    """A few seconds in which the performer rests become a profile.

    Args:
        solver: A new solver, to study with.
        path: Where the profile goes.
        begin_s, end_s: The seconds of rest, on the clock of ``core.clock.now_s``.
        appearance_model: Sha256 of the network that sees the appearance.
        engine: Whose landmarks are studied, as a take's header calls it.
    """

    def __init__(
        self,
        solver: Solver,
        path: Path,
        begin_s: float,
        end_s: float,
        appearance_model: str,
        engine: str = DEFAULT_ENGINE,
    ) -> None:
        self.path = path
        self._solver = solver
        self._made_by = {"appearance_model": appearance_model, "engine": engine}
        self._begin_s, self._end_s = begin_s, end_s
        self._seen: list[Observations] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calibrate")
        self._result: Future[Performer] | None = None

    def see(self, observations: Observations) -> Performer | None:
        """Consider the next frame; the performer when the profile has been written.

        Raises:
            FacewrightError: The face was not seen for long enough, or the profile cannot be
                written.
        """
        time_s = float(observations.time_s[-1])
        if self._begin_s <= time_s < self._end_s and observations.valid.all():
            self._seen.append(observations)
        if time_s >= self._end_s and self._result is None:
            self._result = self._thread.submit(self._learn)
            self._thread.shutdown(wait=False)
        return self._result.result() if self._result and self._result.done() else None

    def _learn(self) -> Performer:
        if self._seen:
            self._solver.study(Observations.concatenate(self._seen))
        performer = self._solver.performer()
        if performer is None:
            raise FacewrightError(
                f"The face was seen in only {len(self._seen)} frames of the calibration.",
                "Face the camera, relax and calibrate again.",
                "calibration-empty",
            )
        performer = replace(performer, **self._made_by)
        write_performer(self.path, performer)
        return performer


class Adoption:
    """The performer that a solver goes by, changed without a jump."""

    def __init__(self, solver: Solver, performer: Performer | None) -> None:
        self._solver = solver
        self._from = self._to = performer
        self._begin_s = -np.inf
        solver.adopt(performer)

    @property
    def performer(self) -> Performer | None:
        """What is known of the performer, changes that are still under way included."""
        return self._to

    def change(self, performer: Performer | None, time_s: float) -> None:
        """Go over to another performer from ``time_s`` on."""
        self._from, self._to, self._begin_s = self._at(time_s), performer, time_s
        self.advance(time_s)

    def advance(self, time_s: float) -> None:
        """Let the solver go by what holds at ``time_s``."""
        if self._from is not self._to:
            self._solver.adopt(self._at(time_s))
            if time_s >= self._begin_s + _ADOPTION_S:
                self._from = self._to

    def _at(self, time_s: float) -> Performer | None:
        share = (time_s - self._begin_s) / _ADOPTION_S
        if share >= 1 or self._from is None or self._to is None:
            return self._to
        columns = {
            name: (1 - share) * getattr(self._from, name) + share * getattr(self._to, name)
            for name in ("rest", "appearance", "idle", "reach")
        }
        return replace(
            self._to, **{name: value.astype(np.float32) for name, value in columns.items()}
        )
