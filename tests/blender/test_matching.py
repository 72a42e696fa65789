# SPDX-License-Identifier: GPL-3.0-or-later
"""Matching a character as it stands in a scene."""

from __future__ import annotations

import bpy
import pytest

pytest.importorskip("facewright")

from faces import make_face
from facewright.engine.core.arkit import NAMES, mirror_name
from facewright.engine.core.errors import FacewrightError
from facewright.scene.head import create_head
from facewright.scene.match_report import report_match
from facewright.scene.matching import find_match
from facewright.scene.targets import find_targets


@pytest.fixture
def head(scene):
    return create_head(bpy.context)


def found(ob):
    bpy.context.view_layer.update()
    return {name: channel.drives[0].key for name, channel in find_match([ob]).channels.items()}


def rename(ob, names):
    blocks = ob.data.shape_keys.key_blocks[1:]
    for block in blocks:
        block.name = f"away {block.name}"
    for block, name in zip(blocks, names, strict=True):
        block.name = name


@pytest.mark.parametrize("turn", [(0, 0, 0.8), (0, 0, 3.1), (1.6, 0, 0)])
def test_how_a_character_stands_does_not_matter(head, turn):
    rename(head, [mirror_name(name) for name in NAMES])
    head.parent = None
    head.rotation_euler, head.scale = turn, (2, 2, 3)
    assert found(head) == {name: mirror_name(name) for name in NAMES}


@pytest.mark.parametrize("of_parent", [False, True])
def test_a_mirrored_characters_left_is_where_it_shows(scene, head, of_parent):
    head.parent = None
    if of_parent:
        above = bpy.data.objects.new("Above", None)
        scene.collection.objects.link(above)
        head.parent = above
        above.scale.x = -1
    else:
        head.scale.x = -1
    assert found(head) == {name: mirror_name(name) for name in NAMES}


def make_rigify_bones():
    """An armature with the bones of a Rigify face's names; nothing moves anything."""
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    ends = ("", ".001", ".002", ".003")
    lids = [f"lid.{row}.{side}{end}" for row in "TB" for side in "LR" for end in ends]
    for name in ("ORG-face", "jaw_master", "ORG-eye.L", "ORG-eye.R", "eye.L", "eye.R", *lids):
        rig.data.edit_bones.new(name).tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


@pytest.mark.parametrize("has_face_keys", [True, False])
def test_a_linked_rigify_rig_leaves_a_local_meshs_keys_to_be_used(tmp_path, has_face_keys):
    rig = make_rigify_bones()
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {rig})
    bpy.data.objects.remove(rig)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["Rig"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    face = make_face("Face", keys=["cheekPuff" if has_face_keys else "Fat"])
    face.modifiers.new("Armature", "ARMATURE").object = wanted.objects[0]
    if not has_face_keys:
        with pytest.raises(FacewrightError) as caught:
            find_targets([face])
        assert caught.value.code == "linked-data"
        return
    targets, mapping, warnings = find_targets([face])
    assert (len(targets), list(mapping.rows), mapping.poses) == (1, ["cheekPuff"], {})
    for told in (warnings, report_match([face]).notes):
        assert any('"Rig" is linked' in sentence for sentence in told)


def test_a_match_notices_what_is_edited(head):
    assert found(head)["jawOpen"] == "jawOpen"
    head.data.shape_keys.key_blocks["jawOpen"].name = "Jaw Drop"
    assert found(head)["jawOpen"] == "Jaw Drop"


def test_the_report_tells_every_channel_and_every_key(head):
    keys = head.data.shape_keys.key_blocks
    keys["cheekPuff"].mute = True
    keys["jawLeft"].lock_shape = True
    head.shape_key_add(name="Freckles")
    report = report_match([head])
    status = {entry.arkit: entry.status for entry in report.entries if entry.arkit}
    assert len(status) == 52
    assert (status["cheekPuff"], status["jawLeft"], status["jawOpen"]) == (
        "muted",
        "locked",
        "mapped",
    )
    assert [e.key for e in report.entries if e.status == "unused"] == ["Freckles"]
    assert report.mapped == 51
    assert report.to_wire()["map"]["jawOpen"] == [["jawOpen", 1.0]]
