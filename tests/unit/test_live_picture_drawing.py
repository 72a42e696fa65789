# SPDX-License-Identifier: GPL-3.0-or-later
"""The small picture with the tracked face on it."""

import numpy as np
import pytest

from engine.core.types import LANDMARKS
from engine.pipeline.live_picture import draw_live_picture

OVAL_TOP, OVAL_LEFT_CHEEK, LEFT_IRIS_SIDE = 10, 454, 474


def face(width, height):
    """Landmarks anywhere in the picture, always the same."""
    unit = np.random.default_rng(4).uniform(0.2, 0.8, (LANDMARKS, 3))
    return (unit * (width, height, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((640, 360), (320, 180)),
        ((640, 480), (213, 160)),
        ((1280, 720), (320, 180)),
        ((1920, 1080), (320, 180)),
        ((1080, 1920), (98, 174)),
        ((321, 181), (160, 90)),
        ((320, 180), (320, 180)),
        ((64, 48), (64, 48)),
    ],
)
def test_it_fits_keeps_its_aspect_and_is_never_enlarged(size, small):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    picture = draw_live_picture(image, None, 320, 180)
    assert picture.shape == (small[1], small[0], 3) and picture.dtype == np.uint8


@pytest.mark.parametrize("step", [2, 3, 6])
def test_what_is_where_stays_there(step):
    """Blocks of one colour become pixels of that colour."""
    small = np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)
    image = small.repeat(step, axis=0).repeat(step, axis=1)
    assert np.array_equal(draw_live_picture(image, None, 160, 90), small)


def test_a_fine_pattern_becomes_its_mean_not_one_of_its_colours():
    image = np.zeros((360, 640, 3), np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 200
    assert np.unique(draw_live_picture(image, None, 320, 180)).tolist() == [100]


def test_the_picture_of_the_camera_is_left_alone():
    for width, height in ((640, 360), (320, 180)):
        image = np.full((height, width, 3), 50, np.uint8)
        draw_live_picture(image, face(width, height), 320, 180)
        assert (image == 50).all()


def test_without_a_face_nothing_is_drawn():
    image = np.full((360, 640, 3), 50, np.uint8)
    assert (draw_live_picture(image, None, 320, 180) == 50).all()


def test_lines_run_where_the_face_is():
    """The oval's top, its left edge and an iris are coloured; a far corner is not."""
    image = np.full((360, 640, 3), 50, np.uint8)
    landmarks = np.full((LANDMARKS, 3), (300, 100, 0), np.float32)
    landmarks[OVAL_TOP], landmarks[OVAL_LEFT_CHEEK] = (300, 20, 0), (500, 180, 0)
    landmarks[LEFT_IRIS_SIDE] = (340, 240, 0)
    picture = draw_live_picture(image, landmarks, 320, 180)
    for x, y in ((150, 10), (250, 90), (170, 120)):
        assert (picture[y, x] != 50).any(), (x, y)
    assert (picture[:, :140] == 50).all()
    # Lines, not dots: each of the rows from the top of the oval to its neighbours is crossed.
    assert (picture[10:50] != 50).any(axis=(1, 2)).all()


@pytest.mark.parametrize("shift", [(-5000, 0), (0, 5000), (-320, -180), (1e6, 1e6)])
def test_a_face_that_leaves_the_picture_is_cut_off_at_its_edge(shift):
    image = np.full((360, 640, 3), 50, np.uint8)
    landmarks = face(640, 360)
    landmarks[:, :2] += shift
    coloured = (draw_live_picture(image, landmarks, 320, 180) != 50).any(axis=-1)
    if shift == (-320, -180):
        assert coloured[:60, :100].any() and not coloured[80:].any()
    else:
        assert not coloured.any()
