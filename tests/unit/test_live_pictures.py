# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames of a live job are painted."""

import numpy as np
import pytest

from engine.core.types import Observations, VideoFrame
from engine.pipeline.capture import LiveFrame
from engine.worker import live_pictures
from engine.worker.live_pictures import LivePictures
from engine.worker.live_wire import unpack_values
from engine.worker.picture_file import PictureFile

# The values of a frame: none of them is painted.
NOTHING = unpack_values({"time_s": 0.0, "valid": False})


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets, seconds."""
    now = [100.0]
    monkeypatch.setattr(live_pictures, "now_s", lambda: now[0])
    return now


@pytest.fixture
def shown(tmp_path):
    end = PictureFile.create(tmp_path / "picture")
    yield end
    end.close()


@pytest.fixture
def pictures(shown, clock, tmp_path):
    pictures = LivePictures()
    pictures.show_in(str(tmp_path / "picture"))
    yield pictures
    pictures.close()


def frame(image=True):
    seen = Observations.empty(np.zeros(1, np.int64), np.zeros(1))
    picture = VideoFrame(0, 0.0, np.full((180, 320, 3), 7, np.uint8)) if image else None
    return LiveFrame(seen, NOTHING, picture)


@pytest.mark.parametrize(
    ("rate", "fewest", "most"), [(10, 100, 100), (30, 145, 151), (60, 145, 151), (24, 110, 151)]
)
def test_at_most_fifteen_a_second_and_no_fewer_than_needed(
    pictures, shown, clock, rate, fewest, most
):
    """Ten seconds of a camera whose pictures tremble by two milliseconds."""
    jitter = np.random.default_rng(2).uniform(-0.002, 0.002, 10 * rate)
    count = 0
    for when in 200 + np.arange(10 * rate) / rate + jitter:
        clock[0] = when
        pictures.show(frame())
        count += shown.read() is not None
    assert fewest <= count <= most


def test_a_frame_that_another_program_has_tracked_has_no_picture(pictures, shown, clock):
    pictures.show(frame(image=False))
    assert shown.read() is None
    pictures.show(frame())
    assert shown.read() is not None


def test_none_is_painted_unless_a_file_is_named(pictures, shown):
    pictures.show_in("")
    pictures.show(frame())
    assert shown.read() is None
