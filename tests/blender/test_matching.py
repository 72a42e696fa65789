# SPDX-License-Identifier: GPL-3.0-or-later
"""Matching a character as it stands in a scene."""

from __future__ import annotations

import bpy
import pytest

pytest.importorskip("facewright")

from facewright.engine.core.arkit import NAMES, mirror_name
from facewright.scene.head import create_head
from facewright.scene.match_report import report_match
from facewright.scene.matching import find_match


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
