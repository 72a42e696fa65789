# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a recording, in a wav beside its take: the microphone's, or the paced clip's own."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import FacewrightError
from ..sources.devices import find_microphone
from ..sources.live import LiveSource
from ..sources.live_microphone import LiveMicrophone, SoundTap
from ..sources.microphone import SoundRecorder, clip_sound
from ..sources.paced_file import PacedFile
from ..sources.paced_sound import PacedSound


class TakeSound:
    """Whatever goes wrong is a sentence: the take matters more.

    Args:
        source: What is captured; a clip gives its own sound, and so does a microphone.
        take: The take; the wav gets its name.
        zero_s: Second 0 of the take, on the clock of ``core.clock.now_s``.
        microphone: Which, as for ``sources.devices.find_microphone``.

    Raises:
        FacewrightError: ``sound-exists``: a file of the wav's name is not replaced.
    """

    def __init__(self, source: LiveSource, take: Path, zero_s: float, microphone: str) -> None:
        self.path = take.with_suffix(".wav")
        if self.path.exists():
            raise FacewrightError(
                f"There is a {self.path.name} beside the take already.",
                "Choose another name for the take.",
                "sound-exists",
            )
        self._zero_s, self._source, self._microphone = zero_s, source, microphone
        self._problem = ""
        self._recorder: SoundRecorder | SoundTap | None = None

    @property
    def problem(self) -> str:
        """A sentence while the microphone does not record."""
        return self._problem or (self._recorder.problem if self._recorder else "")

    def start(self) -> None:
        """Begin to record; looking for a microphone may take a moment."""
        if isinstance(self._source, PacedFile | PacedSound):
            return  # its sound is there for the taking
        if isinstance(self._source, LiveMicrophone):
            self._recorder = self._source.record(self.path, self._zero_s)
            return
        try:
            device = find_microphone(self._microphone)
        except FacewrightError as error:
            self._problem = str(error)
            return
        self._recorder = SoundRecorder()
        self._recorder.start(self.path, device, self._zero_s)

    def stop(self, end_s: float) -> tuple[float | None, str]:
        """End the recording; may wait a second for a driver.

        Args:
            end_s: When the last picture was seen, on the clock of ``core.clock.now_s``.

        Returns:
            When the sound begins, seconds after the take's second 0, or None where there is none;
            and a sentence where something went wrong.
        """
        if self._recorder:
            sound = self._recorder.stop()
            return (None if sound.path is None else sound.offset_s), sound.problem
        if not isinstance(self._source, PacedFile | PacedSound):
            return None, self._problem
        return self._cut_from_clip(self._source, end_s)

    def _cut_from_clip(
        self, clip: PacedFile | PacedSound, end_s: float
    ) -> tuple[float | None, str]:
        first_s = clip.clip_seconds(self._zero_s)
        try:
            offset_s = clip_sound(
                clip.path, first_s, first_s + max(end_s - self._zero_s, 0.0), self.path
            )
        except FacewrightError as error:
            return None, str(error)
        if offset_s is None:
            return None, f'"{clip.name}" has no sound there.'
        again = clip.clip_seconds(end_s) < first_s
        return offset_s, f'"{clip.name}" began again; its sound ends there.' if again else ""
