# SPDX-License-Identifier: GPL-3.0-or-later
"""Video files: what they hold, and their pictures with true presentation times."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from ..core.errors import FacewrightError
from ..core.types import VideoFrame
from .card_decoding import MIN_PIXELS, CardDecodingError, decoded_on_card, open_on_card

# Above this the picture is halved while it is decoded: the networks look at 256 pixels of face,
# and an 8K picture in RGB is 100 MB.
LONGEST_SIDE = 4096
# Two pictures are never closer; times that were rounded on their way through a file are.
_SAME_S = 5e-4


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    Attributes:
        path: The file.
        width, height: Pixels of the pictures as ``VideoSource.frames`` gives them: upright,
            square pixels, at most ``LONGEST_SIDE`` long.
        rate: Mean frames per second, a ratio.
        frame_count: Frames that the container announces; an estimate from the duration where
            it is silent, 0 where even that is unknown.
        duration_s: Seconds, 0 where unknown.
        codec: FFmpeg's name of the codec.
        has_audio: Whether there is sound.
        audio_offset_s: When the sound starts, in seconds from the first picture.
    """

    path: Path
    width: int
    height: int
    rate: Fraction
    frame_count: int
    duration_s: float
    codec: str
    has_audio: bool
    audio_offset_s: float = 0.0


class VideoSource:
    """A video file as a stream of upright RGB pictures. A context manager.

    Args:
        path: The file.

    Attributes:
        info: What the file says of itself.
        notes: Sentences about a card that was to decode and does not.

    Raises:
        FacewrightError: ``file-missing``, ``file-empty``, ``not-a-video``, ``no-video-stream``,
            ``codec-unknown`` or ``file-unreadable``.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._container = open_container(self.path)
        try:
            self._stream = self._container.streams.video[0]
        except IndexError:
            self._container.close()
            raise FacewrightError(
                f"{self.path.name} has no video stream.",
                "Choose a video; a sound file is for lip sync.",
                "no-video-stream",
            ) from None
        if self._stream.codec_context is None:
            self._container.close()
            raise FacewrightError(
                f"{self.path.name} uses a video codec that cannot be decoded here.",
                "Convert it to H.264 first.",
                "codec-unknown",
            )
        self._stream.thread_type = "AUTO"
        # One for all pictures: each picture's own would set up the conversion anew.
        self._converter = VideoReformatter()
        self._turns = 0
        self._size = self._upright_size()
        self._first_pts: int | None = None
        self._card = ""
        self.notes: list[str] = []
        self.info = self._describe()

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def decoder(self) -> str:
        """FFmpeg's name of the card's decoder; empty where the processor decodes."""
        return self._card

    def use_card(self, decoder: str, at_least: int = MIN_PIXELS) -> None:
        """Have a card decode from now on, where the video is read from its beginning.

        Args:
            decoder: FFmpeg's name of it, of ``card_decoding.decoder_beside``; empty for none.
            at_least: Pixels of a picture for which it is worth while.
        """
        width, height = self._size
        self._card = decoder if width * height >= at_least else ""

    def frames(self) -> Iterator[VideoFrame]:
        """Every picture that decodes, in presentation order.

        Times are the presentation time stamps; a picture without one, or with one that does
        not advance, follows its predecessor at the mean rate.

        Raises:
            FacewrightError: ``file-damaged`` when not a single picture decodes.
        """
        if self._card:
            return self._frames_by_card()
        self._rewind()
        return self._number(self._decoded(), first_index=0, after_s=None)

    def frames_after(self, time_s: float, index: int) -> Iterator[VideoFrame]:
        """Go on where an earlier run stopped.

        Args:
            time_s: Presentation time of the last picture already seen.
            index: Its number.
        """
        sought = self._decoded_from(time_s)
        if sought is not None:
            return self._number(sought, first_index=index + 1, after_s=time_s)
        return (frame for frame in self.frames() if frame.index > index)

    def _frames_by_card(self) -> Iterator[VideoFrame]:
        """Every picture, by the card until it fails, and from the next one on by the processor."""
        last: VideoFrame | None = None
        try:
            self._take_up(open_on_card(self.path, self._card))
            pictures = decoded_on_card(self._container, self._stream)
            for frame in self._number(pictures, first_index=0, after_s=None):
                yield frame
                last = frame
        except CardDecodingError as error:
            self._card = ""
            if last is None:
                yield from self.frames()
                return
            self.notes.append(
                f"The card stopped decoding {self.path.name} after frame {last.index} ({error}); "
                "the processor went on."
            )
            yield from self.frames_after(last.time_s, last.index)

    def _describe(self) -> VideoInfo:
        stream = self._stream
        rate = stream.average_rate or stream.guessed_rate or Fraction(30)
        duration = 0.0
        if stream.duration and stream.time_base:
            duration = float(stream.duration * stream.time_base)
        elif self._container.duration:
            duration = self._container.duration / av.time_base
        return VideoInfo(
            path=self.path,
            width=self._size[0],
            height=self._size[1],
            rate=Fraction(rate),
            frame_count=_frame_count(stream.frames, duration * float(rate)),
            duration_s=duration,
            codec=stream.codec_context.name,
            has_audio=bool(self._container.streams.audio),
            audio_offset_s=self._audio_offset(),
        )

    def _audio_offset(self) -> float:
        """Start of the sound relative to the first picture, seconds."""
        sounds = self._container.streams.audio
        video = self._stream
        if not sounds or sounds[0].start_time is None or video.start_time is None:
            return 0.0
        begins = float(sounds[0].start_time * sounds[0].time_base)
        return begins - float(video.start_time * video.time_base)

    def _upright_size(self) -> tuple[int, int]:
        """Pixels after rotation and pixel aspect; finds the rotation tag on the way."""
        first = next(self._decoded(), None)
        if first is None:
            self._container.close()
            raise FacewrightError(
                f"No picture in {self.path.name} can be decoded.",
                "The file is damaged or cut off; export or copy it again.",
                "file-damaged",
            )
        self._turns = round(first.rotation / 90) % 4  # counter-clockwise quarter turns
        width, height = self._square_pixels(first)
        return (height, width) if self._turns % 2 else (width, height)

    def _square_pixels(self, picture: av.VideoFrame) -> tuple[int, int]:
        """Width and height with square pixels, halved until they fit ``LONGEST_SIDE``."""
        aspect = self._stream.sample_aspect_ratio
        width, height = picture.width, picture.height
        if aspect:
            width = max(1, round(width * float(aspect)))
        while max(width, height) > LONGEST_SIDE:
            width, height = width // 2, height // 2
        return width, height

    def _rewind(self) -> None:
        self._take_up(open_container(self.path))
        self._stream.thread_type = "AUTO"

    def _take_up(self, container: av.container.InputContainer) -> None:
        """Goes on with the file opened anew."""
        self._container.close()
        self._container = container
        self._stream = container.streams.video[0]

    def _decoded_from(self, time_s: float) -> Iterator[av.VideoFrame] | None:
        """Pictures from a time on or earlier; None where the file cannot be sought reliably."""
        self._rewind()
        if self._container.format.name == "avi":  # keeps no presentation times: they are guessed
            return None
        first = next(self._decoded(), None)
        if first is None or first.pts is None:
            return None
        self._first_pts = first.pts
        target = first.pts + int(time_s / float(self._stream.time_base))
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except FFmpegError:
            return None
        pictures = self._decoded()
        landed = next(pictures, None)
        # MPEG streams land on the key frame after the one asked for: pictures would be missing.
        if landed is None or landed.pts is None or landed.pts > target:
            return None
        return itertools.chain([landed], pictures)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        return decoded(self._container, self._stream)

    def _number(
        self, decoded: Iterator[av.VideoFrame], first_index: int, after_s: float | None
    ) -> Iterator[VideoFrame]:
        step = float(1 / self.info.rate)
        time_base = float(self._stream.time_base)
        first_pts = self._first_pts if after_s is not None else None
        last = after_s
        index = first_index
        for picture in decoded:
            time_s = None
            if picture.pts is not None:
                if first_pts is None:
                    first_pts = picture.pts
                time_s = (picture.pts - first_pts) * time_base
            if after_s is not None and time_s is not None and time_s <= after_s + _SAME_S:
                continue  # the seek landed earlier; these were seen in the earlier run
            if time_s is None or (last is not None and time_s <= last):
                time_s = 0.0 if last is None else last + step
            yield VideoFrame(index, time_s, self._rgb(picture))
            last = time_s
            index += 1

    def _rgb(self, picture: av.VideoFrame) -> np.ndarray:
        # The first picture's size counts: a stream may change its own in the middle.
        width, height = self._size[::-1] if self._turns % 2 else self._size
        image = to_rgb(self._converter, picture, width, height)
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image


def to_rgb(
    converter: VideoReformatter, picture: av.VideoFrame, width: int, height: int
) -> np.ndarray:
    """A decoded picture as uint8 (height, width, 3), RGB, in a size of choice."""
    # In one thread: to wait for others takes longer than the work, where the processor is busy.
    return converter.reformat(picture, width, height, "rgb24", threads=1).to_ndarray()


def decoded(
    container: av.container.InputContainer, stream: av.VideoStream | av.AudioStream
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Decode a stream to its end, stepping over damaged packets."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            return  # the file is cut off here; what came before counts
        if packet is None:
            return
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


def open_container(path: Path) -> av.container.InputContainer:
    """A media file as PyAV's container.

    Raises:
        FacewrightError: ``file-missing``, ``file-empty``, ``not-a-video`` or ``file-unreadable``.
    """
    try:
        size = path.stat().st_size if path.is_file() else None
        if size:
            return av.open(str(path), mode="r")
    except (FFmpegError, OSError) as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise FacewrightError(
                f"{path} may not be read.", "Check its permissions.", "file-unreadable"
            ) from error
        raise FacewrightError(
            f"{path.name} is not a video that can be read ({reason_of(error)}).",
            "Check that it plays in a video player, or export it again as H.264 .mp4.",
            "not-a-video",
        ) from error
    if path.is_dir():
        raise FacewrightError(f"{path} is a folder, not a video.", "", "not-a-video")
    if size == 0:
        raise FacewrightError(
            f"{path.name} is empty (0 bytes).", "Copy or export it again.", "file-empty"
        )
    raise FacewrightError(f"There is no file {path}.", "Check the path.", "file-missing")


def _frame_count(announced: int, by_duration: float) -> int:
    """An edit list hides frames that the container counts; the duration does not."""
    rounded = round(by_duration)
    return min(announced, rounded) if announced and rounded else announced or rounded


def reason_of(error: OSError | FFmpegError) -> str:
    """The system's or FFmpeg's own words, for the middle of a sentence."""
    return (error.strerror or str(error)).rstrip(".").lower()
