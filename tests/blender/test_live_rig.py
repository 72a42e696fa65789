# SPDX-License-Identifier: GPL-3.0-or-later
"""A live preview on a character, whatever the artist does to the character meanwhile."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from faces import evaluated_points, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene import live_handlers, preview_baseline
from facewright.scene.head import create_head
from facewright.scene.live_rig import LiveRig
from facewright.scene.pose_channels import PoseSettings

KEYS = ["jawOpen", "mouthPucker", "cheekPuff"]
NO_POSE = PoseSettings()


@pytest.fixture(autouse=True)
def handlers():
    """Blender's handlers, as registered with the extension."""
    live_handlers.register()
    yield
    live_handlers.unregister()


def row(jaw, pucker=0.0, head_deg=None):
    """One frame."""
    return make_track([0.0], {"jawOpen": [jaw], "mouthPucker": [pucker]}, head_deg=head_deg)


def values(face):
    """Shape keys beside the base, by name."""
    return {block.name: round(block.value, 4) for block in face.data.shape_keys.key_blocks[1:]}


def preview(scene, *objects, pose=NO_POSE, jaw=0.5, pucker=0.25, head_deg=None):
    """A rig that shows a face."""
    rig = LiveRig(scene, objects, pose)
    rig.begin()
    rig.show(row(jaw, pucker, head_deg))
    return rig


@pytest.fixture
def face(scene):
    """A mesh whose jaw is a little open."""
    face = make_face(keys=KEYS)
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.125
    return face


def test_values_are_shown_and_put_back(scene, face):
    rest = evaluated_points(face)
    rig = preview(scene, face)
    assert values(face) == {"jawOpen": 0.5, "mouthPucker": 0.25, "cheekPuff": 0.0}
    assert np.abs(evaluated_points(face) - rest).max() > 0.01
    rig.end()
    assert values(face) == {"jawOpen": 0.125, "mouthPucker": 0.0, "cheekPuff": 0.0}
    assert preview_baseline.PROPERTY not in face.data.shape_keys
    np.testing.assert_array_equal(evaluated_points(face), rest)


def test_a_still_face_causes_no_evaluation(scene, face):
    rig = preview(scene, face)
    bpy.context.view_layer.update()
    evaluations = []
    bpy.app.handlers.depsgraph_update_post.append(lambda *_: evaluations.append(1))
    try:
        assert not rig.show(row(0.5, 0.25))
        assert not rig.show(row(0.5 + 1e-5, 0.25))
        bpy.context.view_layer.update()
        assert evaluations == []
        assert rig.show(row(0.6, 0.25))
        bpy.context.view_layer.update()
        assert evaluations == [1]
    finally:
        bpy.app.handlers.depsgraph_update_post.pop()


def test_a_preview_makes_no_data(scene, face):
    rig = preview(scene, face)
    collections = [name for name in dir(bpy.data) if hasattr(getattr(bpy.data, name), "__len__")]

    def counts():
        return {name: len(getattr(bpy.data, name)) for name in collections}

    before, kept = counts(), face.data.shape_keys[preview_baseline.PROPERTY]
    for step in range(300):
        rig.show(row(step / 300))
    assert counts() == before
    assert face.data.shape_keys[preview_baseline.PROPERTY] == kept
    assert face.data.shape_keys.animation_data is None


def test_a_renamed_key_gets_its_own_value_back_and_another_takes_its_part(scene, face):
    keys = face.data.shape_keys.key_blocks
    rig = preview(scene, face)
    keys["jawOpen"].name = "Chin"
    rig.show(row(0.75, 0.5))
    assert values(face) == {"Chin": 0.125, "mouthPucker": 0.5, "cheekPuff": 0.0}
    keys["Chin"].name = "jawOpen"
    rig.show(row(0.75, 0.5))
    assert values(face) == {"jawOpen": 0.75, "mouthPucker": 0.5, "cheekPuff": 0.0}
    keys["jawOpen"].name = "Chin"
    rig.end()
    assert values(face) == {"Chin": 0.125, "mouthPucker": 0.0, "cheekPuff": 0.0}


def test_keys_that_change_places_keep_their_own_values(scene, face):
    rig = preview(scene, face)
    bpy.context.view_layer.objects.active = face
    face.active_shape_key_index = 1
    bpy.ops.object.shape_key_move(type="DOWN")
    assert face.data.shape_keys.key_blocks.keys() == [
        "Basis",
        "mouthPucker",
        "jawOpen",
        "cheekPuff",
    ]
    rig.show(row(0.75, 0.5))
    assert values(face) == {"mouthPucker": 0.5, "jawOpen": 0.75, "cheekPuff": 0.0}
    face.active_shape_key_index = 3
    bpy.ops.object.shape_key_move(type="TOP")
    rig.end()
    assert values(face) == {"cheekPuff": 0.0, "mouthPucker": 0.0, "jawOpen": 0.125}


def test_a_removed_key_is_forgotten_and_an_added_one_followed(scene, face):
    rig = preview(scene, face)
    face.shape_key_remove(face.data.shape_keys.key_blocks["mouthPucker"])
    rig.show(row(0.75))
    assert values(face) == {"jawOpen": 0.75, "cheekPuff": 0.0}
    face.shape_key_add(name="mouthPucker").value = 0.0
    rig.show(row(0.75, 0.5))
    assert values(face) == {"jawOpen": 0.75, "cheekPuff": 0.0, "mouthPucker": 0.5}
    rig.end()
    assert values(face) == {"jawOpen": 0.125, "cheekPuff": 0.0, "mouthPucker": 0.0}


def test_a_mesh_without_keys_or_with_other_data_ends_it_in_words(scene, face):
    rig = preview(scene, face)
    face.shape_key_clear()
    with pytest.raises(FacewrightError, match="no shape keys"):
        rig.show(row(0.75))
    other = make_face("Other", keys=KEYS)
    rig = preview(scene, other)
    old = other.data
    other.data = bpy.data.meshes.new("Bare")
    with pytest.raises(FacewrightError, match="no shape keys"):
        rig.show(row(0.75))
    assert old.shape_keys.key_blocks["jawOpen"].value == 0


def test_locked_driven_and_muted_keys(scene, face):
    keys = face.data.shape_keys.key_blocks
    keys["jawOpen"].lock_shape = True
    keys["cheekPuff"].mute = True
    rig = preview(scene, face)
    assert values(face) == {"jawOpen": 0.125, "mouthPucker": 0.25, "cheekPuff": 0.0}
    # What is locked or driven later is let go, at its own value.
    keys["jawOpen"].lock_shape, keys["mouthPucker"].lock_shape = False, True
    rig.show(row(0.75, 0.5))
    assert values(face) == {"jawOpen": 0.75, "mouthPucker": 0.0, "cheekPuff": 0.0}
    keys["jawOpen"].driver_add("value").driver.expression = "0.375"
    with pytest.raises(FacewrightError, match="can be moved"):
        keys["cheekPuff"].lock_shape = True
        rig.show(row(0.75, 0.5))
    rig.end()
    bpy.context.view_layer.update()
    assert values(face) == {"jawOpen": 0.375, "mouthPucker": 0.0, "cheekPuff": 0.0}


def test_a_renamed_target_is_followed(scene, face):
    rig = preview(scene, face)
    face.name = face.data.name = face.data.shape_keys.name = "Somebody"
    rig.show(row(0.75))
    assert values(face)["jawOpen"] == 0.75
    rig.end()
    assert values(face)["jawOpen"] == 0.125


def test_a_deleted_target_ends_it_in_words(scene, face):
    rig = preview(scene, face)
    keys = face.data.shape_keys
    with bpy.context.temp_override(selected_objects=[face]):
        bpy.ops.object.delete()
    with pytest.raises(FacewrightError, match="not in the scene"):
        rig.show(row(0.75))
    rig.end()
    assert keys.key_blocks["jawOpen"].value == 0.125


def test_a_target_that_something_still_holds_counts_as_deleted_too(scene, face):
    scene["held"] = face
    rig = preview(scene, face)
    with bpy.context.temp_override(selected_objects=[face]):
        bpy.ops.object.delete()
    assert bpy.data.objects.get("Face") == face
    with pytest.raises(FacewrightError, match="not in the scene"):
        rig.show(row(0.75))
    assert values(face)["jawOpen"] == 0.125


def test_it_goes_on_in_a_scene_that_is_not_shown_and_ends_with_it(scene, face):
    rig = preview(scene, face)
    bpy.ops.scene.new(type="EMPTY")
    assert bpy.context.scene != scene
    rig.show(row(0.75))
    assert values(face)["jawOpen"] == 0.75
    bpy.data.scenes.remove(scene)
    with pytest.raises(FacewrightError, match="not in the scene"):
        rig.show(row(0.25))
    rig.end()


def test_modes_that_edit_the_mesh_make_it_wait(scene, face):
    bpy.context.view_layer.objects.active = face
    rig = preview(scene, face)
    assert not rig.in_the_way
    for mode in ("EDIT", "SCULPT", "VERTEX_PAINT", "TEXTURE_PAINT"):
        bpy.ops.object.mode_set(mode=mode)
        assert rig.in_the_way
        rig.end()
        assert values(face)["jawOpen"] == 0.125
        bpy.ops.object.mode_set(mode="OBJECT")
        assert not rig.in_the_way
        rig.begin()
        rig.show(row(0.5))
        assert values(face)["jawOpen"] == 0.5


def _animate(face):
    keys = face.data.shape_keys
    for frame, value in ((1, 0.0), (11, 1.0)):
        keys.key_blocks["jawOpen"].value = value
        keys.key_blocks["jawOpen"].keyframe_insert("value", frame=frame)
    return keys


def test_animated_keys_show_the_frames_value_when_it_ends(scene, face):
    _animate(face)
    scene.frame_set(1)
    rig = preview(scene, face)
    scene.frame_set(6)
    rig.show(row(0.9))
    bpy.context.view_layer.update()
    assert values(face)["jawOpen"] == 0.9
    rig.end()
    bpy.context.view_layer.update()
    assert values(face)["jawOpen"] == pytest.approx(0.5)
    assert values(face)["mouthPucker"] == 0.0


def test_strips_of_the_nla_show_the_frames_value_when_it_ends(scene, face):
    data = _animate(face).animation_data
    action, data.action = data.action, None
    data.nla_tracks.new().strips.new("Strip", 1, action)
    scene.frame_set(1)
    rig = preview(scene, face)
    scene.frame_set(6)
    rig.show(row(0.9))
    bpy.context.view_layer.update()
    assert values(face)["jawOpen"] == 0.9
    rig.end()
    bpy.context.view_layer.update()
    assert values(face)["jawOpen"] == pytest.approx(0.5)


def test_every_mesh_below_an_armature_follows(scene):
    rig_object = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig_object)
    faces = [make_face(name, keys=KEYS) for name in ("Skin", "Teeth")]
    for face in faces:
        face.parent = rig_object
    rig = preview(scene, rig_object)
    assert [values(face)["jawOpen"] for face in faces] == [0.5, 0.5]
    with bpy.context.temp_override(selected_objects=[faces[1]]):
        bpy.ops.object.delete()
    rig.show(row(0.75))
    assert values(faces[0])["jawOpen"] == 0.75
    rig.end()
    assert values(faces[0])["jawOpen"] == 0


def _head(scene):
    head = create_head(bpy.context)
    return head, head.parent, PoseSettings(head_object=head.parent.name, head_bone="head")


def _turn(rig_object, bone="head"):
    bone = rig_object.pose.bones[bone]
    return np.degrees(2 * np.arccos(min(1.0, abs(bone.rotation_quaternion.w))))


def test_the_heads_bone_turns_and_turns_back(scene):
    head, rig_object, pose = _head(scene)
    rig_object.pose.bones["head"].rotation_mode = "QUATERNION"
    rig = preview(scene, head, pose=pose, head_deg=[0, 20, 0])
    assert _turn(rig_object) == pytest.approx(20, abs=0.1)
    rig_object.name = "Renamed"
    rig.forget_blocks()  # as undo does
    rig.show(row(0.5, head_deg=[0, 30, 0]))
    assert _turn(rig_object) == pytest.approx(30, abs=0.1)
    rig.end()
    assert _turn(rig_object) == 0


def test_a_head_that_is_an_object_does_not_add_the_preview_to_its_rest(scene, face):
    rig = preview(scene, face, pose=PoseSettings(head_object="Face"), head_deg=[0, 20, 0])
    assert abs(np.degrees(face.rotation_euler)).max() == pytest.approx(20, abs=0.1)
    rig.forget_blocks()
    rig.show(row(0.5, head_deg=[0, 20, 0]))
    assert abs(np.degrees(face.rotation_euler)).max() == pytest.approx(20, abs=0.1)
    rig.end()
    assert tuple(face.rotation_euler) == (0, 0, 0)


@pytest.mark.parametrize("new_mode", ["XYZ", "AXIS_ANGLE"])
def test_another_way_to_rotate_is_followed(scene, new_mode):
    head, rig_object, pose = _head(scene)
    bone = rig_object.pose.bones["head"]
    bone.rotation_mode = "QUATERNION"
    rig = preview(scene, head, pose=pose, head_deg=[0, 20, 0])
    bone.rotation_mode = new_mode
    rig.show(row(0.5, head_deg=[0, 20, 0]))

    def turned():
        angles = bone.rotation_euler if new_mode == "XYZ" else bone.rotation_axis_angle[:1]
        return max(abs(np.degrees(angles)))

    assert turned() == pytest.approx(20, abs=0.1)
    rig.end()
    assert turned() == pytest.approx(0, abs=1e-4)


def test_a_renamed_head_bone_ends_it_in_words_and_turns_back(scene):
    head, rig_object, pose = _head(scene)
    rig_object.pose.bones["head"].rotation_mode = "QUATERNION"
    rig = preview(scene, head, pose=pose, head_deg=[0, 20, 0])
    rig_object.data.bones["head"].name = "skull"
    with pytest.raises(FacewrightError, match='no bone named "head"'):
        rig.show(row(0.5, head_deg=[0, 20, 0]))
    assert _turn(rig_object, "skull") == 0
    assert values(head)["jawOpen"] == 0


def test_an_armature_being_edited_makes_it_wait_and_a_removed_bone_ends_it(scene):
    head, rig_object, pose = _head(scene)
    rig = preview(scene, head, pose=pose, head_deg=[0, 20, 0])
    bpy.context.view_layer.objects.active = rig_object
    bpy.ops.object.mode_set(mode="EDIT")
    assert rig.in_the_way
    rig.end()
    bones = rig_object.data.edit_bones
    bones.remove(bones["head"])
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(FacewrightError, match='no bone named "head"'):
        rig.begin()
    assert values(head)["jawOpen"] == 0


def _overridden(tmp_path):
    make_face(keys=KEYS)
    library = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=library)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["Face"]
    scene = bpy.context.scene
    scene.collection.objects.link(wanted.objects[0])
    return wanted.objects[0]


def test_a_linked_character_is_refused_and_an_overridden_one_follows(tmp_path):
    linked = _overridden(tmp_path)
    scene = bpy.context.scene
    with pytest.raises(FacewrightError, match="linked from another file"):
        LiveRig(scene, [linked], NO_POSE)
    face = linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    face.data.override_create(remap_local_usages=True)
    rig = preview(scene, face)
    assert values(face)["jawOpen"] == 0.5
    rig.end()
    assert values(face)["jawOpen"] == 0
    shot = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=shot)
    bpy.ops.wm.open_mainfile(filepath=shot)
    face = next(ob for ob in bpy.context.scene.objects if ob.override_library)
    assert values(face)["jawOpen"] == 0
    assert preview_baseline.PROPERTY not in face.data.shape_keys


def test_a_file_saved_in_the_middle_of_a_preview_opens_as_it_was_before(scene, face, tmp_path):
    preview(scene, face, jaw=0.75)
    # There is no session here, so nothing ends the preview: as in an autosave or a crash copy.
    file = str(tmp_path / "crash.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file, copy=True)
    assert values(face)["jawOpen"] == 0.75
    with bpy.data.libraries.load(file) as (_, wanted):
        wanted.meshes = ["Face"]
    appended = wanted.meshes[0].shape_keys
    assert appended.key_blocks["jawOpen"].value == 0.75
    assert json.loads(appended[preview_baseline.PROPERTY])[0]["values"] == [0.125]
    bpy.ops.wm.open_mainfile(filepath=file)
    face = bpy.data.objects["Face"]
    assert values(face) == {"jawOpen": 0.125, "mouthPucker": 0.0, "cheekPuff": 0.0}
    assert preview_baseline.PROPERTY not in face.data.shape_keys
