# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a recording or of a video, as the network hears it: mono, 16 kHz, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from ..core.errors import FacewrightError
from ..core.sound import SOUND_HZ
from .downmix import Downmix
from .media import decoded, open_container

# Where the file says that sound comes later than it would by itself, it was silent meanwhile.
# Containers round times to milliseconds and codecs to their own blocks; that is no silence.
_SILENCE_S = 0.05
# So much less than the file announced is worth a word.
_MISSING_S, _MISSING_SHARE = 0.5, 0.02


@dataclass(frozen=True)
class SoundInfo:
    """What a file says of its sound.

    Attributes:
        path: The file.
        duration_s: Seconds from second 0 to the end of the sound, 0 where unknown.
        offset_s: When the sound begins, seconds after the first picture; 0 without pictures.
        channels, rate_hz, codec: Of the file itself.
    """

    path: Path
    duration_s: float
    offset_s: float
    channels: int
    rate_hz: int
    codec: str


class SoundFile:
    """The first sound of a file. A context manager.

    Second 0 is a video's first picture; in a file without pictures it is the first sample.

    Args:
        path: A sound or a video of any kind that FFmpeg reads.

    Attributes:
        info: What the file says.
        problem: After reading to the end, a sentence if much less came than was announced.

    Raises:
        FacewrightError: ``file-missing``, ``file-empty``, ``file-unreadable``, ``not-a-sound``,
            ``no-sound`` or ``codec-unknown``.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._container = _open(self.path)
        self.problem = ""
        try:
            self._stream = self._container.streams.audio[0]
            if self._stream.codec_context is None:
                raise FacewrightError(
                    f"The sound of {self.path.name} is of a kind that cannot be decoded here.",
                    "Convert it to .wav first.",
                    "codec-unknown",
                )
        except IndexError:
            has_pictures = bool(_pictures(self._container))
            self._container.close()
            raise _silent_file(self.path, has_pictures) from None
        except FacewrightError:
            self._container.close()
            raise
        self.info = self._describe()

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def blocks(
        self, start_s: float = 0.0, end_s: float | None = None, block_s: float = 10.0
    ) -> Iterator[np.ndarray]:
        """The sound from ``start_s`` to ``end_s``, without holes. Can be called once.

        Args:
            start_s, end_s: Seconds; None is the end of the sound.
            block_s: Length of all blocks but the last.

        Yields:
            float32 (n,), within -1..1 unless the file exceeds it. The first sample of the first
            block is heard at ``start_s``: where the sound begins later, silence comes before it.

        Raises:
            FacewrightError: ``sound-damaged`` where nothing can be decoded, ``outside-sound``
                where the sound has no such part.
        """
        first = round(start_s * SOUND_HZ)
        stop = None if end_s is None else round(end_s * SOUND_HZ)
        size = max(1, round(block_s * SOUND_HZ))
        at = given = waiting = 0
        parts: list[np.ndarray] = []
        for at, samples in self._placed():
            low = max(first - at, 0)
            high = len(samples) if stop is None else min(stop - at, len(samples))
            if low < high:
                parts.append(samples[low:high])
                waiting += high - low
            at += len(samples)
            while waiting >= size:
                whole = _finite(np.concatenate(parts))
                parts, waiting = [whole[size:]], waiting - size
                given += size
                yield whole[:size]
            if stop is not None and at >= stop:
                break
        else:
            self._look_back(at)
        if waiting:
            given += waiting
            yield _finite(np.concatenate(parts))
        if not given:
            raise self._nothing(start_s, end_s, at)

    def _describe(self) -> SoundInfo:
        stream, pictures = self._stream, _pictures(self._container)
        offset_s = 0.0
        if pictures and stream.start_time is not None and pictures[0].start_time is not None:
            begins = float(stream.start_time * stream.time_base)
            offset_s = begins - float(pictures[0].start_time * pictures[0].time_base)
        length_s = 0.0
        if stream.duration and stream.time_base:
            length_s = float(stream.duration * stream.time_base)
        elif self._container.duration:
            length_s = self._container.duration / av.time_base
        return SoundInfo(
            self.path,
            max(length_s + offset_s, 0.0),
            offset_s,
            stream.channels,
            stream.rate,
            stream.codec_context.name,
        )

    def _placed(self) -> Iterator[tuple[int, np.ndarray]]:
        """Stretches of sound with the number of their first sample, from sample 0 on, no holes."""
        at = round(self.info.offset_s * SOUND_HZ)
        if at > 0:
            yield 0, np.zeros(at, np.float32)
        zero_s: float | None = None
        for time_s, samples in self._mono():
            if time_s is not None and zero_s is None:
                zero_s = time_s - at / SOUND_HZ
            if time_s is not None:
                at = yield from self._wait(at, round((time_s - zero_s) * SOUND_HZ))
            low = max(-at, 0)  # a video's sound may begin before its first picture
            if low < len(samples):
                yield at + low, samples[low:]
            at += len(samples)

    def _wait(self, at: int, due: int) -> Iterator[tuple[int, np.ndarray]]:
        """Silence where sound goes on later than it ended; the number of the next sample."""
        announced = round((self.info.duration_s + 1.0) * SOUND_HZ)
        if due - at < _SILENCE_S * SOUND_HZ or due > announced:
            return at  # a time beyond the end is a mistake of the file
        if due > 0:
            yield max(at, 0), np.zeros(due - max(at, 0), np.float32)
        return due

    def _mono(self) -> Iterator[tuple[float | None, np.ndarray]]:
        """Decoded sound at 16 kHz with the time at which it begins, where that is known."""
        mixer: Downmix | None = None
        begins_s: float | None = None
        for frame in decoded(self._container, self._stream):
            if mixer is None or not mixer.suits(frame):
                if mixer is not None:
                    yield None, mixer.rest()
                mixer = Downmix(frame)
            time_s = None if frame.pts is None else float(frame.pts * frame.time_base)
            begins_s = time_s if begins_s is None else begins_s
            samples = mixer.mix(frame)
            if len(samples):
                # The resampler keeps a few samples back, so that later ones begin a little
                # before the frame: far less than what counts as silence.
                yield begins_s, samples
                begins_s = None
        if mixer is not None:
            yield None, mixer.rest()

    def _look_back(self, samples: int) -> None:
        came_s, announced_s = samples / SOUND_HZ, self.info.duration_s
        missing_s = announced_s - came_s
        if samples and missing_s > max(_MISSING_S, _MISSING_SHARE * announced_s):
            self.problem = (
                f"{self.path.name} ends early: {came_s:.1f} of {announced_s:.1f} s could be "
                "decoded; the file is damaged or cut off."
            )

    def _nothing(self, start_s: float, end_s: float | None, samples: int) -> FacewrightError:
        if not samples:
            return FacewrightError(
                f"No sound in {self.path.name} can be decoded.",
                "The file is empty, damaged or cut off; export or copy it again.",
                "sound-damaged",
            )
        until = "" if end_s is None else f" to {end_s:g} s"
        return FacewrightError(
            f"{self.path.name} has no sound from {start_s:g} s{until}: "
            f"it is {samples / SOUND_HZ:.2f} s long.",
            "Choose a part that lies inside the recording.",
            "outside-sound",
        )


def _finite(samples: np.ndarray) -> np.ndarray:
    """A file of float samples may hold anything."""
    return np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)


def read_sound(
    path: Path | str, start_s: float = 0.0, end_s: float | None = None
) -> tuple[np.ndarray, SoundInfo]:
    """A stretch of sound in one piece: float32 (n,), 16 kHz, and what the file says.

    Args:
        path, start_s, end_s: See ``SoundFile``. An hour takes 230 MB.

    Raises:
        FacewrightError: What ``SoundFile`` raises.
    """
    with SoundFile(path) as file:
        length_s = max((end_s or file.info.duration_s) - start_s, 1.0)
        sound, count = np.empty(round((length_s + 1.0) * SOUND_HZ), np.float32), 0
        for block in file.blocks(start_s, end_s):
            if count + len(block) > len(sound):  # longer than it said
                sound = np.concatenate([sound[:count], np.empty(count + len(block), np.float32)])
            sound[count : count + len(block)] = block
            count += len(block)
        return sound[:count], file.info


def _open(path: Path) -> av.container.InputContainer:
    try:
        return open_container(path)
    except FacewrightError as error:
        if error.code != "not-a-video":
            raise
        if path.is_dir():
            raise FacewrightError(f"{path} is a folder, not a sound.", "", "not-a-sound") from error
        raise FacewrightError(
            f"{path.name} is not a sound that can be read.",
            "Check that it plays in a sound player, or export it again as .wav.",
            "not-a-sound",
        ) from error


def _pictures(container: av.container.InputContainer) -> list[av.VideoStream]:
    """The streams of pictures; the cover of an album is none."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def _silent_file(path: Path, has_pictures: bool) -> FacewrightError:
    if has_pictures:
        return FacewrightError(
            f"The video {path.name} has no sound track.",
            "Choose a video with sound, or the sound file that belongs to it.",
            "no-sound",
        )
    return FacewrightError(
        f"{path.name} has no sound in it.", "Choose a recording of a voice.", "no-sound"
    )
