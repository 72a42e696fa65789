# SPDX-License-Identifier: GPL-3.0-or-later
"""A camera that was not aligned does not make a crooked character."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track

from engine.core.axes import euler_deg, rotation_from_euler_deg
from engine.filters.recenter import recenter_head


def test_movements_are_told_in_the_actors_axes_not_the_cameras():
    # Seen from 40 degrees aside, the actor looks ahead, then nods 20 degrees, then moves 3 cm
    # to their own left.
    camera = rotation_from_euler_deg([0, 40, 0])
    nod = euler_deg(camera @ rotation_from_euler_deg([20, 0, 0]))
    head = np.tile([0.0, 40.0, 0.0], (9, 1))
    head[6] = nod
    place = np.tile([5.0, 0.0, -60.0], (9, 1))
    place[8] += camera @ [3.0, 0.0, 0.0]
    out = recenter_head(make_track(np.arange(9) / 30, head_deg=head, head_cm=place), "MEDIAN")
    np.testing.assert_allclose(out.head_deg[0], [0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(out.head_deg[6], [20, 0, 0], atol=1e-3)
    np.testing.assert_allclose(out.head_cm[0], [0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(out.head_cm[8], [3, 0, 0], atol=1e-3)


def test_first_takes_the_first_frame_with_a_face():
    valid = np.array([False, True, True])
    head = np.array([(0, 0, 0), (10, 0, 0), (30, 0, 0)], float)
    out = recenter_head(make_track([0, 1, 2], valid=valid, head_deg=head), "FIRST")
    np.testing.assert_allclose(out.head_deg[1:], [(0, 0, 0), (20, 0, 0)], atol=1e-4)
    assert np.isnan(out.head_deg[0]).all()


def test_none_keeps_the_rotation_as_the_camera_saw_it():
    head = np.array([(10, 20, 30)] * 3, float)
    out = recenter_head(make_track([0, 1, 2], head_deg=head, head_cm=[(1, 2, 3)] * 3), "NONE")
    np.testing.assert_allclose(out.head_deg, head, atol=1e-4)
    np.testing.assert_allclose(out.head_cm, 0, atol=1e-6)


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="SIDEWAYS"):
        recenter_head(make_track([0.0]), "SIDEWAYS")
