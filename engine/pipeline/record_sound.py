# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a recording, in a wav beside its take: the microphone's, or the paced clip's own."""

from __future__ import annotations

from pathlib import Path

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..sources.devices import find_microphone
from ..sources.live import LiveSource
from ..sources.microphone import SoundRecorder, clip_sound
from ..sources.paced_file import PacedFile


class TakeSound:
    """Begins to record at once. Whatever goes wrong is a sentence: the take matters more.

    Args:
        source: What the pictures come from; a clip gives its own sound.
        take: The take; the wav gets its name.
        zero_s: Second 0 of the take, on the clock of ``core.clock.now_s``.
        microphone: Which, as for ``sources.devices.find_microphone``.
    """

    def __init__(self, source: LiveSource, take: Path, zero_s: float, microphone: str) -> None:
        self.path = take.with_suffix(".wav")
        self._zero_s, self._source = zero_s, source
        self._problem = ""
        self._recorder: SoundRecorder | None = None
        if isinstance(source, PacedFile):
            return
        try:
            device = find_microphone(microphone)
        except FacewrightError as error:
            self._problem = str(error)
            return
        self._recorder = SoundRecorder()
        self._recorder.start(self.path, device, zero_s)

    def stop(self) -> tuple[float | None, str]:
        """End the recording; may wait a second for a driver.

        Returns:
            When the sound begins, seconds after the take's second 0, or None where there is none;
            and a sentence where something went wrong.
        """
        if self._recorder:
            sound = self._recorder.stop()
            return (None if sound.path is None else sound.offset_s), sound.problem
        if not isinstance(self._source, PacedFile):
            return None, self._problem
        first_s = self._source.clip_seconds(self._zero_s)
        try:
            end_s = first_s + now_s() - self._zero_s
            offset_s = clip_sound(self._source.path, first_s, end_s, self.path)
        except FacewrightError as error:
            return None, str(error)
        return (
            offset_s,
            "" if offset_s is not None else f'"{self._source.name}" has no sound there.',
        )
