# SPDX-License-Identifier: GPL-3.0-or-later
"""A camera as a live source: never waits for itself, and comes back after it was unplugged.

Three threads meet here. The caller takes frames and never touches the device. A reader opens the
device, reads it and lets go of it, all in one thread, as libavdevice wants it. A watcher starts
readers: when one fails or falls silent it says so and starts another every second, on the same
camera wherever it is plugged in now. A driver that hangs keeps its reader, which nobody waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.sender_clock import SenderClock
from ..core.types import VideoFrame
from .device_feed import Opener, Picture, open_device, privacy_hint
from .devices import Device, list_cameras, same_again
from .live import LiveFrames

# How long a camera may take to its first picture; some need seconds to start.
FIRST_PICTURE_S = 10.0
# A camera without a picture for so long is lost; after the second time its reader is given up.
SILENT_S, GIVEN_UP_S = 2.0, 5.0
RETRY_S = 1.0
# Readers that hang in a driver, at most; then no more are sent after them.
_HANGING = 3
# How long to wait for the device to be let go of.
_GOODBYE_S = 0.5


class Camera:
    """See ``live.LiveSource``. Frames are as the camera sees them, not mirrored.

    A frame's time is the driver's stamp on our clock (``core.sender_clock``), or its arrival where
    the driver gives none.

    Args:
        device: Which, from ``devices.find_camera``.
        size: Width and height to ask for; the camera's nearest is used.
        rate: Frames per second to ask for.
        opener: What opens the device; tests have their own.
        finder: Lists the cameras that are there, to find a camera again.
        first_picture_s: How long to wait for the first picture.

    Raises:
        FacewrightError: ``camera-forbidden``, ``camera-busy``, ``camera-unplugged``,
            ``camera-unopenable``, or ``camera-silent`` when no picture comes.
    """

    def __init__(
        self,
        device: Device,
        *,
        size: tuple[int, int] = (640, 360),
        rate: int = 30,
        opener: Opener = open_device,
        finder: Callable[[], list[Device]] = list_cameras,
        first_picture_s: float = FIRST_PICTURE_S,
    ) -> None:
        self.device = device
        self.name = device.name
        self.width, self.height, self.rate = *size, Fraction(rate)
        self.state, self.problem = "opening", ""
        self.open_feed = lambda which: opener(which, size, rate)
        self._finder = finder
        self._frames = LiveFrames()
        self._clock = SenderClock()
        self._lock = threading.Lock()
        self._settled = threading.Event()  # the first picture is there, or will never be
        self._closing = threading.Event()
        self._failure: FacewrightError | None = None
        self._reader = _Reader(self, device)
        self._watcher = threading.Thread(target=self._watch, name="camera watcher", daemon=True)
        self._watcher.start()
        self._settled.wait(first_picture_s)
        if not self.received:
            failure = self._failure or self._silent()
            self.close()
            raise failure

    @property
    def received(self) -> int:
        """Frames that came so far."""
        return self._frames.received

    @property
    def dropped(self) -> int:
        """Those of them that gave way to a newer one."""
        return self._frames.dropped

    def next_frame(self, timeout_s: float) -> VideoFrame | None:
        """The newest frame that was not given out yet; see ``live.LiveSource``."""
        return self._frames.take(timeout_s)

    def close(self) -> None:
        """Let go of the camera; returns within a second, even when the driver hangs."""
        self._closing.set()
        self._reader.leave()
        self._reader.join(_GOODBYE_S)
        with self._lock:
            self.state, self.problem = "ended", ""

    def arrived(self, reader: _Reader, picture: Picture) -> None:
        """A reader has a picture."""
        with self._lock:
            if reader is not self._reader or reader.left.is_set():
                return
            self.height, self.width = picture.image.shape[:2]
            self.rate = reader.rate
            self.state, self.problem = "running", ""
            time_s = self._clock.ours(picture.sender_s, picture.arrival_s)
            self._frames.put(picture.image, time_s)
        self._settled.set()

    def _lost(self, problem: str) -> None:
        with self._lock:
            if not self._closing.is_set():
                self.state, self.problem = "lost", problem

    def _watch(self) -> None:
        """Start readers until closed."""
        hanging: list[_Reader] = []
        while not self._closing.is_set():
            self._reader.start()
            failure = self._attend(self._reader)
            if not self._settled.is_set():  # it never worked: the constructor raises
                self._failure = failure
                self._settled.set()
                return
            self._reader.leave()
            self._lost(str(failure))
            hanging = [r for r in (*hanging, self._reader) if r.is_alive()]
            while not self._closing.wait(RETRY_S):
                hanging = [r for r in hanging if r.is_alive()]
                device = self._where_now()
                if device is not None and len(hanging) < _HANGING:
                    self._replace_reader(device)
                    break

    def _replace_reader(self, device: Device) -> None:
        reader = _Reader(self, device)
        with self._lock:
            self.device = device
            self._clock.reset()
            self._reader = reader
        if self._closing.is_set():  # close() came in between and left the old one
            reader.leave()

    def _attend(self, reader: _Reader) -> FacewrightError:
        """Wait until a reader fails or has to be given up; says why."""
        while True:
            first = not reader.seen.is_set()
            patience_s = FIRST_PICTURE_S if first else GIVEN_UP_S
            quiet_s = now_s() - reader.last_s
            if quiet_s > SILENT_S and not first:
                self._lost(str(self._silent()))
            if quiet_s > patience_s:
                return self._silent()
            look_again_s = SILENT_S - quiet_s if quiet_s < SILENT_S else patience_s - quiet_s
            if reader.failed.wait(min(look_again_s, SILENT_S)):
                return reader.failure or self._silent()

    def _where_now(self) -> Device | None:
        return same_again(self.device, self._finder())

    def _silent(self) -> FacewrightError:
        return FacewrightError(
            f'The camera "{self.name}" gives no pictures.',
            f"Check its cover, switch or cable, and other programs that use it. {privacy_hint()}",
            "camera-silent",
        )


class _Reader(threading.Thread):
    """Opens a device, reads it, lets go of it.

    Attributes:
        rate: Frames per second that the device promises.
        last_s: When the last picture came, or when the reader was made.
        seen: There was a picture.
        left: It was asked to let go; its pictures count no more.
        failed: It came to an end; ``failure`` says why.
    """

    def __init__(self, camera: Camera, device: Device) -> None:
        super().__init__(name="camera reader", daemon=True)
        self._camera, self._device = camera, device
        self.left = threading.Event()
        self.rate = camera.rate
        self.last_s = now_s()
        self.seen = threading.Event()
        self.failed = threading.Event()
        self.failure: FacewrightError | None = None

    def leave(self) -> None:
        """Ask it to let go; it does when the driver gives it back."""
        self.left.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, unless it was never started."""
        if self.is_alive():
            super().join(timeout)

    def run(self) -> None:
        """The thread."""
        feed = None
        try:
            feed = self._camera.open_feed(self._device)
            self.rate = feed.rate
            while not self.left.is_set():
                picture = feed.read()
                self.last_s = now_s()
                self.seen.set()
                self._camera.arrived(self, picture)
        except FacewrightError as error:
            self.failure = error
        finally:
            if feed is not None:
                feed.close()
            self.failed.set()
