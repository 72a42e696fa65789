# SPDX-License-Identifier: GPL-3.0-or-later
"""Small faces and tracks whose right answers are known."""

from __future__ import annotations

import bpy
import numpy as np
from facewright.engine.core.arkit import COUNT, INDEX, NAMES
from facewright.engine.core.types import FaceTrack
from facewright.engine.filters.chain import FilterSettings
from facewright.scene import keyframes
from facewright.scene.apply import ApplySettings

# Nothing but resampling, so that expected values can be written down.
PLAIN = FilterSettings(smoothing={}, gap_bridge_s=0.0, head_center="NONE", interpolation="LINEAR")
PLAIN_SETTINGS = ApplySettings(filters=PLAIN, place_sound=False)

POINTS = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0.5, 0.5, 1)], np.float64)


def make_face(name="Face", keys=NAMES, extra=()):
    """A five-point mesh whose shape keys each move every point in their own direction."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(POINTS.tolist(), [], [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)])
    ob = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(ob)
    ob.shape_key_add(name="Basis")
    for index, key in enumerate([*keys, *extra]):
        block = ob.shape_key_add(name=key)
        block.value = 0.0
        offsets = np.random.default_rng(index).normal(0, 0.3, POINTS.shape)
        block.data.foreach_set("co", (POINTS + offsets).astype(np.float32).ravel())
    return ob


def make_track(
    time_s, weights=None, valid=None, head_deg=None, head_cm=None, gaze_deg=None, confidence=None
):
    """A track; ``weights`` is a dict of ARKit name -> values, everything else rests at zero.

    ``confidence`` is such a dict too; every other channel is sure.
    """
    time_s = np.asarray(time_s, np.float64)
    count = len(time_s)
    valid = np.ones(count, bool) if valid is None else np.asarray(valid, bool)
    columns = {
        "channel_confidence": np.ones((count, COUNT), np.float32),
        "weights": np.zeros((count, COUNT), np.float32),
        "head_deg": np.zeros((count, 3), np.float32),
        "head_cm": np.zeros((count, 3), np.float32),
        "gaze_deg": np.zeros((count, 2, 2), np.float32),
    }
    for name, values in (weights or {}).items():
        columns["weights"][:, INDEX[name]] = values
    for name, values in (confidence or {}).items():
        columns["channel_confidence"][:, INDEX[name]] = values
    for name, values in (("head_deg", head_deg), ("head_cm", head_cm), ("gaze_deg", gaze_deg)):
        if values is not None:
            columns[name][:] = values
    for values in columns.values():
        values[~valid] = np.nan
    return FaceTrack(time_s, valid, valid.astype(np.float32), **columns)


def random_track(count=20, rate=30.0, seed=1):
    """All 52 weights moving at random between 0 and 1."""
    weights = np.random.default_rng(seed).random((count, COUNT))
    return make_track(np.arange(count) / rate, dict(zip(NAMES, weights.T, strict=True)))


def evaluated_points(ob):
    """The deformed mesh that Blender shows on the current frame, float64 (n, 3)."""
    mesh = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)


def curve_keys(block):
    """(data path, index) -> float (n, 2) of frames and values, of a block's current action."""
    return {
        (curve.data_path, curve.array_index): np.array(
            [point.co for point in curve.keyframe_points]
        )
        for curve in keyframes.current_curves(block)
    }
