# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to a camera: opens it in a light mode and reads its pictures.

Which mode. A face is followed at 640x360 as well as at more, so that size is asked for, at 30
frames per second. Uncompressed formats (YUYV, NV12) cost least to turn into RGB and fit through
USB 2 at this size; MJPEG has to be decoded, but is often the only way to 30 frames per second at
larger sizes, so it comes second. Each system is asked in its own way:

    video4linux2  The driver goes to its nearest size by itself and libavdevice takes the first
                  uncompressed format that it knows. When that mode is much slower than asked for,
                  MJPEG is tried. The fastest wins.
    dshow         A mode has to match exactly: the sizes from the one asked for to 1280x720, each
                  uncompressed, then in any format (PyAV cannot ask for MJPEG by name here).
    avfoundation  A size has to match exactly and the rate has to be said, because libavdevice's
                  own 29.97 is one that Apple's cameras refuse; unknown pixel formats are replaced.

At the end of every list stands the device's own default.
"""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.error import BlockingIOError as NothingYet
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from ..core.clock import now_s
from ..core.errors import FacewrightError
from .devices import SCREENS, Device, open_driver
from .media import reason_of, to_rgb

# Where the size asked for is none of the device's.
_OTHER_SIZES = ((640, 480), (1280, 720))
# A mode that promises less than this share of the rate asked for is not the first choice.
_FAST_ENOUGH = 0.8
# Frames are wanted as they come: no pictures are gathered to guess what the driver says anyway.
_AT_ONCE = {"probesize": "32", "fpsprobesize": "0"}
# DirectShow keeps pictures until they are read; its usual 3 MB are less than one in full HD.
_DSHOW_BUFFER = {"rtbufsize": "64000000"}
# AVFoundation does not wait for the next frame.
_NAP_S = 0.002
# After these another mode does not help.
_FINAL = {
    errno.EACCES,
    errno.EPERM,
    errno.EBUSY,
    errno.ENOENT,
    errno.ENODEV,
    errno.ENXIO,
}


@dataclass(frozen=True)
class Picture:
    """One picture of a camera.

    Attributes:
        image: uint8 (height, width, 3), RGB, upright, not mirrored.
        sender_s: The driver's time stamp, seconds on the driver's clock; None without one.
        arrival_s: When it came, on the clock of ``core.clock.now_s``.
    """

    image: np.ndarray
    sender_s: float | None
    arrival_s: float


class Feed(Protocol):
    """An open camera. Used by one thread only, the one that opened it.

    Attributes:
        rate: Frames per second that the device promises.
    """

    rate: Fraction

    def read(self) -> Picture:
        """Wait for the next picture. FacewrightError ``camera-lost`` when there will be none."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


Opener = Callable[[Device, tuple[int, int], int], Feed]


def modes(format_name: str, size: tuple[int, int], rate: int) -> list[dict[str, str]]:
    """libavdevice's options to try, the best first.

    Args:
        format_name: libavdevice's name of the kind of driver.
        size: Width and height asked for.
        rate: Frames per second asked for.
    """
    sizes = [size, *(other for other in _OTHER_SIZES if other != size)]
    asked = [{"video_size": f"{w}x{h}", "framerate": str(rate)} for w, h in sizes]
    pace = {"framerate": str(rate)}
    if format_name == "video4linux2":
        return [asked[0], {**asked[0], "input_format": "mjpeg"}, pace, {}]
    if format_name == "dshow":
        codings = ({"pixel_format": "yuyv422"}, {"pixel_format": "nv12"}, {})
        exact = [{**a, **coding, **_DSHOW_BUFFER} for a in asked for coding in codings]
        return [*exact, _DSHOW_BUFFER]
    if format_name == "avfoundation":
        return [*({**a, "pixel_format": "nv12"} for a in asked), pace, {}]
    if format_name == "x11grab":
        # With the pointer: only by asking for it does libavdevice notice that a screen is gone.
        return [{**asked[0], "draw_mouse": "1"}, {**pace, "draw_mouse": "1"}]
    return [{}]


def open_device(device: Device, size: tuple[int, int], rate: int) -> DeviceFeed:
    """Open a camera in its lightest mode that is fast enough, else in its fastest.

    Raises:
        FacewrightError: ``camera-forbidden``, ``camera-busy``, ``camera-unplugged`` or
            ``camera-unopenable``.
    """
    failure: FFmpegError | OSError | None = None
    usable: list[tuple[Fraction, dict[str, str]]] = []
    for options in modes(device.format, size, rate):
        if usable and "input_format" not in options:
            break  # only another coding of the same size can be faster
        try:
            feed = DeviceFeed(device, options, rate)
        except (FFmpegError, OSError) as error:
            failure = error
            if error.errno in _FINAL:
                break
            continue
        if feed.rate >= rate * _FAST_ENOUGH:
            return feed
        usable.append((feed.rate, options))
        feed.close()
    if usable:
        try:
            return DeviceFeed(device, max(usable, key=lambda one: one[0])[1], rate)
        except (FFmpegError, OSError) as error:
            failure = error
    raise _cannot_open(device, failure) from failure


class DeviceFeed:
    """See ``Feed``; through PyAV.

    Args:
        device: Which.
        options: libavdevice's options, from ``modes``.
        rate: Frames per second to assume where the device does not say.

    Raises:
        FFmpegError, OSError: The device does not open like this.
    """

    def __init__(self, device: Device, options: dict[str, str], rate: int) -> None:
        self._device = device
        self._container = open_driver(_address(device), device.format, {**_AT_ONCE, **options})
        if not self._container.streams.video:
            self._container.close()
            raise OSError(errno.ENODEV, "it gives no pictures")
        self._stream = self._container.streams.video[0]
        self.rate = Fraction(self._stream.average_rate or rate)
        self._packets = self._container.demux(self._stream)
        # One for all pictures: each picture's own would set up the conversion anew.
        self._converter = VideoReformatter()

    def read(self) -> Picture:
        """The next picture; damaged ones are passed over."""
        while True:
            packet = self._next_packet()
            arrival_s = now_s()
            if not packet.size:
                continue  # an empty buffer; decoding it would end the decoder
            try:
                pictures = packet.decode()
            except FFmpegError:
                continue
            if pictures:
                newest = pictures[-1]
                sender_s = None if newest.pts is None else float(newest.pts * newest.time_base)
                image = to_rgb(self._converter, newest, newest.width, newest.height)
                return Picture(image, sender_s, arrival_s)

    def close(self) -> None:
        """Let go of the device."""
        self._container.close()

    def _next_packet(self) -> av.Packet:
        while True:
            try:
                return next(self._packets)
            except NothingYet:
                time.sleep(_NAP_S)
                self._packets = self._container.demux(self._stream)
            except StopIteration:
                raise _lost(self._device, "no more pictures") from None
            except (FFmpegError, OSError) as error:
                raise _lost(self._device, reason_of(error)) from error


def _address(device: Device) -> str:
    """What libavdevice calls a camera."""
    if device.format == "dshow":
        return f"video={device.id}"
    return f"{device.id}:none" if device.format == "avfoundation" else device.id


def _lost(device: Device, reason: str) -> FacewrightError:
    return FacewrightError(
        f'The camera "{device.name}" is gone ({reason}).',
        "It is used again as soon as it is back.",
        "camera-lost",
    )


def _cannot_open(device: Device, error: FFmpegError | OSError | None) -> FacewrightError:
    """What is wrong with a camera that does not open, and what to do."""
    number = getattr(error, "errno", None)
    reason = reason_of(error) if error else "no mode of it suits"
    camera = f'The camera "{device.name}"'
    if number in (errno.EACCES, errno.EPERM):
        return FacewrightError(f"{camera} may not be used.", privacy_hint(), "camera-forbidden")
    if number == errno.EBUSY:
        return FacewrightError(
            f"{camera} is in use by another program.",
            "Close that program, or switch its camera off there.",
            "camera-busy",
        )
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return FacewrightError(
            f"{camera} is not there ({reason}).",
            "Plug it in, or choose another one.",
            "camera-unplugged",
        )
    hint = f"Close other programs that use it and plug it in again. {privacy_hint()}"
    if device.format in SCREENS:
        hint = "Check its number; the screen has to be there first."
    return FacewrightError(f"{camera} cannot be opened ({reason}).", hint, "camera-unopenable")


def privacy_hint() -> str:
    """Where this system keeps who may use a camera."""
    if sys.platform == "darwin":
        return "Allow it for Blender in System Settings > Privacy & Security > Camera."
    if sys.platform == "win32":
        return "Allow it for desktop apps in Settings > Privacy & security > Camera."
    return 'Add yourself to the group "video" and log in again.'
