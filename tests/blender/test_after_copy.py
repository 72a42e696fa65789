# SPDX-License-Identifier: GPL-3.0-or-later
"""After the fact: from one character to another, from keys to bones and back, a take anew."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN, PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.arkit import INDEX
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.mapping import BoneDrive, KeyDrive, Mapping, PropertyDrive, Row
from facewright.engine.retarget.poses import BonePose
from facewright.properties import retarget as retarget_properties
from facewright.scene import keyframes
from facewright.scene.apply import apply_track
from facewright.scene.copy_face import copy_face, read_face
from facewright.scene.face_blocks import animated_blocks
from facewright.scene.face_reader import FaceReader
from facewright.scene.keys_and_bones import bones_to_keys, keys_to_bones
from facewright.scene.mapping_store import store_mapping
from facewright.scene.nla_layers import add_layer
from facewright.scene.pose_channels import PoseSettings

NO_POSE = PoseSettings()
COUNT = 12
RAMP = np.linspace(0, 1, COUNT)
WAVE = 0.5 + 0.4 * np.sin(np.arange(COUNT))


@pytest.fixture(autouse=True)
def properties():
    for cls in retarget_properties.CLASSES:
        bpy.utils.register_class(cls)
    retarget_properties.add_pointers()
    yield
    retarget_properties.remove_pointers()
    for cls in reversed(retarget_properties.CLASSES):
        bpy.utils.unregister_class(cls)


def track():
    times = np.arange(COUNT) / 30
    return make_track(times, {"jawOpen": RAMP, "mouthSmileLeft": WAVE, "mouthSmileRight": 0.2})


def values(ob, key, frames=range(1, COUNT + 1)):
    """What Blender shows of a key on some frames."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        keys = ob.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append(keys.key_blocks[key].value)
    return found


def make_rig(scene, *names):
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name in names:
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, 0), (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def test_a_face_is_copied_through_both_mappings(scene):
    source, target = make_face("Source"), make_face("Target", ["Jaw", "Grin", "other"])
    apply_track(scene, track(), [source], PLAIN_SETTINGS, take_name="one")
    smiles = {
        f"mouthSmile{side}": Row((KeyDrive("Grin", 0.5),), gain=1.0) for side in ("Left", "Right")
    }
    store_mapping(target, Mapping({"jawOpen": Row((KeyDrive("Jaw"),), gain=0.5), **smiles}))
    scene.frame_set(7)
    report = copy_face(scene, [source], [target], 1, COUNT, settings=PLAIN_SETTINGS)
    assert scene.frame_current == 7
    assert report.objects == ["Target"] and report.frames == COUNT
    assert values(target, "Jaw") == pytest.approx(0.5 * RAMP, abs=1e-4)
    assert values(target, "Grin") == pytest.approx(0.5 * np.maximum(WAVE, 0.2), abs=1e-4)
    assert values(source, "jawOpen") == pytest.approx(RAMP, abs=1e-4)


def test_a_part_is_copied_to_another_frame(scene):
    source, target = make_face("Source"), make_face("Target")
    apply_track(scene, track(), [source], PLAIN_SETTINGS, take_name="one")
    copy_face(scene, [source], [target], 4, 9, settings=PLAIN_SETTINGS, to_frame=101)
    assert values(target, "jawOpen", range(101, 107)) == pytest.approx(RAMP[3:9], abs=1e-4)


def test_head_and_eyes_are_copied_along(scene):
    source, target = make_face("Source"), make_face("Target")
    rig = make_rig(scene, "head")
    turned = make_track([0, 1 / 30, 2 / 30], {"jawOpen": [0, 0, 0]}, head_deg=[[5, 20, -8]] * 3)
    poses = PoseSettings(head_object="Source"), PoseSettings(head_object="Rig", head_bone="head")
    settings = [replace(PLAIN_SETTINGS, pose=pose) for pose in poses]
    apply_track(scene, turned, [source], settings[0], take_name="one")
    copy_face(scene, [source], [target], 1, 3, source_pose=poses[0], settings=settings[1])
    read = read_face(scene, [target], poses[1], 1, 3)
    assert read.head_deg == pytest.approx(np.array([[5, 20, -8]] * 3), abs=0.05)
    assert rig.animation_data.action is not None


def test_a_mirroring_target_shows_the_same_side(scene):
    source, target = make_face("Source"), make_face("Target")
    apply_track(scene, track(), [source], PLAIN_SETTINGS, take_name="one")
    names = ("jawOpen", "mouthSmileLeft", "mouthSmileRight")
    store_mapping(target, Mapping({n: Row((KeyDrive(n),)) for n in names}, mirror=True))
    copy_face(scene, [source], [target], 1, COUNT, settings=PLAIN_SETTINGS)
    assert values(target, "mouthSmileLeft") == pytest.approx(WAVE, abs=1e-4)


def test_a_face_is_not_copied_onto_itself(scene):
    source = make_face("Source")
    with pytest.raises(FacewrightError) as caught:
        copy_face(scene, [source], [source], 1, 5)
    assert caught.value.code == "same-character"
    with pytest.raises(FacewrightError) as caught:
        copy_face(scene, [source], [make_face("Target")], 5, 1)
    assert caught.value.code == "frames-empty"


@pytest.fixture
def boned(scene):
    """A face whose jaw and smiles are on keys, and on bones as well."""
    rig = make_rig(scene, "jaw", "corner.L", "arm")
    rig.pose.bones["jaw"].rotation_mode = "XYZ"
    rig.pose.bones["arm"].keyframe_insert("location", frame=1)
    face = make_face()
    face.parent = rig
    mapping = Mapping(
        {
            "jawOpen": Row(
                (KeyDrive("jawOpen"), BoneDrive("jaw", "rotation", "X", 30.0, object="Rig"))
            ),
            "mouthSmileLeft": Row((KeyDrive("mouthSmileLeft"),)),
            "mouthSmileRight": Row((KeyDrive("mouthSmileRight"),)),
        },
        poses={
            "mouthSmileLeft": {
                "corner.L": BonePose((0.1, 0, 0.05), (np.cos(0.2), 0, 0, np.sin(0.2)))
            }
        },
        poses_object="Rig",
    )
    store_mapping(face, mapping)
    return face, rig, mapping


def on_keys_alone(scene, face, mapping):
    """A take on the keys, as it was before anybody thought of bones."""
    rows = {
        name: replace(row, drives=tuple(d for d in row.drives if isinstance(d, KeyDrive)))
        for name, row in mapping.rows.items()
    }
    store_mapping(face, Mapping(rows))
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    store_mapping(face, mapping)


def test_keys_go_to_bones_and_come_back(scene, boned):
    face, rig, mapping = boned
    on_keys_alone(scene, face, mapping)
    before = face.data.shape_keys.animation_data.action
    arm = rig.animation_data.action
    done = keys_to_bones(scene, [face], 1, COUNT)
    assert done.channels == ("jawOpen", "mouthSmileLeft")
    assert done.left == ("mouthSmileRight",)
    for frame, (jaw, smile) in enumerate(zip(RAMP, WAVE, strict=True), 1):
        scene.frame_set(frame)
        bones = rig.pose.bones
        assert np.degrees(bones["jaw"].rotation_euler.x) == pytest.approx(30 * jaw, abs=1e-3)
        assert bones["corner.L"].location.x == pytest.approx(0.1 * smile, abs=1e-5)
        assert bones["corner.L"].rotation_quaternion.angle == pytest.approx(0.4 * smile, abs=1e-4)
    assert values(face, "jawOpen") == [0] * COUNT == values(face, "mouthSmileLeft")
    # What has no bone stays on its key; nothing was lost.
    assert values(face, "mouthSmileRight") == pytest.approx([0.2] * COUNT)
    assert {before.name, arm.name} <= set(bpy.data.actions.keys())
    assert before.use_fake_user and len(curve_keys(rig)) > 4
    assert ('pose.bones["arm"].location', 0) in curve_keys(rig)

    back = bones_to_keys(scene, [face], 1, COUNT)
    assert back.channels == ("jawOpen", "mouthSmileLeft") and not back.left
    assert values(face, "jawOpen") == pytest.approx(RAMP, abs=0.01)
    assert values(face, "mouthSmileLeft") == pytest.approx(WAVE, abs=0.01)
    scene.frame_set(COUNT)
    assert tuple(rig.pose.bones["jaw"].rotation_euler) == pytest.approx((0, 0, 0), abs=1e-6)
    assert rig.pose.bones["corner.L"].location.length == pytest.approx(0, abs=1e-6)
    assert set(curve_keys(rig)) == {('pose.bones["arm"].location', i) for i in range(3)}


def on_bones_alone(face, mapping, **changes):
    """The mapping without its keys."""
    rows = {
        name: replace(row, drives=tuple(d for d in row.drives if not isinstance(d, KeyDrive)))
        for name, row in mapping.rows.items()
    }
    store_mapping(face, replace(mapping, rows={**rows, **changes}))


def test_a_face_on_bones_is_copied(scene, boned):
    face, _, mapping = boned
    jaw = replace(mapping.rows["jawOpen"].drives[1])
    on_bones_alone(face, mapping, jawOpen=Row((jaw,), gain=1.5, offset=0.1))
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    assert values(face, "jawOpen") == [0] * COUNT
    target = make_face("Target")
    report = copy_face(scene, [face], [target], 1, COUNT, settings=PLAIN_SETTINGS)
    assert values(target, "jawOpen") == pytest.approx(RAMP, abs=1e-3)
    assert values(target, "mouthSmileLeft") == pytest.approx(WAVE, abs=5e-3)
    assert not any("for certain" in said for said in report.warnings)


def test_a_pose_carried_beyond_1_by_its_gain_is_read(scene, boned):
    face, _, mapping = boned
    on_bones_alone(face, mapping, mouthSmileLeft=Row(gain=1.6))
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    read = read_face(scene, [face], NO_POSE, 1, COUNT).weights[:, INDEX["mouthSmileLeft"]]
    assert read == pytest.approx(WAVE, abs=5e-3)


def test_keys_that_rest_because_bones_took_over_are_no_flat_face(scene, boned):
    face, _, mapping = boned
    on_keys_alone(scene, face, mapping)
    keys_to_bones(scene, [face], 1, COUNT)
    target = make_face("Target")
    copy_face(scene, [face], [target], 1, COUNT, settings=PLAIN_SETTINGS)
    assert values(target, "jawOpen") == pytest.approx(RAMP, abs=1e-3)
    assert values(target, "mouthSmileLeft") == pytest.approx(WAVE, abs=5e-3)
    assert values(target, "mouthSmileRight") == pytest.approx([0.2] * COUNT, abs=1e-4)


def test_what_bones_cannot_tell_is_named(scene, boned):
    face, _, mapping = boned
    gone = Row((BoneDrive("nobody", "location", "X", 1.0, object="Rig"),))
    jaw = replace(mapping.rows["jawOpen"].drives[1], amount=10.0)
    on_bones_alone(face, mapping, cheekPuff=gone, mouthFunnel=Row((jaw,)))
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    report = copy_face(scene, [face], [make_face("Target")], 1, 3, settings=PLAIN_SETTINGS)
    said = next(said for said in report.warnings if "for certain" in said)
    assert all(name in said for name in ("jawOpen", "mouthFunnel", "cheekPuff"))
    assert "mouthSmileLeft" not in said


def test_a_property_is_read(scene):
    face = make_face(keys=["cheekPuff"])
    face["open"] = 0.0
    row = Row((PropertyDrive('["open"]', 2.0, 0.5),))
    store_mapping(face, Mapping({"jawOpen": row}))
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    read = read_face(scene, [face], NO_POSE, 1, COUNT)
    assert read.weights[:, INDEX["jawOpen"]] == pytest.approx(RAMP, abs=1e-4)
    reader = FaceReader(scene, [face], NO_POSE)
    del face["open"]
    bpy.context.view_layer.update()
    assert not reader.read(bpy.context.evaluated_depsgraph_get(), 0.0).weights.any()


def test_a_part_of_the_range_is_told(scene, boned):
    face, _, mapping = boned
    on_keys_alone(scene, face, mapping)
    assert "3 to 5 alone" in keys_to_bones(scene, [face], 3, 5).written.warnings[-1]
    # What else moves the rig goes on as it was, however long it is.
    face.parent.pose.bones["arm"].keyframe_insert("location", frame=99)
    assert not any("alone" in said for said in bones_to_keys(scene, [face], 3, 5).written.warnings)


def test_bones_that_hands_have_posed_are_read_by_least_squares(scene, boned):
    face, rig, _ = boned
    for frame, share in ((1, 0.0), (COUNT, 0.5)):
        bones = rig.pose.bones
        bones["jaw"].rotation_euler.x = np.radians(30) * share
        bones["jaw"].keyframe_insert("rotation_euler", frame=frame)
        bones["corner.L"].location = (0.1 * share, 0, 0.05 * share)
        bones["corner.L"].rotation_quaternion = (np.cos(0.2 * share), 0, 0, np.sin(0.2 * share))
        for path in ("location", "rotation_quaternion"):
            bones["corner.L"].keyframe_insert(path, frame=frame)
    bones_to_keys(scene, [face], 1, COUNT)
    for name in ("jawOpen", "mouthSmileLeft"):
        assert values(face, name, (1, COUNT)) == pytest.approx([0, 0.5], abs=0.01)


def test_what_is_in_the_way_of_bones_is_told(scene, boned):
    face, _, mapping = boned
    with pytest.raises(FacewrightError) as caught:
        keys_to_bones(scene, [face], 1, 5)
    assert caught.value.code == "not-animated"
    on_keys_alone(scene, face, mapping)
    plain = make_face("Plain")
    with pytest.raises(FacewrightError) as caught:
        keys_to_bones(scene, [plain], 1, 5)
    assert caught.value.code == "no-bones"
    add_layer(animated_blocks(scene, [face], NO_POSE))
    with pytest.raises(FacewrightError) as caught:
        keys_to_bones(scene, [face], 1, 5)
    assert caught.value.code in ("in-nla", "layer-in-use")


def test_reading_leaves_what_is_not_there_at_rest(scene):
    face = make_face(keys=["jawOpen"])
    apply_track(scene, track(), [face], PLAIN_SETTINGS, take_name="one")
    read = read_face(scene, [face], NO_POSE, 1, COUNT)
    assert read.weights[:, INDEX["jawOpen"]] == pytest.approx(RAMP, abs=1e-4)
    assert not np.delete(read.weights, INDEX["jawOpen"], axis=1).any()
    assert PLAIN.gain == {} and keyframes.current_curves(face.data.shape_keys)
