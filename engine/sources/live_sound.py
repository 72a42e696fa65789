# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound as it is made: a microphone in small packets, or a recording paced as if it were one."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from av.error import FFmpegError

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.live_source import MICROPHONE
from ..core.requests import LiveRequest
from ..core.sender_clock import SenderClock
from .devices import Device, find_microphone
from .media import reason_of
from .microphone import SoundTake, WavRecording, heard_frames, open_microphone
from .sound_file import RATE_HZ, Mixer, SoundFile

# Values that are told a second (``pipeline.speak_live``).
VALUES_HZ = 50
# Length of a paced packet.
_PACKET_S = 0.01
# A microphone that is gone is looked for so often.
_AGAIN_S = 1.0
# Packets that nobody takes for so long are given up.
_WAITING_S = 5.0
_GOODBYE_S = 1.0


@dataclass(frozen=True)
class SoundPacket:
    """Some sound.

    Attributes:
        samples: float32 (n,), 16 kHz, mono.
        end_s: When its last sample was heard, on the clock of ``core.clock.now_s``.
        begins_anew: It does not follow the packet before it.
    """

    samples: np.ndarray
    end_s: float
    begins_anew: bool = False


class LiveSound(Protocol):
    """Sound as it comes; see ``sources.live.LiveSource`` for what is not told here.

    Attributes:
        received: Packets that came.
        dropped: Those of them that nobody took.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    state: str
    problem: str
    received: int
    dropped: int

    def next_packet(self, timeout_s: float) -> SoundPacket | None:
        """The next packet, none left out; None when there is none in time."""
        ...

    def close(self) -> None:
        """Let go of the device or file."""
        ...


def open_live_sound(request: LiveRequest) -> LiveSound:
    """Open what a request names.

    Args:
        request: ``source`` is "mic:" for the first microphone, "mic:NAME" (all that
            ``devices.find_microphone`` knows), "file:voice.wav" or the path of a sound alone.

    Raises:
        FacewrightError: ``no-microphone``, ``microphone-unknown``, or what ``SoundFile`` raises.
    """
    kind, _, rest = request.source.partition(":")
    if kind == MICROPHONE:
        return LiveMicrophone(rest or "0")
    return PacedSound(rest if kind == "file" else request.source, request.realtime, request.repeat)


class LiveMicrophone:
    """A microphone as a ``LiveSound``; one that is unplugged is waited for.

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
        """See ``LiveSound``."""
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
                    mixer = Mixer(frame)
                samples += frame.samples
                # Its own clock counts samples: arrivals alone would tremble.
                end_s = clock.ours(samples / frame.sample_rate, arrival_s)
                self._put(mixer.mix(frame), end_s)

    def _put(self, samples: np.ndarray, end_s: float) -> None:
        if not len(samples):
            return
        self.received += 1
        # A stream with a hole would be heard wrongly: all that waits is given up together.
        if self._packets.qsize() * len(samples) > _WAITING_S * RATE_HZ:
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


class PacedSound:
    """A recording as a ``LiveSound``: each packet is given when it is due.

    Args:
        path: The file.
        realtime: Give packets when they are due; otherwise as fast as they are asked for.
        repeat: Begin again at the end, with times that go on.

    Raises:
        FacewrightError: What ``SoundFile`` raises.
    """

    width = height = 0
    rate = Fraction(VALUES_HZ)

    def __init__(self, path: Path | str, realtime: bool = True, repeat: bool = False) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.state, self.problem = "running", ""
        self.received = self.dropped = 0
        self._realtime, self._repeat = realtime, repeat
        self._file = SoundFile(self.path)
        self._blocks = self._file.blocks(block_s=_PACKET_S)
        self._begins_s = [now_s()]
        self._samples = 0
        self._next: SoundPacket | None = None
        self._begins_anew = True

    def next_packet(self, timeout_s: float) -> SoundPacket | None:
        """See ``LiveSound``."""
        if self._next is None:
            self._next = self._read()
        if self._next is None:
            return None
        wait_s = self._next.end_s - now_s() if self._realtime else 0.0
        if wait_s > 0:
            threading.Event().wait(min(wait_s, timeout_s))
            if wait_s > timeout_s:
                return None
        packet, self._next = self._next, None
        self.received += 1
        return packet

    def clip_seconds(self, time_s: float) -> float:
        """Where in the recording a moment is, seconds."""
        begun = [begin_s for begin_s in self._begins_s if begin_s <= time_s]
        return time_s - (begun[-1] if begun else self._begins_s[0])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self.state = "ended"

    def _read(self) -> SoundPacket | None:
        if self.state == "ended":
            return None
        try:
            block = next(self._blocks, None)
            if block is None and self._repeat:
                self._begin_again()
                block = next(self._blocks, None)
        except FacewrightError as error:
            self.problem, block = str(error), None
        if block is None:
            self.state = "ended"
            return None
        self._samples += len(block)
        end_s = self._begins_s[-1] + self._samples / RATE_HZ
        packet = SoundPacket(block, end_s, self._begins_anew)
        self._begins_anew = False
        return packet

    def _begin_again(self) -> None:
        self._begins_s.append(self._begins_s[-1] + self._samples / RATE_HZ)
        self._samples, self._begins_anew = 0, True
        self._file.close()
        self._file = SoundFile(self.path)
        self._blocks = self._file.blocks(block_s=_PACKET_S)
