# SPDX-License-Identifier: GPL-3.0-or-later
"""Straight ahead is where the head was at the beginning, or where it is told to be."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track

from engine.core.axes import euler_deg, rotation_from_euler_deg
from engine.core.types import FaceTrack
from engine.filters.live_centre import LiveHeadCentre
from engine.filters.recenter import recenter_head

RATE = 30
TIME = 100.0 + np.arange(60) / RATE


def _run(centre, track):
    return FaceTrack.concatenate([centre.centre(track[i : i + 1]) for i in range(len(track))])


def _heads(count=60, seed=0):
    """Angles and positions wandering about a camera that stands aside."""
    random = np.random.default_rng(seed)
    return random.normal((5, 30, -4), 3, (count, 3)), random.normal((2, 1, -60), 1, (count, 3))


def test_the_first_half_second_decides_and_then_it_stands():
    head, place = _heads()
    centre = LiveHeadCentre()
    out = _run(centre, make_track(TIME, head_deg=head, head_cm=place))
    neutral_deg, neutral_cm = centre.neutral
    np.testing.assert_allclose(neutral_deg, np.median(head[:16], axis=0), atol=1e-4)
    np.testing.assert_allclose(neutral_cm, np.median(place[:16], axis=0), atol=1e-4)
    # The rotation that is left, put upon the neutral one, is what was measured.
    again = rotation_from_euler_deg(neutral_deg) @ rotation_from_euler_deg(out.head_deg[20:])
    np.testing.assert_allclose(euler_deg(again), head[20:], atol=1e-3)


def test_it_agrees_with_the_centring_of_takes():
    head, place = _heads()
    track = make_track(TIME, head_deg=head, head_cm=place)
    centre = LiveHeadCentre()
    centre.take_neutral(track)
    out, offline = _run(centre, track), recenter_head(track, "MEDIAN")
    np.testing.assert_allclose(out.head_deg, offline.head_deg, atol=1e-4)
    np.testing.assert_allclose(out.head_cm, offline.head_cm, atol=1e-4)
    assert not np.allclose(out.head_deg, head, atol=1)


def test_the_first_frame_is_straight_ahead_already():
    out = _run(LiveHeadCentre(), make_track(TIME[:1], head_deg=(4, 40, 2), head_cm=(1, 2, -50)))
    np.testing.assert_allclose(out.head_deg, 0, atol=1e-5)
    np.testing.assert_allclose(out.head_cm, 0, atol=1e-5)


def test_frames_without_a_face_are_neither_watched_nor_changed():
    head, place = _heads()
    valid = np.arange(60) >= 20
    track = make_track(TIME, valid=valid, head_deg=head, head_cm=place)
    centre = LiveHeadCentre()
    assert centre.centre(track[:1]) is not None and centre.neutral is None
    out = _run(centre, track)
    np.testing.assert_allclose(centre.neutral[0], np.median(head[20:36], axis=0), atol=1e-4)
    np.testing.assert_array_equal(out.valid, valid)
    assert np.isnan(out.head_deg[:20]).all()


def test_a_broken_frame_passes_and_is_not_watched():
    track = make_track(TIME, head_deg=(0, 10, 0))
    track.head_deg[3] = np.nan
    out = _run(LiveHeadCentre(), track)
    assert np.isnan(out.head_deg[3]).all()
    np.testing.assert_allclose(np.delete(out.head_deg, 3, axis=0), 0, atol=1e-4)


def test_what_is_told_counts_at_once_and_reset_forgets_it():
    track = make_track(TIME, head_deg=(0, 30, 0), head_cm=(0, 0, -60))
    centre = LiveHeadCentre()
    centre.set_neutral((0, 10, 0), (0, 0, -50))
    out = _run(centre, track)
    np.testing.assert_allclose(out.head_deg, [(0, 20, 0)] * 60, atol=1e-4)
    turned = rotation_from_euler_deg((0, 10, 0)).T @ (0, 0, -10)
    np.testing.assert_allclose(out.head_cm, [turned] * 60, atol=1e-4)
    centre.reset()
    assert centre.neutral is None
    np.testing.assert_allclose(_run(centre, track).head_deg, 0, atol=1e-4)


def test_camera_keeps_the_angles_and_tells_displacements():
    head, place = _heads()
    track = make_track(TIME, head_deg=head, head_cm=place)
    centre = LiveHeadCentre("CAMERA")
    centre.take_neutral(track)
    out, offline = _run(centre, track), recenter_head(track, "NONE")
    np.testing.assert_allclose(out.head_deg, offline.head_deg, atol=1e-4)
    np.testing.assert_allclose(out.head_cm, offline.head_cm, atol=1e-4)


def test_everything_else_passes_untouched():
    track = make_track(TIME[:1], {"jawOpen": 0.4}, head_deg=(1, 2, 3), gaze_deg=7)
    out = LiveHeadCentre().centre(track)
    np.testing.assert_array_equal(out.weights, track.weights)
    np.testing.assert_array_equal(out.gaze_deg, track.gaze_deg)
    np.testing.assert_array_equal(out.time_s, track.time_s)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="SIDEWAYS"):
        LiveHeadCentre("SIDEWAYS")
    with pytest.raises(ValueError, match="no frame"):
        LiveHeadCentre().take_neutral(make_track(TIME, valid=np.zeros(60, bool)))
    with pytest.raises(ValueError, match="finite"):
        LiveHeadCentre().set_neutral((0, np.nan, 0), (0, 0, 0))
