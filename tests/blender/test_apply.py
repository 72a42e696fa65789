# SPDX-License-Identifier: GPL-3.0-or-later
"""From a track to Blender's own deformed mesh."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from faces import POINTS, PLAIN, curve_keys, evaluated_points, make_face, make_track, random_track
from facewright.engine.core.arkit import NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes
from facewright.scene.apply import ApplySettings, apply_track

PLAIN_SETTINGS = ApplySettings(filters=PLAIN)


def test_blender_deforms_the_mesh_as_the_blend_shape_formula_says(scene):
    face = make_face(extra=['smile "wide".001', "dot.ted [x]"])
    face.data.shape_keys.key_blocks["dot.ted [x]"].value = 0.25
    track = random_track()
    report = apply_track(scene, track, [face], PLAIN_SETTINGS, take_name="Take")
    blocks = face.data.shape_keys.key_blocks

    def delta(name):
        co = np.empty(POINTS.size, np.float32)
        blocks[name].data.foreach_get("co", co)
        return co.reshape(POINTS.shape) - POINTS

    deltas = np.stack([delta(name) for name in NAMES])
    for row in (0, 7, 19):
        scene.frame_set(1 + row)
        expected = POINTS + np.tensordot(track.weights[row].astype(float), deltas, 1)
        expected = expected + 0.25 * delta("dot.ted [x]")
        assert np.abs(evaluated_points(face) - expected).max() < 1e-5
    assert (report.mapped, report.total, report.keys) == (52, 52, 52 * 20)
    assert (report.first_frame, report.last_frame, report.frames) == (1, 20, 20)
