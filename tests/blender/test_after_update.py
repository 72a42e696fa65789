# SPDX-License-Identifier: GPL-3.0-or-later
"""After the fact: a take written again with other settings, where its result is."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN, PLAIN_SETTINGS, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.types import Observations
from facewright.engine.takes.take_file import TakeWriter
from facewright.scene import keyframes
from facewright.scene.apply import apply_track
from facewright.scene.face_blocks import animated_blocks
from facewright.scene.nla_layers import add_layer, push_down
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.update_result import has_strips, update_result

KEYS = ["jawOpen", "mouthPucker"]
COUNT = 10
RAMP = np.linspace(0, 0.5, COUNT)


@pytest.fixture
def take(tmp_path):
    """A take whose jaw opens half-way while the head turns to 20 degrees."""
    head = np.zeros((COUNT, 3))
    head[:, 1] = 40 * RAMP
    times = np.arange(COUNT) / 30
    seen = replace(Observations.empty(np.arange(COUNT), times), valid=np.ones(COUNT, bool))
    header = {
        "created": "2026-11-21T12:00:00+00:00",
        "source": {
            "kind": "video",
            "file": "clip.mp4",
            "path": "",
            "sha256": "a" * 64,
            "rate": [30, 1],
            "has_audio": False,
        },
        "sound": None,
        "settings": {"face": 0},
        "state": "complete",
    }
    file = tmp_path / "shot.fwtake"
    weights = {"jawOpen": RAMP, "mouthPucker": RAMP}
    with TakeWriter(file, header) as take:
        take.append(seen, make_track(times, weights, head_deg=head))
    return file


def settings(**gain):
    return replace(
        PLAIN_SETTINGS,
        filters=replace(PLAIN, gain=gain),
        pose=PoseSettings(head_object="Head"),
    )


@pytest.fixture
def face(scene, take):
    scene.collection.objects.link(bpy.data.objects.new("Head", None))
    face = make_face(keys=KEYS)
    update_result(scene, take, [face], settings())
    return face


def shown(face, key, frame):
    bpy.context.scene.frame_set(frame)
    keys = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks[key].value


def head_turn(frame):
    bpy.context.scene.frame_set(frame)
    return np.degrees(np.abs(bpy.data.objects["Head"].rotation_euler).max())


def test_gains_and_the_heads_amount_change_without_a_strip(scene, take, face):
    old = face.data.shape_keys.animation_data.action
    assert head_turn(COUNT) == pytest.approx(20, abs=0.01)
    update_result(scene, take, [face], settings(jaw=2.0, head=0.5))
    assert shown(face, "jawOpen", COUNT) == pytest.approx(1.0)
    assert shown(face, "mouthPucker", COUNT) == pytest.approx(0.5)
    assert head_turn(COUNT) == pytest.approx(10, abs=0.01)
    assert old.use_fake_user and old.name in bpy.data.actions


def test_below_a_layer_the_take_changes_and_the_layer_stays(scene, take, face):
    pose = PoseSettings(head_object="Head")
    add_layer(animated_blocks(scene, [face], pose))
    keys = face.data.shape_keys
    scene.frame_set(5)
    keys.key_blocks["mouthPucker"].value += 0.25
    keys.key_blocks["mouthPucker"].keyframe_insert("value", frame=5)
    layer = keys.animation_data.action
    strip = keys.animation_data.nla_tracks[0].strips[0]
    strip.blend_in, old = 2.0, strip.action
    assert has_strips(animated_blocks(scene, [face], pose), "shot")
    update_result(scene, take, [face], settings(jaw=2.0, mouth=0.5))
    data = keys.animation_data
    assert data.action == layer and data.action_blend_type == "COMBINE"
    strip = data.nla_tracks[0].strips[0]
    assert strip.action != old and old.name in bpy.data.actions
    assert (strip.frame_start, strip.frame_end, strip.blend_in) == (1, COUNT, 2.0)
    assert len(data.nla_tracks) == 1
    strip.blend_in = 0.0
    for frame in (1, 5, COUNT):
        measured = RAMP[frame - 1]
        assert shown(face, "jawOpen", frame) == pytest.approx(2 * measured, abs=1e-4)
        assert shown(face, "mouthPucker", frame) == pytest.approx(measured / 2 + 0.25, abs=1e-4)
    assert head_turn(COUNT) == pytest.approx(20, abs=0.01)


def test_a_strip_of_several_takes_is_left_alone(scene, take, face):
    mixed = replace(PLAIN_SETTINGS, onto_existing=True, regions=frozenset({"jaw"}))
    track = make_track(np.arange(COUNT) / 30, {"jawOpen": RAMP})
    apply_track(scene, track, [face], mixed, take_name="other")
    push_down(animated_blocks(scene, [face], PoseSettings(head_object="Head")))
    with pytest.raises(FacewrightError) as caught:
        update_result(scene, take, [face], settings())
    assert caught.value.code == "result-comped"


def test_a_failure_leaves_everything_as_it_was(scene, take, face):
    push_down(animated_blocks(scene, [face], PoseSettings(head_object="Head")))
    keys = face.data.shape_keys
    action = keyframes.create_action("Mine")
    slot, _ = keyframes.add_curves(action, keys)
    keyframes.assign(keys, action, slot)
    strip = keys.animation_data.nla_tracks[0].strips[0]
    before = strip.action
    with pytest.raises(FacewrightError):
        update_result(scene, take.with_name("gone.fwtake"), [face], settings())
    with pytest.raises(FacewrightError) as caught:
        update_result(scene, take, [face], replace(settings(), span=(5, 2)))
    assert caught.value.code == "span-reversed"
    assert strip.action == before and keys.animation_data.action == action
    assert not action.use_fake_user
