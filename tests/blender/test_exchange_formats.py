# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that were written on the shipped head survive Blender's own exporters, glTF and FBX."""

from __future__ import annotations

import json
import struct

import addon_utils
import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, random_track
from facewright.engine.core.arkit import NAMES
from facewright.scene.apply import apply_track
from facewright.scene.head import create_head

FRAMES = 11
FLOAT = 5126


@pytest.fixture
def addon(request):
    """One of Blender's add-ons, on for one test."""
    if addon_utils.enable(request.param) is None:
        pytest.skip(f"this Blender has no {request.param}")
    yield request.param
    addon_utils.disable(request.param)


@pytest.fixture
def track(scene, addon):
    """What the head in the scene was animated with, from frame 1 on."""
    track = random_track(FRAMES)
    report = apply_track(scene, track, [create_head(bpy.context)], PLAIN_SETTINGS, take_name="T")
    assert report.mapped == 52
    scene.frame_start, scene.frame_end = 1, FRAMES
    return track


class Glb:
    """The JSON and the numbers of a .glb file."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, _version, _size, length, kind = struct.unpack_from("<4sII I4s", data)
        assert (magic, kind) == (b"glTF", b"JSON")
        self.json = json.loads(data[20 : 20 + length])
        self._numbers = data[20 + length + 8 :]

    def floats(self, index):
        accessor = self.json["accessors"][index]
        assert (accessor["componentType"], accessor["type"]) == (FLOAT, "SCALAR")
        view = self.json["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(self._numbers, "<f4", accessor["count"], start)


@pytest.mark.parametrize("addon", ["io_scene_gltf2"], indirect=True)
def test_gltf_has_all_52_weights_by_name_on_every_frame(track, tmp_path):
    # Without what makes the file large and slow; everything else as the dialog has it.
    bpy.ops.export_scene.gltf(
        filepath=str(tmp_path / "head.glb"), export_morph_normal=False, export_materials="NONE"
    )
    glb = Glb(tmp_path / "head.glb")
    (animation,) = glb.json["animations"]
    assert animation["name"] == "T"
    moving = [c for c in animation["channels"] if c["target"]["path"] == "weights"]
    (channel,) = moving
    assert len(animation["samplers"]) == len(animation["channels"])
    sampler = animation["samplers"][channel["sampler"]]
    mesh = glb.json["meshes"][glb.json["nodes"][channel["target"]["node"]]["mesh"]]
    assert mesh["extras"]["targetNames"] == list(NAMES)
    assert all(len(primitive["targets"]) == 52 for primitive in mesh["primitives"])
    # Second 0 of a glTF is Blender's frame 0.
    np.testing.assert_allclose(
        glb.floats(sampler["input"]), np.arange(1, FRAMES + 1) / 30, atol=1e-6
    )
    values = glb.floats(sampler["output"]).reshape(FRAMES, 52)
    np.testing.assert_allclose(values, track.weights, atol=1e-5)


@pytest.mark.parametrize("addon", ["io_scene_fbx"], indirect=True)
def test_fbx_has_all_52_keys_and_their_curves(track, tmp_path):
    bpy.ops.export_scene.fbx(
        filepath=str(tmp_path / "head.fbx"),
        use_mesh_modifiers=False,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,
    )
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("io_scene_fbx")
    bpy.context.scene.render.fps = 30
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "head.fbx"), anim_offset=0.0)
    (mesh,) = bpy.data.meshes
    assert [block.name for block in mesh.shape_keys.key_blocks][1:] == list(NAMES)
    curves = curve_keys(mesh.shape_keys)
    assert len(curves) == 52
    for index, name in enumerate(NAMES):
        keys = curves[f'key_blocks["{name}"].value', 0]
        np.testing.assert_allclose(keys[:, 0], np.arange(1, FRAMES + 1), atol=1e-3)
        np.testing.assert_allclose(keys[:, 1], track.weights[:, index], atol=1e-5)
