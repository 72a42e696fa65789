# SPDX-License-Identifier: GPL-3.0-or-later
"""A microphone in small packets, heard as it is spoken into, and a wav of the same sound."""

from __future__ import annotations

import queue
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from ..core.errors import FacewrightError
from ..core.sender_clock import SenderClock
from ..core.sound import SOUND_HZ
from .devices import Device, find_microphone
from .downmix import Downmix
from .live_sound import VALUES_HZ, SoundPacket
from .media import reason_of
from .microphone import SoundTake, WavRecording, heard_frames, open_microphone

# A microphone that is gone is looked for so often.
_AGAIN_S = 1.0
# Packets that nobody takes for so long are given up.
_WAITING_S = 5.0
_GOODBYE_S = 1.0


class LiveMicrophone:
    """A microphone as a ``live_sound.LiveSound``; one that is unplugged is waited for.

    Args:
        spec: See ``devices.find_microphone``.

    Raises:
        FacewrightError: ``no-microphone`` or ``microphone-unknown``.
    """

    width = height = 0
    rate = Fraction(VALUES_HZ)

    def __init__(self, spec: str) -> None:
        self._spec = spec
        self._device = find_microphone(spec)
        self.name = self._device.name
        self.state, self.problem = "opening", ""
        self.received = self.dropped = 0
        self._packets: queue.SimpleQueue[SoundPacket] = queue.SimpleQueue()
        self._broken = False
        self._closing = threading.Event()
        self._tap: SoundTap | None = None
        self._thread = threading.Thread(target=self._run, name="live microphone", daemon=True)
        self._thread.start()

    def next_packet(self, timeout_s: float) -> SoundPacket | None:
        """See ``live_sound.LiveSound``."""
        try:
            return self._packets.get(timeout=max(timeout_s, 1e-4))
        except queue.Empty:
            return None

    def record(self, path: Path, zero_s: float) -> SoundTap:
        """Write what is heard from now on into a wav.

        Args:
            path: The wav; replaced if there.
            zero_s: What the offset counts from, on the clock of ``core.clock.now_s``.
        """
        self._tap = SoundTap(self, WavRecording(path, zero_s))
        return self._tap

    def close(self) -> None:
        """Let go of the device; waits a second at most."""
        self._closing.set()
        self._thread.join(_GOODBYE_S)
        self.state = "ended"

    def _run(self) -> None:
        while not self._closing.is_set():
            self._broken = True
            try:
                self._listen(self._device)
                problem = "it gives no more sound"
            except (FFmpegError, OSError) as error:
                problem = reason_of(error)
            if self._closing.is_set():
                return
            self.state = "lost"
            self.problem = f'The microphone "{self.name}" does not record ({problem}).'
            self._closing.wait(_AGAIN_S)
            try:
                self._device = find_microphone(self._spec)
            except FacewrightError:
                continue  # not there yet

    def _listen(self, device: Device) -> None:
        clock, mixer, samples = SenderClock(), None, 0
        with open_microphone(device) as container:
            for frame, arrival_s in heard_frames(container, self._closing):
                self.state, self.problem = "running", ""
                if (tap := self._tap) is not None:
                    tap.add(frame, arrival_s)
                if mixer is None or not mixer.suits(frame):
                    mixer = Downmix(frame)
                samples += frame.samples
                # Its own clock counts samples: arrivals alone would tremble.
                end_s = clock.ours(samples / frame.sample_rate, arrival_s)
                self._put(mixer.mix(frame), end_s)

    def _put(self, samples: np.ndarray, end_s: float) -> None:
        if not len(samples):
            return
        self.received += 1
        # A stream with a hole would be heard wrongly: all that waits is given up together.
        if self._packets.qsize() * len(samples) > _WAITING_S * SOUND_HZ:
            while self.next_packet(0) is not None:
                self.dropped += 1
            self._broken = True
        self._packets.put(SoundPacket(samples, end_s, self._broken))
        self._broken = False


class SoundTap:
    """A wav that is written beside the capture of the same microphone.

    Args:
        source: Where the sound comes from.
        recording: The wav.
    """

    def __init__(self, source: LiveMicrophone, recording: WavRecording) -> None:
        self._source, self._recording = source, recording
        self._lock = threading.Lock()
        self._stopped, self._problem = False, ""

    @property
    def problem(self) -> str:
        """A sentence while the microphone, or the disk, fails."""
        return self._problem or self._source.problem

    def add(self, frame: av.AudioFrame, arrival_s: float) -> None:
        """Append sound that ended when it arrived."""
        with self._lock:
            if self._stopped:
                return
            try:
                self._recording.add(frame, arrival_s)
            except OSError as error:
                self._stopped = True
                self._problem = f"The sound cannot be written any more ({reason_of(error)})."

    def stop(self) -> SoundTake:
        """End it."""
        with self._lock:
            self._stopped = True
            self._recording.close()
            return self._recording.take(self.problem)
