# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras: opened lightly, timed by their own clock, found again after they were unplugged.

There is no camera on a test machine. A virtual screen is grabbed like one (a device whose server
can be killed, which is unplugging), FFmpeg's test pictures stand in for formats, and a camera made
of Python for what real drivers do rarely.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
import pytest

from engine.core.clock import now_s
from engine.core.errors import FacewrightError
from engine.sources import camera as camera_module
from engine.sources import device_feed
from engine.sources.camera import Camera
from engine.sources.device_feed import DeviceFeed, Picture, modes, open_device
from engine.sources.devices import Device

BARS = Device("smptebars=size=640x360:rate=30,realtime", "Test bars", "lavfi")
WEBCAM = Device("/dev/video0", "Webcam", "video4linux2")
WAIT_S = 120.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    ends_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < ends_s, f"{what} did not happen"
        time.sleep(0.02)


class FakeFeed:
    """A camera made of Python: what it does is told by the test while it runs."""

    def __init__(self, plan: FakeDriver) -> None:
        self.rate, self._plan, self._count = Fraction(30), plan, 0
        self.closed = False

    def read(self) -> Picture:
        self._plan.hang.wait() if self._plan.hangs else time.sleep(0.005)
        if self._plan.error:
            raise self._plan.error
        self._count += 1
        image = np.full((360, 640, 3), self._count % 256, np.uint8)
        sent_s = self._count / 30  # on a clock of its own; two of three pictures come late
        late_s = 0.012 if self._count % 3 else 0.0
        return Picture(image, sent_s, self._plan.began_s + sent_s + late_s)

    def close(self) -> None:
        self.closed = True


class FakeDriver:
    def __init__(self) -> None:
        self.error: FacewrightError | None = None
        self.refusal: FacewrightError | None = None
        self.began_s = now_s()
        self.hangs = False
        self.hang = threading.Event()
        self.opened: list[Device] = []
        self.feeds: list[FakeFeed] = []
        self.cameras = [WEBCAM]

    def __call__(self, device: Device, _size: tuple[int, int], _rate: int) -> FakeFeed:
        self.opened.append(device)
        if self.refusal:
            raise self.refusal
        self.feeds.append(FakeFeed(self))
        return self.feeds[-1]


@pytest.fixture
def driver() -> Iterator[FakeDriver]:
    made = FakeDriver()
    yield made
    made.hang.set()


@pytest.fixture
def quick(monkeypatch) -> None:
    """The same waits, shorter."""
    monkeypatch.setattr(camera_module, "RETRY_S", 0.05)
    monkeypatch.setattr(camera_module, "SILENT_S", 0.2)
    monkeypatch.setattr(camera_module, "GIVEN_UP_S", 0.5)
    monkeypatch.setattr(camera_module, "FIRST_PICTURE_S", 0.5)


class Screen:
    """A virtual screen that can be unplugged."""

    def __init__(self, number: int) -> None:
        self.device = Device(f":{number}", "Virtual screen", "x11grab")
        self._server: subprocess.Popen | None = None

    def plug_in(self) -> None:
        read_end, write_end = os.pipe()
        command = ["Xvfb", self.device.id, "-displayfd", str(write_end), "-nolisten", "tcp"]
        self._server = subprocess.Popen(
            # Else it starts anew, deaf for a moment, whenever its last client goes.
            [*command, "-noreset", "-screen", "0", "800x600x24"],
            pass_fds=[write_end],
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            assert ready.readline().strip() == self.device.id[1:]

    def unplug(self) -> None:
        if self._server:
            self._server.terminate()  # by its id; it removes its lock on the number itself
            self._server.wait()
            self._server = None


@pytest.fixture
def screen() -> Iterator[Screen]:
    if shutil.which("Xvfb") is None or "x11grab" not in av.formats_available:
        pytest.skip("no Xvfb: its screen stands in for a camera")
    made = Screen(200 + os.getpid() % 300)
    made.plug_in()
    yield made
    made.unplug()


def test_pictures_are_upright_rgb_and_not_mirrored():
    camera = Camera(BARS)
    try:
        frame = camera.next_frame(WAIT_S)
        assert (camera.width, camera.height, camera.rate, camera.state) == (640, 360, 30, "running")
        assert frame.image.shape == (360, 640, 3)
        assert frame.image.dtype == np.uint8
        red, green, blue = frame.image[20, 620].astype(int)
        assert blue > 150 > 60 > max(red, green)  # the bars end with blue at the right
        assert np.ptp(frame.image[20, 20].astype(int)) < 10  # and begin with grey
        assert 0 <= now_s() - frame.time_s < WAIT_S
    finally:
        camera.close()
    assert camera.state == "ended"


def test_the_newest_frame_wins_and_the_rest_is_counted():
    camera = Camera(BARS)
    try:
        wait_until(lambda: camera.received >= 10, "the tenth frame")
        first = camera.next_frame(WAIT_S)
        second = camera.next_frame(WAIT_S)
        assert second.index > first.index >= 8
        assert second.time_s > first.time_s
        assert camera.dropped >= 8
    finally:
        camera.close()


def test_times_are_the_drivers_without_the_jitter_of_arrival(driver):
    camera = Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    frames = []
    try:
        while len(frames) < 20:
            frames.append(camera.next_frame(WAIT_S))
    finally:
        camera.close()
    # The third picture was the first in time; what came before is drawn together.
    due_s = [driver.began_s + (frame.index + 1) / 30 for frame in frames if frame.index > 3]
    times_s = [frame.time_s for frame in frames if frame.index > 3]
    np.testing.assert_allclose(times_s, due_s, atol=1e-6)


def test_a_screen_is_lost_and_found_again(screen):
    camera = Camera(screen.device)
    try:
        assert camera.next_frame(WAIT_S).image.shape == (360, 640, 3)
        screen.unplug()
        wait_until(lambda: camera.state == "lost", "losing the screen")
        assert "Virtual screen" in camera.problem
        before = camera.received
        screen.plug_in()
        wait_until(lambda: camera.state == "running", "finding the screen again")
        assert camera.problem == ""
        wait_until(lambda: camera.received > before + 3, "more frames")
        newest = camera.next_frame(WAIT_S)
        assert newest.index >= before
        assert newest.time_s <= now_s()
    finally:
        camera.close()


def test_a_screen_smaller_than_asked_for_is_taken_whole(screen):
    camera = Camera(screen.device, size=(1920, 1080))
    try:
        assert (camera.width, camera.height) == (800, 600)
    finally:
        camera.close()


def test_a_screen_that_is_not_there_cannot_be_opened():
    if "x11grab" not in av.formats_available:
        pytest.skip("this FFmpeg grabs no X11 screen")
    with pytest.raises(FacewrightError) as caught:
        Camera(Device(":199", "No screen", "x11grab"))
    assert caught.value.code == "camera-unopenable"
    assert '"No screen" cannot be opened' in caught.value.message
    assert "screen" in caught.value.hint


def test_an_unplugged_camera_is_found_under_its_new_number(driver, quick):
    camera = Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    try:
        driver.cameras = []
        driver.error = FacewrightError('The camera "Webcam" is gone.', "", "camera-lost")
        wait_until(lambda: camera.state == "lost", "losing the camera")
        assert camera.problem == 'The camera "Webcam" is gone.'
        opened = len(driver.opened)
        time.sleep(0.2)
        assert len(driver.opened) == opened  # nothing is opened that is not there
        driver.error = None
        there = Device("/dev/video2", "Webcam", "video4linux2")
        driver.cameras = [Device("/dev/video0", "Another", "video4linux2"), there]
        wait_until(lambda: camera.state == "running", "finding it again")
        assert driver.opened[-1] == camera.device == there
        assert all(feed.closed for feed in driver.feeds[:-1])
    finally:
        camera.close()


def test_a_camera_that_cannot_be_reopened_says_why(driver, quick):
    camera = Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    try:
        driver.refusal = FacewrightError("It is in use by another program.", "", "camera-busy")
        driver.error = FacewrightError("It is gone.", "", "camera-lost")
        wait_until(lambda: "in use" in camera.problem, "the reason")
        assert camera.state == "lost"
    finally:
        camera.close()


def test_a_camera_that_falls_silent_is_lost_and_one_that_wakes_runs_on(driver, quick):
    camera = Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    try:
        driver.hangs = True
        wait_until(lambda: camera.state == "lost", "noticing the silence")
        assert "gives no pictures" in camera.problem
        driver.hangs = False
        driver.hang.set()
        wait_until(lambda: camera.state == "running", "waking up")
    finally:
        camera.close()


def test_a_driver_that_hangs_for_good_gets_few_readers_and_does_not_hold_up_close(driver, quick):
    camera = Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    driver.hangs = True
    wait_until(lambda: len(driver.opened) == 3, "the third reader")
    time.sleep(1.5)
    assert len(driver.opened) == 3
    began_s = time.monotonic()
    camera.close()
    assert time.monotonic() - began_s < WAIT_S
    assert camera.state == "ended"
    assert camera.problem == ""


def test_a_camera_without_a_picture_is_an_error(driver):
    driver.hangs = True
    with pytest.raises(FacewrightError) as caught:
        Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras, first_picture_s=0.3)
    assert caught.value.code == "camera-silent"
    assert caught.value.hint


def test_a_camera_that_does_not_open_is_an_error_at_once(driver):
    driver.refusal = FacewrightError("It is in use by another program.", "", "camera-busy")
    with pytest.raises(FacewrightError) as caught:
        Camera(WEBCAM, opener=driver, finder=lambda: driver.cameras)
    assert caught.value.code == "camera-busy"
    assert len(driver.opened) == 1


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (errno.EACCES, "camera-forbidden", "may not be used"),
        (errno.EBUSY, "camera-busy", "in use by another program"),
        (errno.ENODEV, "camera-unplugged", "is not there"),
        (errno.EIO, "camera-unopenable", "cannot be opened"),
    ],
)
def test_what_stands_in_the_way_is_said(monkeypatch, number, code, words):
    tried = []

    def refuse(_device, options, _rate):
        tried.append(options)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(device_feed, "DeviceFeed", refuse)
    with pytest.raises(FacewrightError) as caught:
        open_device(WEBCAM, (640, 360), 30)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.hint
    every = modes(WEBCAM.format, (640, 360), 30)
    assert tried == (every if code == "camera-unopenable" else every[:1])


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [
        ({"raw": 30, "mjpeg": 30}, "raw"),
        ({"raw": 5, "mjpeg": 30}, "mjpeg"),
        ({"raw": 15, "mjpeg": 10}, "raw"),
        ({"raw": 10, "mjpeg": None}, "raw"),
    ],
)
def test_uncompressed_first_unless_it_is_much_slower(monkeypatch, rates, chosen):
    opened = []

    class Feed:
        def __init__(self, _device, options, _rate):
            self.kind = "mjpeg" if "input_format" in options else "raw"
            if rates[self.kind] is None:
                raise OSError(errno.EINVAL, "no such format")
            assert not [feed for feed in opened if not feed.closed]  # one at a time
            self.rate, self.closed = Fraction(rates[self.kind]), False
            opened.append(self)

        def close(self):
            self.closed = True

    monkeypatch.setattr(device_feed, "DeviceFeed", Feed)
    assert open_device(WEBCAM, (640, 360), 30).kind == chosen


def test_every_system_is_asked_for_the_small_size_first_and_its_default_last():
    for system in ("video4linux2", "dshow", "avfoundation"):
        tried = modes(system, (640, 360), 30)
        assert tried[0]["video_size"] == "640x360"
        assert tried[0]["framerate"] == "30"
        assert "video_size" not in tried[-1]
    assert [m.get("video_size") for m in modes("avfoundation", (640, 480), 30)] == [
        "640x480",
        "1280x720",
        None,
        None,
    ]


def test_damaged_pictures_are_passed_over_and_the_end_is_a_loss(tmp_path):
    path = tmp_path / "stream.mjpeg"
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        packets = []
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * i, np.uint8), "rgb24")
            frame.pts = i
            packets += [bytes(packet) for packet in stream.encode(frame)]
    packets[2] = b"\xff\xd8 not a picture \xff\xd9"
    path.write_bytes(b"".join(packets))
    feed = DeviceFeed(Device(str(path), "Broken cable", "mjpeg"), {}, 30)
    levels = []
    try:
        with pytest.raises(FacewrightError, match="Broken cable") as caught:
            while True:
                levels.append(int(feed.read().image.mean()))
    finally:
        feed.close()
    assert caught.value.code == "camera-lost"
    np.testing.assert_allclose(levels, [0, 40, 120, 160], atol=3)


def test_a_device_without_a_frame_ready_is_asked_again():
    """AVFoundation says "try again" between frames; PyAV's reading ends there."""
    feed = DeviceFeed(BARS, {}, 30)
    real = feed._packets

    def not_yet():
        raise av.error.BlockingIOError(errno.EAGAIN, "try again")
        yield

    feed._packets = not_yet()
    try:
        assert feed.read().image.shape == (360, 640, 3)
        assert feed._packets is not real
    finally:
        feed.close()
