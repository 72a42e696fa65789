# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that are decoded ahead are the same frames, and nobody reads on when they are unwanted."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.core.types import VideoFrame
from engine.tracking.read_ahead import read_ahead

PICTURE = np.zeros((2, 2, 3), np.uint8)


def _frames(count, read, error=None):
    for index in range(count):
        read.append(index)
        yield VideoFrame(index, index / 30, PICTURE)
    if error:
        raise error


def test_the_same_frames_in_the_same_order():
    read = []
    assert [frame.index for frame in read_ahead(_frames(50, read), 4)] == list(range(50))


def test_what_reading_raises_comes_after_the_frames_before_it():
    ahead = read_ahead(_frames(7, [], OSError("disk")), 3)
    assert [next(ahead).index for _ in range(7)] == list(range(7))
    with pytest.raises(OSError, match="disk"):
        next(ahead)


def test_whoever_stops_looking_stops_the_reading():
    read, before = [], threading.active_count()
    ahead = read_ahead(_frames(1000, read), 3)
    assert next(ahead).index == 0
    ahead.close()
    assert threading.active_count() == before
    assert len(read) <= 6
