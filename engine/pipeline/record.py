# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what is captured live into a take, without making the capture wait for the disk."""

from __future__ import annotations

import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.progress import Progress
from ..core.requests import LiveRequest, SolveRequest
from ..core.types import FaceTrack, Observations
from ..solve.base import Solver
from ..solve.performer import Performer, performer_to_json
from ..sources.live import LiveSource
from ..takes.take_file import TakeWriter, read_header, read_track
from .engines import engine_header
from .record_sound import TakeSound
from .solve import solve_all, solve_header

# Frames written at a time: what a crash may cost is half a second.
_BLOCK_FRAMES = 12


@dataclass
class RecordReport:
    """What a recording has become.

    Attributes:
        take: Path.
        frames: Frames in the take.
        valid_frames: Frames with a face.
        seconds: From the first frame to the last.
        sound: Path of the wav beside it, or empty.
        warnings: Sentences.
    """

    take: str
    frames: int = 0
    valid_frames: int = 0
    seconds: float = 0.0
    sound: str = ""
    warnings: list[str] = field(default_factory=list)


class Recorder:
    """A take that is being written, in a thread of its own.

    Args:
        path: The take; must not exist.
        zero_s: Second 0 of the take on the clock of ``core.clock.now_s``; earlier frames are
            left out.
        header: The take's header.
        sound: The sound that is recorded with it, or None.

    Raises:
        FacewrightError: ``take-exists``, or the take cannot be written.
    """

    def __init__(
        self, path: Path, zero_s: float, header: dict, sound: TakeSound | None = None
    ) -> None:
        if path.exists():
            raise FacewrightError(
                f"The take {path} exists already.", "Choose another name.", "take-exists"
            )
        self.path, self.zero_s, self.sound = path, zero_s, sound
        self.frames = 0
        self._last_s = zero_s
        self._waiting: list[tuple[Observations, FaceTrack]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._jobs: list[Future] = []
        # So that a crash leaves a take that knows of its sound.
        begins = {"sound": {"offset_s": 0.0} if sound else None}
        self._take: TakeWriter = self._thread.submit(TakeWriter, path, header | begins).result()
        if sound:
            self._thread.submit(sound.start)

    def add(self, observations: Observations, track: FaceTrack) -> None:
        """Add the next frame, with times on the clock of ``core.clock.now_s``.

        Raises:
            FacewrightError: What went wrong with an earlier frame, a full disk for example.
        """
        if observations.time_s[0] < self.zero_s:
            return
        time_s = observations.time_s - self.zero_s
        index = observations.index * 0 + self.frames
        self.frames += 1
        self._last_s = float(observations.time_s[0])
        self._waiting.append(
            (replace(observations, index=index, time_s=time_s), replace(track, time_s=time_s))
        )
        if len(self._waiting) >= _BLOCK_FRAMES:
            self._write()
        while self._jobs and self._jobs[0].done():
            self._jobs.pop(0).result()

    def finish(
        self,
        solver: Solver | None,
        request: LiveRequest,
        shift_s: float,
        rate: Fraction,
        **header: object,
    ) -> Future[RecordReport]:
        """Solve the whole take by all that is known of it now, and complete it.

        Args:
            solver: A solver that looks both ways in time, with the performer if one is known; None
                leaves the values as they came.
            request: How it was captured.
            shift_s: Added to all times.
            rate: Frames per second of the source, as it is known by now.
            header: More entries for the header.
        """
        self._write()
        report = self._thread.submit(self._complete, solver, request, shift_s, rate, header)
        self._thread.shutdown(wait=False)
        return report

    def _write(self) -> None:
        if self._waiting:
            seen, solved = zip(*self._waiting, strict=True)
            self._waiting = []
            block = Observations.concatenate(seen), FaceTrack.concatenate(solved)
            self._jobs.append(self._thread.submit(self._take.append, *block))

    def abandon(self) -> None:
        """Leave the take as it is: it cannot be written on."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _complete(
        self,
        solver: Solver | None,
        request: LiveRequest,
        shift_s: float,
        rate: Fraction,
        header: dict,
    ) -> RecordReport:
        report = RecordReport(str(self.path))
        # First: solving takes its time, and the microphone shall not go on meanwhile.
        sound = self._end_sound(shift_s, report)
        try:
            for job in self._jobs:
                job.result()
            if not self.frames:
                raise FacewrightError(
                    "Not a single picture came while recording.",
                    "Check that the source runs, then record again.",
                    "nothing-recorded",
                )
            if shift_s:
                self._take.shift_times(shift_s)
            if solver:
                # Where its sound begins is asked for by ``sound_helps``.
                self._take.update_header(sound=sound)
                again, told = SolveRequest(str(self.path), request.solve), Progress()
                solve_all(solver, again, self._take, told)
                report.warnings += told.warnings
            source = read_header(self.path)["source"]
            source["rate"] = [rate.numerator, rate.denominator]
            self._take.update_header(state="complete", source=source, sound=sound, **header)
        finally:
            self._take.close()
            if not self.frames:  # there is nothing in it to lose
                self.path.unlink(missing_ok=True)
        track = read_track(self.path)
        report.frames, report.valid_frames = len(track), int(track.valid.sum())
        report.seconds = float(track.time_s[-1] - track.time_s[0])
        return report

    def _end_sound(self, shift_s: float, report: RecordReport) -> dict | None:
        """What the header says of the sound."""
        offset_s, problem = self.sound.stop(self._last_s) if self.sound else (None, "")
        if problem:
            report.warnings.append(problem)
        if offset_s is None:
            return None
        report.sound = str(self.sound.path)
        return {"offset_s": offset_s + shift_s}

    def _close(self) -> None:
        if self.sound:
            self.sound.stop(self._last_s)
        self._take.close()


def live_header(
    request: LiveRequest, source: LiveSource, provider: str, performer: Performer | None
) -> dict:
    """The header of a take that is recorded from a live source."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": {
            "kind": "live",
            "file": source.name,
            "path": "",
            # No file that could be hashed: tells this recording from every other.
            "sha256": uuid.uuid4().hex,
            "width": source.width,
            "height": source.height,
            "rate": [source.rate.numerator, source.rate.denominator],
            "frame_count": 0,
            "codec": "",
            "has_audio": False,
            "audio_offset_s": 0.0,
        },
        **engine_header(request.engine, request.detector),
        **solve_header(request.solve),
        "performer": performer_to_json(performer) if performer else None,
        "provider": provider,
        "settings": {"face": request.face, "recover": False, "mirror": request.mirror},
        "state": "recording",
    }
