# SPDX-License-Identifier: GPL-3.0-or-later
"""Bones and properties that follow a mapping: the right numbers, and a reason for each that does
not follow."""

from __future__ import annotations

from math import cos, radians, sin

import bpy
import numpy as np
import pytest
from faces import make_face, make_track
from facewright import registration
from facewright.engine.filters.chain import FilteredTrack
from facewright.engine.retarget.mapping import BoneDrive, KeyDrive, Mapping, PropertyDrive, Row
from facewright.engine.retarget.poses import BonePose
from facewright.scene.bone_channels import move_channels
from facewright.scene.double_motion import leave_out_doubled
from facewright.scene.find_moves import find_moves
from facewright.scene.mapping_store import store_mapping
from facewright.scene.pose_channels import PoseSettings, find_pose
from facewright.scene.rna_paths import find_number, read_value, write_number
from facewright.scene.targets import KeyEntry, KeyTarget
from test_pose_store import make_face_rig

JAW = 'pose.bones["jaw"].'


def filtered(**weights):
    """Frames 0, 1... with these weights."""
    count = max(map(len, weights.values()), default=2)
    return FilteredTrack(np.arange(count) + 0.0, make_track(np.arange(count) / 30, weights), [], 0)


def values(moves, **weights):
    """(data-block, path, index) -> values over the frames."""
    found = move_channels(moves, filtered(**weights))
    assert len({(o.name, c.data_path, c.index) for o, c, _ in found}) == len(found)
    return {(o.name, c.data_path, c.index): c.values.tolist() for o, c, _ in found}


def rows(**drives):
    return Mapping({name: Row(tuple(drives)) for name, drives in drives.items()})


def approx(numbers):
    return pytest.approx(numbers, abs=1e-6)


@pytest.fixture
def registered():
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def rig():
    return make_face_rig()


def test_a_drive_turns_an_euler_bone_by_its_degrees_and_leaves_the_other_axes(rig):
    rig.pose.bones["jaw"].rotation_mode = "YZX"
    moves = find_moves(rows(jawOpen=[BoneDrive("jaw", "rotation", "X", 30.0, rest=5.0)]), [rig])
    found = values(moves, jawOpen=[0, 0.5, 1])
    assert list(found) == [("Rig", JAW + "rotation_euler", 0)]
    assert np.degrees(next(iter(found.values()))) == approx([5, 20, 35])
    assert move_channels(moves, filtered())[0][2] == "jaw"


def test_a_drive_turns_a_quaternion_bone_about_its_own_axis(rig):
    moves = find_moves(rows(jawOpen=[BoneDrive("jaw", "rotation", "Z", 60.0)]), [rig])
    found = values(moves, jawOpen=[1.0])
    expected = (cos(radians(30)), 0, 0, sin(radians(30)))
    for i, number in enumerate(expected):
        assert found["Rig", JAW + "rotation_quaternion", i] == approx([number])


def test_locations_scales_and_several_channels_of_one_number(rig):
    mapping = rows(
        jawOpen=[BoneDrive("jaw", "location", "Y", 0.2, rest=0.1)],
        jawForward=[BoneDrive("jaw", "location", "Y", 0.4), BoneDrive("jaw", "scale", "X", 1.0)],
    )
    found = values(find_moves(mapping, [rig]), jawOpen=[1.0], jawForward=[0.5])
    assert found == {
        ("Rig", JAW + "location", 1): approx([0.1 + 0.2 + 0.2]),
        ("Rig", JAW + "scale", 0): approx([1.5]),
    }


def test_two_sides_that_drive_one_number_do_not_add_up(rig):
    drive = BoneDrive("jaw", "location", "X", 1.0)
    mapping = rows(browOuterUpLeft=[drive], browOuterUpRight=[drive])
    found = values(find_moves(mapping, [rig]), browOuterUpLeft=[0.5], browOuterUpRight=[0.8])
    assert found == {("Rig", JAW + "location", 0): approx([0.8])}


def test_responses_and_gains_count(rig):
    row = Row((BoneDrive("jaw", "location", "X", 2.0),), gain=0.5, offset=0.1)
    moves = find_moves(Mapping({"jawOpen": row}, region_gains={"jaw": 0.5}), [rig])
    assert values(moves, jawOpen=[1.0])["Rig", JAW + "location", 0] == approx([2 * (0.25 + 0.1)])


def test_a_pose_and_a_drive_on_one_bone_add_up(rig):
    quarter = (cos(radians(10)), sin(radians(10)), 0, 0)
    mapping = Mapping(
        {"jawOpen": Row((BoneDrive("jaw", "rotation", "X", 30.0),))},
        poses={"jawForward": {"jaw": BonePose((0, 1, 0), quarter)}},
    )
    rig.pose.bones["jaw"].rotation_mode = "XYZ"
    found = values(find_moves(mapping, [rig]), jawOpen=[0.5], jawForward=[1.0])
    assert found["Rig", JAW + "rotation_euler", 0] == approx([radians(15 + 20)])
    assert found["Rig", JAW + "location", 1] == approx([1.0])
    assert ("Rig", JAW + "location", 0) not in found


def test_a_channel_that_has_a_pose_and_no_row_follows_the_plain_weight(rig):
    moves = find_moves(Mapping(poses={"jawOpen": {"jaw": BonePose((0, 1, 0))}}), [rig])
    assert values(moves, jawOpen=[0.25]) == {("Rig", JAW + "location", 1): approx([0.25])}
    assert moves.written() == {"jawOpen"}


def test_frames_without_a_face_get_no_keys(rig):
    moves = find_moves(rows(jawOpen=[BoneDrive("jaw", "location", "X", 1.0)]), [rig])
    track = make_track(np.arange(3) / 30, {"jawOpen": [0, 1, 2]}, valid=[True, False, True])
    (_, channel, _), *_ = move_channels(moves, FilteredTrack(np.arange(3) + 10.0, track, [], 0))
    assert (channel.frames.tolist(), channel.values.tolist()) == ([10, 12], [0, 2])


def only(entries):
    (entry,) = entries
    return entry


def test_a_bone_that_is_not_there_is_missing(rig):
    mapping = rows(jawOpen=[BoneDrive("beard", "location", "X", 1.0)])
    moves = find_moves(mapping, [rig])
    assert only(moves.entries).status == "missing"
    assert "beard" in only(moves.entries).reason
    assert not moves.bones
    assert move_channels(moves, filtered(jawOpen=[1.0])) == []


def test_a_driven_axis_gets_no_keys_and_the_others_do(rig):
    rig.pose.bones["jaw"].driver_add("location", 0)
    moves = find_moves(Mapping(poses={"jawOpen": {"jaw": BonePose((1, 1, 0))}}), [rig])
    assert list(values(moves, jawOpen=[1.0])) == [("Rig", JAW + "location", 1)]
    entry = only(moves.entries)
    assert entry.status == "mapped"
    assert "driver" in entry.reason
    alone = find_moves(rows(jawOpen=[BoneDrive("jaw", "location", "X", 1.0)]), [rig])
    assert only(alone.entries).status == "driven"
    assert not values(alone, jawOpen=[1.0])


def test_a_driven_number_of_a_quaternion_stops_all_of_it(rig):
    rig.pose.bones["jaw"].driver_add("rotation_quaternion", 2)
    moves = find_moves(rows(jawOpen=[BoneDrive("jaw", "rotation", "X", 9.0)]), [rig])
    assert only(moves.entries).status == "driven"
    assert not moves.bones


def test_a_locked_axis_gets_no_keys(rig):
    rig.pose.bones["jaw"].lock_location = (True, False, False)
    mapping = rows(
        jawLeft=[BoneDrive("jaw", "location", "X", 1.0)],
        jawOpen=[BoneDrive("jaw", "location", "Y", 1.0)],
    )
    moves = find_moves(mapping, [rig])
    assert {e.arkit: e.status for e in moves.entries} == {"jawLeft": "locked", "jawOpen": "mapped"}
    assert list(values(moves, jawLeft=[1.0])) == [("Rig", JAW + "location", 1)]


def test_a_quaternion_is_locked_where_all_of_it_is(rig):
    bone = rig.pose.bones["jaw"]
    mapping = rows(jawOpen=[BoneDrive("jaw", "rotation", "X", 9.0)])
    bone.lock_rotation = (True, True, False)
    assert len(values(find_moves(mapping, [rig]), jawOpen=[1.0])) == 4
    bone.lock_rotation = (True, True, True)
    assert only(find_moves(mapping, [rig]).entries).status == "locked"


def test_a_constraint_that_replaces_what_is_written_is_told(rig):
    constraint = rig.pose.bones["jaw"].constraints.new("COPY_ROTATION")
    mapping = rows(jawOpen=[BoneDrive("jaw", "rotation", "X", 9.0)])
    assert "Copy Rotation" in only(find_moves(mapping, [rig]).warnings)
    constraint.mix_mode = "ADD"
    assert not find_moves(mapping, [rig]).warnings
    mapping = rows(jawOpen=[BoneDrive("jaw", "location", "X", 9.0)])
    assert not find_moves(mapping, [rig]).warnings


def test_what_the_head_turns_is_left_to_it(scene, rig):
    make_face("Face", keys=["jawOpen"])
    pose = find_pose(scene, PoseSettings(head_object="Rig", head_bone="jaw"))
    mapping = rows(
        jawOpen=[BoneDrive("jaw", "rotation", "X", 9.0)],
        jawLeft=[BoneDrive("jaw", "location", "X", 9.0)],
    )
    moves = find_moves(mapping, [rig], pose)
    assert {e.arkit: e.status for e in moves.entries} == {
        "jawOpen": "left-out",
        "jawLeft": "mapped",
    }
    assert list(values(moves, jawOpen=[1.0])) == [("Rig", JAW + "location", 0)]


def test_parts_of_the_face_that_were_not_chosen_are_left_out(rig):
    mapping = rows(
        jawOpen=[BoneDrive("jaw", "location", "X", 1.0)],
        mouthSmileLeft=[BoneDrive("lips.L", "location", "X", 1.0)],
    )
    moves = find_moves(mapping, [rig], writes=lambda name: name.startswith("mouth"))
    assert [bone.bone for bone in moves.bones] == ["lips.L"]
    assert {e.arkit: e.status for e in moves.entries} == {
        "jawOpen": "left-out",
        "mouthSmileLeft": "mapped",
    }


def test_a_linked_rig_is_named_and_left_alone(rig, tmp_path):
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {rig})
    bpy.data.objects.remove(rig)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["Rig"]
    linked = wanted.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    mapping = rows(jawOpen=[BoneDrive("jaw", "rotation", "X", 9.0)])
    moves = find_moves(mapping, [linked])
    assert only(moves.entries).status == "locked"
    assert "linked from another file" in only(moves.entries).reason
    assert not moves.bones


def test_properties_of_every_kind_follow(rig):
    face = make_face("Face", keys=["puff"])
    face["smile"] = 0.5
    face["flags"] = [0.0, 1.0]
    face.modifiers.new("Wave", "WAVE")
    mapping = rows(
        jawOpen=[
            PropertyDrive('["smile"]', 2.0, rest=0.25),
            PropertyDrive('["flags"][1]', 3.0),
            PropertyDrive('modifiers["Wave"].height', 4.0),
            PropertyDrive("location[2]", 5.0),
            PropertyDrive('data.shape_keys.key_blocks["puff"].value', 1.0),
        ]
    )
    found = values(find_moves(mapping, [face]), jawOpen=[0.5])
    assert found == {
        ("Face", '["smile"]', 0): approx([1.25]),
        ("Face", '["flags"]', 1): approx([1.5]),
        ("Face", 'modifiers["Wave"].height', 0): approx([2.0]),
        ("Face", "location", 2): approx([2.5]),
        (face.data.shape_keys.name, 'key_blocks["puff"].value', 0): approx([0.5]),
    }


@pytest.mark.parametrize(
    "path", ["nothing", "location", "location[3]", '["none"]', "name", "matrix_world[0]", "][", ""]
)
def test_a_path_that_leads_nowhere_is_missing(rig, path):
    moves = find_moves(rows(jawOpen=[PropertyDrive(path)]), [rig])
    assert only(moves.entries).status == "missing"
    assert only(moves.entries).reason.startswith("The property ")
    assert not moves.numbers


@pytest.mark.parametrize("both_have_it", [False, True])
def test_a_property_without_object_is_the_chosen_ones_or_that_of_the_mappings_owner(
    registered, rig, both_have_it
):
    face = make_face("Face", keys=["puff"])
    face.parent = rig
    rig["smile"] = 0.0
    if both_have_it:
        face["smile"] = 0.0
    mapping = rows(jawOpen=[PropertyDrive('["smile"]'), PropertyDrive('["none"]')])
    store_mapping(rig, mapping)
    moves = find_moves(mapping, [face])
    owner = "Face" if both_have_it else "Rig"
    assert list(values(moves, jawOpen=[1.0])) == [(owner, '["smile"]', 0)]
    assert {e.key: (e.object, e.status) for e in moves.entries} == {
        '["smile"]': (owner, "mapped"),
        '["none"]': ("Face", "missing"),
    }


def test_a_driven_property_is_left_alone(rig):
    rig.driver_add("location", 2)
    mapping = rows(jawOpen=[PropertyDrive("location[2]"), PropertyDrive("location[1]")])
    moves = find_moves(mapping, [rig])
    assert [entry.status for entry in moves.entries] == ["driven", "mapped"]
    assert list(values(moves, jawOpen=[1.0])) == [("Rig", "location", 1)]


def test_numbers_are_read_and_written_by_their_path(rig):
    rig["whole"], rig["on"], rig['a "b".c'] = 1, True, 0.5
    written = {}
    escaped = bpy.utils.escape_identifier('a "b".c')
    for path, value in (('["whole"]', 2.6), ('["on"]', 0.2), (f'["{escaped}"]', 2.5)):
        number = find_number(rig, path)
        assert write_number(number, value)
        assert not write_number(number, value)
        written[path] = read_value(rig, number.data_path)
    assert list(written.values()) == [[3], [False], [2.5]]
    assert write_number(find_number(rig, "location[1]"), 4.0)
    assert read_value(rig, "location") == [0, 4, 0]


# The guard against a jaw that opens twice.


def make_jaw_mesh(rig, moves_along=1.0, weight=1.0):
    """A mesh whose lower half hangs on the jaw, with a jawOpen key that goes the bone's way."""
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (60, 3)) + (0, -1, 0.5)
    mesh = bpy.data.meshes.new("Mesh")
    mesh.from_pydata(points.tolist(), [], [])
    ob = bpy.data.objects.new("Mesh", mesh)
    bpy.context.scene.collection.objects.link(ob)
    ob.modifiers.new("Armature", "ARMATURE").object = rig
    group = ob.vertex_groups.new(name="jaw")
    lower = np.flatnonzero(points[:, 2] < 0.5)
    group.add(lower.tolist(), weight, "REPLACE")
    other = ob.vertex_groups.new(name="lips.L")
    other.add(np.flatnonzero(points[:, 2] >= 0.5).tolist(), 1.0, "REPLACE")
    ob.shape_key_add(name="Basis")
    key = ob.shape_key_add(name="jawOpen")
    bone = rig.data.bones["jaw"].matrix_local
    turn = np.array(bone @ rotation_x(20) @ bone.inverted())
    gone = points @ turn[:3, :3].T + turn[:3, 3] - points
    moved = points.copy()
    moved[lower] += moves_along * gone[lower]
    if not moves_along:  # a mending key: across the bone's way
        moved[lower] += np.cross(gone[lower], (0, 0, 1)) * 0.2
    key.data.foreach_set("co", moved.astype(np.float32).ravel())
    return ob


def rotation_x(degrees):
    from mathutils import Matrix

    return Matrix.Rotation(radians(degrees), 4, "X")


def plan(rig, ob):
    mapping = Mapping(
        {"jawOpen": Row((KeyDrive("jawOpen"), BoneDrive("jaw", "rotation", "X", 20.0)))}
    )
    target = KeyTarget(ob.data.shape_keys, ob, mapping)
    target.entries = [KeyEntry(ob.name, "jawOpen", "jawOpen", "mapped")]
    return target, find_moves(mapping, [ob])


@pytest.mark.parametrize(("share", "is_left_out"), [(1.0, True), (0.6, True), (0.0, False)])
def test_a_key_that_goes_the_jaw_bones_way_is_left_out_and_one_that_mends_is_not(
    rig, share, is_left_out
):
    ob = make_jaw_mesh(rig, share)
    target, moves = plan(rig, ob)
    said = leave_out_doubled([target], moves)
    assert len(said) == is_left_out
    assert only(target.entries).status == ("left-out" if is_left_out else "mapped")
    if is_left_out:
        assert "twice" in said[0]
        assert 'bone "jaw"' in only(target.entries).reason


def test_a_key_of_a_mesh_that_the_bone_does_not_move_stays(rig):
    ob = make_jaw_mesh(rig)
    ob.vertex_groups["jaw"].name = "nothing"
    target, moves = plan(rig, ob)
    assert leave_out_doubled([target], moves) == []


def test_a_bone_below_the_jaw_counts_as_moved_by_it(rig):
    ob = make_jaw_mesh(rig)
    ob.vertex_groups["lips.L"].name = "none"
    ob.vertex_groups["jaw"].name = "lips.L"
    target, moves = plan(rig, ob)
    assert len(leave_out_doubled([target], moves)) == 1
