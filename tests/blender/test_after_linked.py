# SPDX-License-Identifier: GPL-3.0-or-later
"""After the fact on characters and actions from other files: done where it may be, else told."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene.apply import apply_track
from facewright.scene.bake import bake_face
from facewright.scene.copy_face import copy_face
from facewright.scene.face_blocks import animated_blocks
from facewright.scene.nla_layers import add_layer, push_down
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.stepping import step_face

KEYS = ["jawOpen", "mouthPucker"]
COUNT = 10
RAMP = np.linspace(0, 1, COUNT)
TRACK = make_track(np.arange(COUNT) / 30, {"jawOpen": RAMP})


def library(tmp_path, animated, pushed=False):
    """A file with a face, animated or not."""
    scene = bpy.context.scene
    scene.render.fps = 30
    face = make_face(keys=KEYS)
    if animated:
        apply_track(scene, TRACK, [face], PLAIN_SETTINGS, take_name="one")
    if pushed:
        push_down(animated_blocks(scene, [face], PoseSettings()))
    file = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    with bpy.data.libraries.load(file, link=True) as (_, wanted):
        wanted.objects = ["Face"]
    face = wanted.objects[0]
    bpy.context.scene.collection.objects.link(face)
    return face


def overridden(tmp_path, animated, pushed=False):
    linked = library(tmp_path, animated, pushed)
    face = linked.override_create(remap_local_usages=True)
    face.data.override_create(remap_local_usages=True)
    return bpy.context.scene.objects["Face"]


def saved_and_opened(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    return next(ob for ob in bpy.context.scene.objects if ob.override_library)


def shown(face, frame):
    bpy.context.scene.frame_set(frame)
    keys = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks["jawOpen"].value


def test_a_linked_face_is_refused_in_words(tmp_path):
    face = library(tmp_path, animated=True)
    scene = bpy.context.scene
    with pytest.raises(FacewrightError) as caught:
        animated_blocks(scene, [face], PoseSettings())
    assert caught.value.code == "linked-data" and "override" in str(caught.value)


@pytest.mark.parametrize("animated", [False, True])
def test_an_overridden_face_takes_strips_layers_and_plain_keys(tmp_path, animated):
    face = overridden(tmp_path, animated)
    scene = bpy.context.scene
    if not animated:
        apply_track(scene, TRACK, [face], PLAIN_SETTINGS, take_name="one")
    blocks = animated_blocks(scene, [face], PoseSettings())
    push_down(blocks)
    assert shown(face, 5) == pytest.approx(RAMP[4], abs=1e-4)
    add_layer(blocks)
    assert shown(face, 5) == pytest.approx(RAMP[4], abs=1e-4)
    face = saved_and_opened(tmp_path)
    scene = bpy.context.scene
    assert shown(face, 5) == pytest.approx(RAMP[4], abs=1e-4)
    blocks = animated_blocks(scene, [face], PoseSettings())
    assert [block.animation.action_blend_type for block in blocks] == ["COMBINE"]
    bake_face(scene, blocks, 1, COUNT)
    assert shown(face, 5) == pytest.approx(RAMP[4], abs=1e-4)
    assert face.data.shape_keys.animation_data.action.library is None
    assert step_face(blocks, 2) >= 1
    assert shown(face, 6) == pytest.approx(RAMP[4], abs=1e-4)


def test_a_linked_action_is_not_stepped_but_baked(tmp_path):
    face = overridden(tmp_path, animated=True)
    scene = bpy.context.scene
    blocks = animated_blocks(scene, [face], PoseSettings())
    with pytest.raises(FacewrightError) as caught:
        step_face(blocks, 2)
    assert caught.value.code == "linked-action"


def test_strips_of_the_library_are_baked_or_told(tmp_path):
    face = overridden(tmp_path, animated=True, pushed=True)
    scene = bpy.context.scene
    blocks = animated_blocks(scene, [face], PoseSettings())
    try:
        bake_face(scene, blocks, 1, COUNT)
    except FacewrightError as error:
        assert error.code == "linked-animation"
        assert face.data.shape_keys.animation_data.action is None
    assert shown(face, 5) == pytest.approx(RAMP[4], abs=1e-4)


def test_an_overridden_face_gets_another_ones(tmp_path):
    target = overridden(tmp_path, animated=False)
    source = make_face("Source", keys=KEYS)
    scene = bpy.context.scene
    apply_track(scene, TRACK, [source], PLAIN_SETTINGS, take_name="one")
    copy_face(scene, [source], [target], 1, COUNT, settings=PLAIN_SETTINGS)
    assert shown(target, 5) == pytest.approx(RAMP[4], abs=1e-4)
