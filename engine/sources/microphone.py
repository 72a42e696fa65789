# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound beside a take: from a microphone while it is recorded, or out of the clip it came from.

Both give 16-bit PCM in a wav, which Blender's Sequencer plays without decoding anything.
"""

from __future__ import annotations

import contextlib
import errno
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.error import BlockingIOError as NothingYet
from av.error import FFmpegError

from ..core.clock import now_s
from ..core.errors import FacewrightError
from .devices import Device, open_driver, use_system_alsa
from .media import decoded, open_container, reason_of

RATE_HZ = 48000
# What a driver is asked for first; after that its own default. DirectShow would gather half a
# second before it gives anything.
_ASKED = {
    "alsa": {"sample_rate": str(RATE_HZ), "channels": "1"},
    "dshow": {"audio_buffer_size": "20"},
}
# The first sound is wanted, not an analysis of the first seconds.
_AT_ONCE = {"probesize": "32"}
# So long at the beginning, later arrivals make better known when the first sample was heard.
_SETTLING_S = 5.0
# How long stop() waits for the last samples of a driver.
_GOODBYE_S = 1.0
_NAP_S = 0.002


@dataclass(frozen=True)
class SoundTake:
    """What was recorded.

    Attributes:
        path: The wav; None when not a single sample came.
        offset_s: When the first sample was heard, seconds after the moment given to ``start``.
        duration_s: Length of the wav.
        problem: A sentence when something went wrong, else empty; what came before it is kept.
    """

    path: Path | None
    offset_s: float
    duration_s: float
    problem: str


class SoundRecorder:
    """Records one microphone at a time into a wav. Never raises: a take matters more.

    The file is complete after every packet, so that whatever was recorded can be played even
    when the process is killed.

    Attributes:
        problem: A sentence when the microphone fails, while or before it records, else empty.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._recording = WavRecording(Path(), 0.0)

    def start(self, path: Path, device: Device, zero_s: float) -> None:
        """Begin; returns at once, the microphone is opened in a thread.

        Args:
            path: The wav to write; replaced if there.
            device: Which microphone, from ``devices.find_microphone``.
            zero_s: The moment that ``SoundTake.offset_s`` counts from, on the clock of
                ``core.clock.now_s``.
        """
        self.stop()
        self.problem = ""
        # Each recording has its own: a driver that hung must not go on in the next file.
        self._stopping = threading.Event()
        self._recording = WavRecording(Path(path), zero_s)
        self._thread = threading.Thread(
            target=self._record,
            args=(self._recording, device, self._stopping),
            name="microphone",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> SoundTake:
        """End the recording; without one, an empty take. Waits a second at most for a driver."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_GOODBYE_S)
            self._thread = None
        return self._recording.take(self.problem)

    def _record(self, recording: WavRecording, device: Device, stopping: threading.Event) -> None:
        problem = ""
        try:
            with open_microphone(device) as container:
                for frame, arrival_s in heard_frames(container, stopping):
                    recording.add(frame, arrival_s)
            if not stopping.is_set():
                problem = f'The microphone "{device.name}" stopped.'
        except (FFmpegError, OSError) as error:
            problem = f'The microphone "{device.name}" does not record ({reason_of(error)}).'
        finally:
            recording.close()
        if recording is self._recording:
            self.problem = problem


def clip_sound(clip: Path, first_s: float, last_s: float, out: Path) -> float | None:
    """Write the sound of a stretch of a clip as a wav.

    Args:
        clip: A video or sound file.
        first_s, last_s: The stretch, seconds from the clip's first picture.
        out: The wav to write; replaced if there.

    Returns:
        When the wav begins, seconds after ``first_s``: 0 unless the clip's sound begins later.
        None, and no file, when there is no sound in the stretch.

    Raises:
        FacewrightError: ``file-missing``, ``file-empty``, ``not-a-video`` or ``file-unreadable``
            for the clip, ``sound-unwritable`` for the wav.
    """
    with open_container(Path(clip)) as container:
        if not container.streams.audio:
            return None
        pictures = container.streams.video
        start = pictures[0].start_time if pictures else None
        zero_s = float(start * pictures[0].time_base) if start is not None else 0.0
        try:
            return _write_stretch(container, zero_s + first_s, zero_s + last_s, Path(out))
        except OSError as error:
            raise FacewrightError(
                f"The sound {out} cannot be written ({reason_of(error)}).",
                "Choose another folder.",
                "sound-unwritable",
            ) from error


def _write_stretch(
    container: av.container.InputContainer, first_s: float, last_s: float, out: Path
) -> float | None:
    """As ``clip_sound``, in the container's own seconds."""
    stream = container.streams.audio[0]
    channels, rate = min(stream.channels, 2), stream.rate
    resampler = av.AudioResampler("s16", "stereo" if channels == 2 else "mono")
    length, width = round((last_s - first_s) * rate), 2 * channels
    sound, begins = None, 0
    at: int | None = None  # the next sample's number in the stretch
    with contextlib.ExitStack() as closing:
        for frame in decoded(container, stream):
            if at is None and frame.pts is not None:
                at = round((float(frame.pts * frame.time_base) - first_s) * rate)
            if at is None or at + frame.samples <= 0:
                at = None  # before the stretch: its time is read again, from the next
                continue
            if at >= length:
                break
            data = b"".join(map(_pcm, resampler.resample(frame)))
            if sound is None:
                begins = max(at, 0)
                sound = closing.enter_context(
                    wave.Wave_write(closing.enter_context(out.open("wb")))
                )
                sound.setparams((channels, 2, rate, 0, "NONE", ""))
            sound.writeframesraw(data[max(-at, 0) * width : (length - at) * width])
            at += len(data) // width
    return None if sound is None else begins / rate


class WavRecording:
    """A wav while it is written, and when it began. Mono, whatever the microphone has.

    Args:
        path: The wav.
        zero_s: What its offset counts from.
    """

    def __init__(self, path: Path, zero_s: float) -> None:
        self._path, self._zero_s = path, zero_s
        self._resampler = av.AudioResampler("s16", "mono")
        self._files = contextlib.ExitStack()
        self._file: BinaryIO | None = None
        self._sound: wave.Wave_write | None = None
        self._lock = threading.Lock()
        self._rate, self._samples, self._began_s = RATE_HZ, 0, zero_s

    def add(self, frame: av.AudioFrame, arrival_s: float) -> None:
        """Append sound that ended when it arrived."""
        data = b"".join(_pcm(part) for part in self._resampler.resample(frame))
        if not data:
            return
        with self._lock:
            if self._file is None:
                self._rate = frame.sample_rate
                self._file = self._files.enter_context(self._path.open("wb"))
                self._sound = self._files.enter_context(wave.Wave_write(self._file))
                self._sound.setparams((1, 2, self._rate, 0, "NONE", ""))
            self._sound.writeframes(data)  # puts the length into the header, too
            self._file.flush()
            self._samples += len(data) // 2
            # Sound comes late, never early: the earliest arrival tells when it began.
            began_s = arrival_s - self._samples / self._rate
            if self._samples <= len(data) // 2:
                self._began_s = began_s
            elif self._samples <= _SETTLING_S * self._rate:
                self._began_s = min(self._began_s, began_s)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._files.close()

    def take(self, problem: str) -> SoundTake:
        """What there is now."""
        with self._lock:
            path = self._path if self._samples else None
            offset_s = self._began_s - self._zero_s
            return SoundTake(path, offset_s, self._samples / self._rate, problem)


def open_microphone(device: Device) -> av.container.InputContainer:
    """FFmpegError or OSError when it does not open."""
    if device.format == "alsa":
        use_system_alsa()
    address = {"dshow": f"audio={device.id}", "avfoundation": f"none:{device.id}"}
    asked = _ASKED.get(device.format, {})
    name = address.get(device.format, device.id)
    try:
        container = open_driver(name, device.format, {**_AT_ONCE, **asked})
    except (FFmpegError, OSError):
        if not asked:
            raise
        container = open_driver(name, device.format, _AT_ONCE)
    if not container.streams.audio:
        container.close()
        raise OSError(errno.ENODEV, "it gives no sound")
    return container


def heard_frames(
    container: av.container.InputContainer, stopping: threading.Event
) -> Iterator[tuple[av.AudioFrame, float]]:
    """Sound as it comes, with its arrival, until it is to stop or ends."""
    packets = container.demux(audio=0)
    while not stopping.is_set():
        try:
            packet = next(packets, None)
        except NothingYet:  # AVFoundation does not wait
            stopping.wait(_NAP_S)
            packets = container.demux(audio=0)
            continue
        if packet is None:
            return
        arrival_s = now_s()
        for frame in packet.decode() if packet.size else ():
            yield frame, arrival_s


def _pcm(frame: av.AudioFrame) -> bytes:
    """The samples of a packed 16-bit frame; its buffer may be longer."""
    return bytes(frame.planes[0])[: frame.samples * frame.layout.nb_channels * 2]
