# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a recording belongs on the timeline, and when it is over."""

from pathlib import Path

import pytest
from facewright.engine.core.clock import FrameClock
from facewright.scene import recording as module
from facewright.scene.free_path import free_path
from facewright.scene.recording import Recording


@pytest.fixture
def now(monkeypatch):
    """A clock that the test turns."""
    time_s = [100.0]
    monkeypatch.setattr(module, "now_s", lambda: time_s[0])
    return time_s


def recording(start, last=None, rate=24.0, **options):
    return Recording(
        Path("take.fwtake"),
        FrameClock(rate, 1.0, start),
        100.0,
        plays=True,
        last_frame=last,
        **options,
    )


def show(one, now, frames, rate=24.0, late_s=0.0, begins_s=100.0):
    """Frames of the timeline, each at its moment, the first of them at ``begins_s``."""
    for frame in frames:
        now[0] = begins_s + (frame - one.clock.start_frame) / rate + late_s
        one.frame_shown(frame)


@pytest.mark.parametrize("rate", [23.976, 25.0, 29.97, 60.0])
@pytest.mark.parametrize("start", [-10.0, 1.0, 48.0])
def test_second_0_is_the_moment_of_the_start_frame(now, start, rate):
    one = recording(start, rate=rate)
    # Playing began a fifth of a second after recording: the take has to move back by it.
    frames = [start + step for step in range(1, 40)]
    show(one, now, frames, rate=rate, begins_s=100.2)
    assert one.shift_s() == pytest.approx(-0.2, abs=1e-6)


def test_a_late_performer_is_moved_earlier(now):
    one = recording(1.0, delay_s=0.1)
    show(one, now, range(2, 30))
    assert one.shift_s() == pytest.approx(-0.1, abs=1e-6)


def test_frames_that_were_drawn_late_do_not_move_the_take(now):
    one = recording(1.0)
    for frame in range(2, 60):
        show(one, now, [frame], late_s=0.0 if frame % 5 == 0 else 0.03)
    assert one.shift_s() == pytest.approx(0.0, abs=1e-6)


def test_the_last_frame_ends_it(now):
    one = recording(10.0, last=20.0)
    show(one, now, range(11, 20))
    assert not one.is_over
    show(one, now, [20])
    assert one.is_over


def test_a_timeline_that_begins_again_at_once_ends_it(now):
    # The last frames may be dropped, and the playhead may stand on the last one.
    one = recording(48.0, last=48.0)
    show(one, now, [1])
    assert one.is_over and one.shift_s() == 0.0


def test_without_an_end_it_goes_on_and_the_first_pass_tells_the_time(now):
    one = recording(10.0)
    show(one, now, range(11, 30), begins_s=100.5)
    now[0] = 200.0
    for frame in (1, 2, 3, 40):
        one.frame_shown(frame)
    assert not one.is_over
    assert one.shift_s() == pytest.approx(-0.5, abs=1e-6)


def test_a_take_never_gets_the_name_of_somebodys_sound(tmp_path):
    (tmp_path / "hero.wav").touch()
    (tmp_path / "hero_002.fwtake").touch()
    assert free_path(tmp_path, "hero", ".fwtake", beside=".wav").name == "hero_003.fwtake"
    assert free_path(tmp_path, "hero", ".fwtake").name == "hero.fwtake"
