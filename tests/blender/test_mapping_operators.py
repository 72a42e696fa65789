# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons of the mapping editor, as a person presses them."""

import json

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright import registration
from facewright.engine.core.arkit import NAMES
from facewright.engine.retarget.mapping import BoneDrive, KeyDrive
from facewright.operators.retarget import shown_row
from facewright.properties.mapping_edit import RESPONSE_GROUP
from facewright.scene import channel_test, preview_baseline, response_widget
from facewright.scene.apply import apply_track
from facewright.scene.live_rig import LiveRig
from facewright.scene.mapping_store import stored_mapping
from facewright.scene.pose_channels import PoseSettings
from test_bone_channels import make_jaw_mesh

SPELLED = tuple(name for name in NAMES if name != "tongueOut")


@pytest.fixture(autouse=True)
def addon():
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def face(scene):
    face = make_face("Face", keys=SPELLED, extra=("Mine", "Other"))
    scene.facewright.target = face
    face.data.shape_keys.key_blocks["browInnerUp"].value = 0.25
    return face


@pytest.fixture
def matched(face):
    assert bpy.ops.facewright.match_mapping() == {"FINISHED"}
    # Whatever else the matcher has made of the two others.
    for name in ("tongueOut",):
        row = face.facewright_mapping.rows[name]
        row.drives.clear()
    return face


@pytest.fixture
def rig(matched):
    """An armature with a jaw, and lips on both sides, that moves the face."""
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, x in (("jaw", 0), ("lip.L", 0.2), ("lip.R", -0.2)):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (x, 0, 0), (x, -0.3, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    matched.modifiers.new("Rig", "ARMATURE").object = rig
    for bone in rig.pose.bones:
        bone.rotation_mode = "XYZ"
    return rig


def editor():
    return bpy.context.window_manager.facewright_mapping


def choose(face, name):
    face.facewright_mapping.active = face.facewright_mapping.rows.find(name)
    return face.facewright_mapping.rows[name]


def value(face, key):
    return face.data.shape_keys.key_blocks[key].value


def reported(name):
    return editor().report[name]


# --- match and report


def test_matching_is_kept_on_the_target_and_changes_nothing_else(face):
    keys = [(block.name, block.value) for block in face.data.shape_keys.key_blocks]
    bpy.ops.facewright.match_mapping()
    assert [row.name for row in face.facewright_mapping.rows] == list(NAMES)
    assert stored_mapping([face]).rows["jawOpen"].drives == (KeyDrive("jawOpen"),)
    assert [(block.name, block.value) for block in face.data.shape_keys.key_blocks] == keys


def test_matching_without_a_target_is_refused_with_the_reason():
    assert not bpy.ops.facewright.match_mapping.poll()
    with pytest.raises(RuntimeError, match="Choose a target"):
        bpy.ops.facewright.match_mapping()


def test_the_report_tells_each_channel_with_its_reason(matched):
    blocks, rows = matched.data.shape_keys.key_blocks, matched.facewright_mapping.rows
    blocks["jawLeft"].driver_add("value")
    blocks["jawRight"].lock_shape = True
    blocks["jawForward"].mute = True
    rows["jawOpen"].gain = 1.5
    rows["mouthLeft"].mute = True
    rows["mouthRight"].approximate, rows["mouthRight"].note = True, "Nearly."
    rows["mouthFunnel"].drives[0].target = "gone"
    bpy.ops.facewright.check_mapping()
    assert {line.name: line.status for line in editor().report if line.status != "mapped"} == {
        "": "",
        "jawLeft": "driven",
        "jawRight": "locked",
        "jawForward": "muted",
        "jawOpen": "beyond",
        "mouthLeft": "muted",
        "mouthRight": "approximate",
        "mouthFunnel": "missing",
        "tongueOut": "missing",
    }
    assert editor().result == (
        "47 of 52 mapped (2 muted, 1 beyond the slider), "
        "1 driven, 1 locked, 2 missing, 1 approximate"
    )
    assert "1.50" in reported("jawOpen").text and "slider" in reported("jawOpen").text
    assert "Nearly." in reported("mouthRight").text
    assert "driver" in reported("jawLeft").text


def test_a_key_whose_work_a_bone_does_is_told(rig, scene):
    mesh = make_jaw_mesh(rig)
    scene.facewright.target = mesh
    bpy.ops.facewright.match_mapping()
    choose(mesh, "jawOpen")
    bpy.ops.facewright.add_drive(kind="BONE")
    drive = mesh.facewright_mapping.rows["jawOpen"].drives[-1]
    drive.target, drive.weight = "jaw", 20.0
    bpy.ops.facewright.check_mapping()
    assert reported("jawOpen").status == "mapped"
    assert "twice" in reported("jawOpen").text and "jaw: rotation X" in reported("jawOpen").text


def test_a_solo_is_no_matter_of_the_report(matched):
    bpy.ops.facewright.solo_channel(channel="jawOpen")
    bpy.ops.facewright.check_mapping()
    assert reported("mouthLeft").status == "mapped"


def test_the_report_can_be_copied(matched, monkeypatch):
    assert bpy.ops.facewright.copy_mapping_report() == {"FINISHED"}


def test_matching_again_keeps_what_was_set_by_hand(matched):
    row = choose(matched, "jawOpen")
    row.gain, row.curve = 0.5, "0 0; 1 0.5"
    row.drives[0].target = "Mine"
    matched.facewright_mapping.gains.mouth = 1.5
    bpy.ops.facewright.match_mapping(only_empty=True)
    assert stored_mapping([matched]).rows["jawOpen"].drives == (KeyDrive("Mine"),)
    bpy.ops.facewright.match_mapping()
    found = stored_mapping([matched])
    assert found.rows["jawOpen"].drives == (KeyDrive("jawOpen"),)
    assert (found.rows["jawOpen"].gain, found.rows["jawOpen"].curve) == (0.5, ((0, 0), (1, 0.5)))
    assert found.region_gains == {"mouth": 1.5}
    assert matched.facewright_mapping.active == NAMES.index("jawOpen")


def test_forgetting_goes_back_to_the_automatic_match(matched):
    choose(matched, "jawOpen").gain = 0.5
    bpy.ops.facewright.forget_mapping()
    assert stored_mapping([matched]) is None and not editor().result
    assert not bpy.ops.facewright.forget_mapping.poll()


def test_a_character_without_keys_gets_a_mapping_to_fill_in(scene):
    ob = bpy.data.objects.new("Bare", bpy.data.meshes.new("Bare"))
    scene.collection.objects.link(ob)
    scene.facewright.target = ob
    bpy.ops.facewright.match_mapping()
    assert len(ob.facewright_mapping.rows) == 52
    assert editor().result.startswith("0 of 52 mapped")


# --- editing


def test_edits_arrive_in_the_keyframes(matched, scene):
    row = choose(matched, "jawOpen")
    bpy.ops.facewright.add_drive(kind="KEY")
    row = matched.facewright_mapping.rows["jawOpen"]
    row.drives[1].target, row.drives[1].weight = "Mine", 0.5
    row.gain, row.high = 0.5, 0.45
    track = make_track(np.arange(3) / 30, {"jawOpen": [0.0, 0.5, 1.0]})
    apply_track(scene, track, [matched], PLAIN_SETTINGS, take_name="take")
    curves = curve_keys(matched.data.shape_keys)
    written = {key: curves[f'key_blocks["{key}"].value', 0][:, 1] for key in ("jawOpen", "Mine")}
    assert written["jawOpen"] == pytest.approx([0.0, 0.25, 0.45])
    assert written["Mine"] == pytest.approx([0.0, 0.125, 0.225])


def test_targets_are_added_and_removed(matched):
    choose(matched, "jawOpen")
    bpy.ops.facewright.add_drive(kind="BONE")
    row = matched.facewright_mapping.rows["jawOpen"]
    row.drives[1].target, row.drives[1].axis = "jaw", "Z"
    found = stored_mapping([matched]).rows["jawOpen"].drives
    assert found[1] == BoneDrive("jaw", "rotation", "Z", 10.0)
    bpy.ops.facewright.remove_drive(index=0)
    assert stored_mapping([matched]).rows["jawOpen"].drives == (found[1],)
    with pytest.raises(RuntimeError, match="no target 8"):
        bpy.ops.facewright.remove_drive(index=7)


def test_targets_are_removed_and_matched_anew_on_a_library_override(matched, scene, tmp_path):
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, to):
        to.objects = ["Face"]
    linked = bpy.data.objects["Face"]
    bpy.context.scene.facewright.target = linked
    assert not bpy.ops.facewright.match_mapping.poll()
    override = linked.override_create()
    bpy.context.scene.collection.objects.link(override)
    bpy.context.scene.facewright.target = override
    choose(override, "jawOpen")
    bpy.ops.facewright.remove_drive(index=0)
    assert not stored_mapping([override]).rows.get("jawOpen")
    assert shown_row().name == "jawOpen"
    bpy.ops.facewright.match_mapping(only_empty=True)
    assert stored_mapping([override]).rows["jawOpen"].drives == (KeyDrive("jawOpen"),)
    bpy.ops.facewright.forget_mapping()
    assert stored_mapping([override]) is None
    bpy.ops.facewright.match_mapping()
    assert [row.name for row in override.facewright_mapping.rows] == list(NAMES)


def test_reset_leaves_the_targets(matched):
    row = choose(matched, "jawOpen")
    row.gain, row.offset, row.low, row.invert, row.curve = 2, 1, 0, True, "0 0; 1 0.5"
    bpy.ops.facewright.reset_channel()
    assert stored_mapping([matched]).rows["jawOpen"].is_plain
    assert stored_mapping([matched]).rows["jawOpen"].drives == (KeyDrive("jawOpen"),)


def test_solo_is_one_at_a_time_and_ends_where_it_began(matched):
    matched.facewright_mapping.rows["mouthLeft"].mute = True
    before = stored_mapping([matched])
    bpy.ops.facewright.solo_channel(channel="jawOpen")
    bpy.ops.facewright.solo_channel(channel="mouthLeft")
    found = stored_mapping([matched]).rows
    assert [name for name, row in found.items() if not row.mute] == ["mouthLeft"]
    bpy.ops.facewright.solo_channel(channel="mouthLeft")
    assert stored_mapping([matched]) == before
    with pytest.raises(RuntimeError, match="no ARKit channel"):
        bpy.ops.facewright.solo_channel(channel="jawopen")


def test_one_undo_takes_a_match_back(face):
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.facewright.match_mapping()
    bpy.ops.ed.undo_push(message="Match")
    bpy.ops.ed.undo()
    assert stored_mapping([bpy.data.objects["Face"]]) is None
    bpy.ops.ed.redo()
    assert stored_mapping([bpy.data.objects["Face"]]) is not None


# --- the response


def test_presets_go_from_rest_to_full(matched):
    choose(matched, "jawOpen")
    x = np.linspace(0, 1, 101)
    wanted = {"EASE": x * x * (3 - 2 * x), "STRONG": 1 - (1 - x) ** 2, "SOFT": x * x, "LINEAR": x}
    for name, curve in wanted.items():
        bpy.ops.facewright.response_preset(preset=name)
        row = stored_mapping([matched]).rows["jawOpen"]
        assert row.respond(x) == pytest.approx(curve, abs=0.011)
    assert row.curve == ()


def widget():
    return bpy.data.node_groups[RESPONSE_GROUP].nodes[0].mapping


def sync():
    response_widget.sync(RESPONSE_GROUP, shown_row())


def test_points_of_the_widget_are_the_responses(matched):
    row = choose(matched, "jawOpen")
    row.curve = "0 0; 0.25 0.5; 1 0.75"
    bpy.ops.facewright.edit_response()
    assert [tuple(p.location) for p in widget().curves[0].points] == [
        (0, 0),
        (0.25, 0.5),
        (1, 0.75),
    ]
    sync()
    assert row.curve == "0 0; 0.25 0.5; 1 0.75"
    widget().curves[0].points[1].location = (0.5, 0.5)
    sync()
    assert row.curve == "0 0; 0.5 0.5; 1 0.75"


def test_a_smooth_curve_is_sampled_and_comes_back_as_it_was_drawn(matched):
    row = choose(matched, "jawOpen")
    bpy.ops.facewright.edit_response()
    widget().curves[0].points.new(0.3, 0.7)
    sync()
    mapping = widget()
    mapping.update()
    x = np.linspace(0, 1, 201)
    drawn = [mapping.evaluate(mapping.curves[0], at) for at in x]
    assert stored_mapping([matched]).rows["jawOpen"].respond(x) == pytest.approx(drawn, abs=0.004)
    kept = row.curve
    choose(matched, "mouthLeft")
    sync()
    assert len(widget().curves[0].points) == 2
    choose(matched, "jawOpen")
    sync()
    assert len(widget().curves[0].points) == 3
    assert row.curve == kept and matched.facewright_mapping.rows["mouthLeft"].curve == ""


def test_the_stored_points_win_over_the_widget(matched):
    row = choose(matched, "jawOpen")
    bpy.ops.facewright.edit_response()
    widget().curves[0].points[1].location = (1.0, 0.5)
    row.curve = "0 0; 1 0.25"
    sync()
    assert row.curve == "0 0; 1 0.25"
    assert widget().curves[0].points[1].location[1] == 0.25


def test_an_edit_of_the_widget_and_its_undo(matched):
    choose(matched, "jawOpen")
    bpy.ops.facewright.edit_response()
    bpy.ops.ed.undo_push(message="Before")
    widget().curves[0].points[1].location = (1.0, 0.5)
    # Blender's own step comes before the points are stored.
    bpy.ops.ed.undo_push(message="Curve")
    sync()
    bpy.ops.facewright.solo_channel(channel="jawOpen")
    bpy.ops.ed.undo_push(message="Solo")
    bpy.ops.ed.undo()
    sync()
    assert shown_row().curve == "0 0; 1 0.5"
    bpy.ops.ed.undo()
    sync()
    assert shown_row().curve == ""


def test_the_widget_is_not_saved(matched, tmp_path):
    choose(matched, "jawOpen")
    bpy.ops.facewright.edit_response()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert RESPONSE_GROUP not in bpy.data.node_groups


# --- trying a channel out


def leaves_nothing(face):
    assert value(face, "jawOpen") == 0 and value(face, "browInnerUp") == 0.25
    assert preview_baseline.PROPERTY not in face.data.shape_keys
    assert channel_test.channel_test() is None


def test_the_slider_drives_the_character_through_the_mapping(matched):
    choose(matched, "jawOpen").gain = 0.5
    editor().test = 0.8
    assert value(matched, "jawOpen") == pytest.approx(0.4)
    assert value(matched, "browInnerUp") == 0
    editor().test = 0.4
    assert value(matched, "jawOpen") == pytest.approx(0.2)
    matched.facewright_mapping.rows["jawOpen"].gain = 1.0
    editor().test = 0.5
    assert value(matched, "jawOpen") == pytest.approx(0.5)
    editor().test = 0.0
    leaves_nothing(matched)


def test_a_mirrored_mapping_tries_the_side_out_that_is_listed(matched):
    matched.facewright_mapping.mirror = True
    choose(matched, "eyeBlinkLeft")
    editor().test = 0.5
    assert value(matched, "eyeBlinkLeft") == 0.5 and value(matched, "eyeBlinkRight") == 0


def test_another_channel_takes_over(matched):
    choose(matched, "jawOpen")
    editor().test = 0.5
    choose(matched, "mouthLeft")
    assert value(matched, "jawOpen") == 0 and value(matched, "mouthLeft") == 0.5


@pytest.mark.parametrize("how", ["save", "frame", "edit", "forget", "match"])
def test_whatever_ends_a_test_it_leaves_nothing_behind(matched, how, tmp_path):
    choose(matched, "jawOpen")
    editor().test = 0.5
    {
        "save": lambda: bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend")),
        "frame": lambda: bpy.context.scene.frame_set(10),
        "edit": lambda: bpy.ops.facewright.add_drive(kind="KEY"),
        "forget": lambda: bpy.ops.facewright.forget_mapping(),
        "match": lambda: bpy.ops.facewright.match_mapping(),
    }[how]()
    leaves_nothing(matched)
    assert editor().test == 0
    if how == "save":
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
        leaves_nothing(bpy.data.objects["Face"])


def test_undo_in_the_middle_of_a_test(matched):
    choose(matched, "jawOpen")
    bpy.ops.ed.undo_push(message="Before")
    editor().test = 0.5
    matched.facewright_mapping.rows["jawOpen"].gain = 0.9
    bpy.ops.ed.undo_push(message="Gain, while it is held")
    bpy.ops.ed.undo()
    leaves_nothing(bpy.data.objects["Face"])
    bpy.ops.ed.redo()
    leaves_nothing(bpy.data.objects["Face"])


def test_another_file_ends_it(matched, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    choose(matched, "jawOpen")
    editor().test = 0.5
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    leaves_nothing(bpy.data.objects["Face"])


def test_disabling_the_add_on_ends_it(matched):
    choose(matched, "jawOpen")
    editor().test = 0.5
    registration.unregister()
    try:
        leaves_nothing(matched)
    finally:
        registration.register()


def test_a_live_preview_that_begins_takes_over(matched, scene, monkeypatch):
    choose(matched, "jawOpen")
    editor().test = 0.5
    rig = LiveRig(scene, [matched], PoseSettings())
    rig.begin()
    monkeypatch.setattr(channel_test, "live_session", lambda: rig)
    channel_test.end_test()
    # What it was before is the live preview's to put back.
    assert preview_baseline.PROPERTY in matched.data.shape_keys
    rig.end()
    leaves_nothing(matched)


def test_bones_and_properties_are_tried_out_too(rig, matched):
    matched["puff"] = 0.1
    row = choose(matched, "jawOpen")
    row.drives.clear()
    for kind, target, weight in (("BONE", "jaw", 30.0), ("PROPERTY", '["puff"]', 2.0)):
        drive = row.drives.add()
        drive.kind, drive.target, drive.weight = kind, target, weight
    editor().test = 0.5
    assert rig.pose.bones["jaw"].rotation_euler[0] == pytest.approx(np.radians(15))
    assert matched["puff"] == pytest.approx(1.0)
    editor().test = 0.0
    assert tuple(rig.pose.bones["jaw"].rotation_euler) == (0, 0, 0)
    assert matched["puff"] == pytest.approx(0.1)
    assert preview_baseline.PROPERTY not in rig and preview_baseline.PROPERTY not in matched


# --- files and other characters


def test_a_mapping_goes_out_and_comes_back(matched, tmp_path):
    choose(matched, "jawOpen").gain = 0.7
    kept = stored_mapping([matched])
    bpy.ops.facewright.solo_channel(channel="mouthLeft")
    bpy.ops.facewright.export_mapping(filepath=str(tmp_path / "mine"))
    data = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
    assert data["rows"]["jawOpen"]["gain"] == 0.7
    bpy.ops.facewright.forget_mapping()
    bpy.ops.facewright.import_mapping(filepath=str(tmp_path / "mine.json"))
    assert stored_mapping([matched]) == kept


def test_a_file_that_is_none_is_refused_and_nothing_lost(matched, tmp_path):
    kept = stored_mapping([matched])
    (tmp_path / "no.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"no\.json"):
        bpy.ops.facewright.import_mapping(filepath=str(tmp_path / "no.json"))
    assert stored_mapping([matched]) == kept


def test_a_shipped_profile_takes_the_characters_spelling(scene):
    face = make_face("CC", keys=("jaw_open", "Eye_Blink_L"))
    scene.facewright.target = face
    bpy.ops.facewright.load_mapping_profile(profile="reallusion_standard")
    rows = stored_mapping([face]).rows
    assert rows["jawOpen"].drives == (KeyDrive("jaw_open"),)
    assert rows["eyeBlinkLeft"].drives == (KeyDrive("Eye_Blink_L"),)
    assert editor().result == "2 of 52 mapped, 50 missing"


def test_a_mapping_is_copied_from_another_character(matched, scene):
    choose(matched, "jawOpen").gain = 0.7
    other = make_face("Twin", keys=SPELLED, extra=("Mine", "Other"))
    scene.facewright.target = other
    bpy.ops.facewright.copy_mapping(source="Face")
    assert stored_mapping([other]) == stored_mapping([matched])
    with pytest.raises(RuntimeError, match='no object "Nobody"'):
        bpy.ops.facewright.copy_mapping(source="Nobody")


# --- pose it and store it


def test_a_pose_is_stored_shown_and_cleared_on_both_sides(rig, matched):
    choose(matched, "mouthSmileLeft")
    rig.pose.bones["lip.L"].location = (0.1, 0.0, 0.2)
    bpy.ops.facewright.store_pose()
    poses = stored_mapping([matched]).poses
    assert set(poses) == {"mouthSmileLeft", "mouthSmileRight"}
    assert set(poses["mouthSmileRight"]) == {"lip.R"}
    assert matched.facewright_mapping.poses_object == rig
    bpy.ops.facewright.rest_pose()
    assert tuple(rig.pose.bones["lip.L"].location) == (0, 0, 0)
    bpy.ops.facewright.show_pose()
    assert tuple(rig.pose.bones["lip.L"].location) == pytest.approx((0.1, 0.0, 0.2))
    bpy.ops.facewright.clear_pose()
    assert not stored_mapping([matched]).poses


def test_a_pose_of_selected_bones_alone_and_of_one_side(rig, matched):
    choose(matched, "mouthSmileLeft")
    for bone in rig.pose.bones:
        bone.location = (0.1, 0.0, 0.2)
        (bone if hasattr(bone, "select") else bone.bone).select = bone.name == "lip.L"
    editor().mirror_pose = False
    bpy.ops.facewright.store_pose(selected=True)
    poses = stored_mapping([matched]).poses
    assert {name: set(pose) for name, pose in poses.items()} == {"mouthSmileLeft": {"lip.L"}}


def test_a_pose_at_rest_is_refused(rig, matched):
    choose(matched, "mouthSmileLeft")
    with pytest.raises(RuntimeError, match="stand at rest"):
        bpy.ops.facewright.store_pose()
