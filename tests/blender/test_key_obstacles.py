# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are driven, locked, muted, too narrow, linked or overridden."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes
from facewright.scene.apply import apply_track
from facewright.scene.targets import key_path

KEYS = ["jawOpen", "mouthPucker", "mouthFunnel", "cheekPuff"]


def _track(value=0.5):
    return make_track(np.arange(4) / 30, dict.fromkeys(KEYS, value))


def _path(name):
    return (f'key_blocks["{name}"].value', 0)


def test_driven_and_locked_keys_are_left_alone_and_muted_ones_written_all_reported(scene):
    face = make_face(keys=KEYS)
    keys = face.data.shape_keys
    keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.125"
    keys.key_blocks["mouthPucker"].lock_shape = True
    keys.key_blocks["mouthFunnel"].mute = True
    report = apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert set(curve_keys(keys)) == {_path("mouthFunnel"), _path("cheekPuff")}
    entries = {entry.arkit: entry for entry in report.entries}
    assert [entries[name].status for name in KEYS] == ["driven", "locked", "muted", "mapped"]
    assert all(entries[name].reason for name in KEYS[:3])
    assert report.mapped == 2
    scene.frame_set(2)
    assert keys.key_blocks["jawOpen"].value == pytest.approx(0.125)


def test_nothing_writable_is_an_error_that_changes_nothing(scene):
    face = make_face(keys=["jawOpen"])
    face.data.shape_keys.key_blocks["jawOpen"].lock_shape = True
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert caught.value.code == "nothing-writable"
    assert not bpy.data.actions


def test_sliders_are_widened_for_stronger_weights_so_that_they_show(scene):
    face = make_face(keys=KEYS)
    report = apply_track(scene, _track(1.5), [face], PLAIN_SETTINGS, take_name="T")
    block = face.data.shape_keys.key_blocks["jawOpen"]
    scene.frame_set(3)
    assert (block.slider_max, block.value) == (1.5, 1.5)
    entry = next(e for e in report.entries if e.arkit == "jawOpen")
    assert entry.status == "widened"
    assert "1.50" in entry.reason


def test_weights_are_clipped_to_the_slider_on_request(scene):
    face = make_face(keys=KEYS)
    settings = replace(PLAIN_SETTINGS, range_policy="CLIP")
    report = apply_track(scene, _track(1.5), [face], settings, take_name="T")
    keys = face.data.shape_keys
    assert keys.key_blocks["jawOpen"].slider_max == 1
    assert curve_keys(keys)[_path("jawOpen")][:, 1].tolist() == [1, 1, 1, 1]
    assert {e.status for e in report.entries if e.arkit in KEYS} == {"clipped"}


def test_the_exact_name_wins_and_the_other_spelling_is_reported(scene):
    face = make_face(keys=["JawOpen", "jawOpen"])
    report = apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    entry = next(e for e in report.entries if e.arkit == "jawOpen")
    assert (entry.key, entry.status) == ("jawOpen", "duplicate")
    assert '"JawOpen"' in entry.reason
    assert set(curve_keys(face.data.shape_keys)) == {_path("jawOpen")}


def test_a_data_path_finds_its_key_whatever_the_name(scene):
    names = ['say "ah"', "back\\slash", "dot.ted]", "Ünï"]
    face = make_face(keys=names)
    for name in names:
        face.data.shape_keys.key_blocks[name].value = 0.5
        assert face.data.shape_keys.path_resolve(key_path(name)) == 0.5
        face.data.shape_keys.key_blocks[name].value = 0.0


def test_absolute_shape_keys_are_refused_because_they_have_no_values(scene):
    face = make_face(keys=KEYS)
    face.data.shape_keys.use_relative = False
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert caught.value.code == "absolute-keys"
    assert not bpy.data.actions


def test_a_pinned_shape_key_is_told_because_nothing_would_move(scene):
    face = make_face(keys=KEYS)
    face.show_only_shape_key = True
    report = apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert any("pin" in warning for warning in report.warnings)


def test_an_action_being_tweaked_in_the_nla_is_not_replaced(scene):
    face = make_face(keys=KEYS)
    apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="Old")
    data = face.data.shape_keys.animation_data
    action = data.action
    data.action = None
    data.nla_tracks.new().strips.new("Strip", 1, action)
    data.nla_tracks[0].select = True
    data.nla_tracks.active = data.nla_tracks[0]
    data.nla_tracks[0].strips[0].select = True
    data.use_tweak_mode = True
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert caught.value.code == "nla-tweak-mode"


def _link_face(tmp_path):
    """Writes a file with a face, opens an empty one and links the face into it."""
    make_face(keys=KEYS)
    library = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=library)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["Face"]
    face = wanted.objects[0]
    bpy.context.scene.collection.objects.link(face)
    return face


def test_a_linked_face_is_refused_in_words(tmp_path):
    face = _link_face(tmp_path)
    with pytest.raises(FacewrightError) as caught:
        apply_track(bpy.context.scene, _track(), [face], PLAIN_SETTINGS, take_name="T")
    assert caught.value.code == "linked-data"
    assert '"Face"' in caught.value.message
    assert not bpy.data.actions


def test_an_overridden_face_takes_keys_that_survive_saving(tmp_path):
    linked = _link_face(tmp_path)
    scene = bpy.context.scene
    scene.render.fps = 30
    face = linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    face.data.override_create(remap_local_usages=True)
    report = apply_track(scene, _track(1.5), [face], PLAIN_SETTINGS, take_name="T")
    # A widened slider would be lost with an override, so the weights are clipped.
    assert {e.status for e in report.entries if e.arkit in KEYS} == {"clipped"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    face = next(ob for ob in bpy.context.scene.objects if ob.override_library)
    assert keyframes.current_action(face.data.shape_keys).name == "T"
    bpy.context.scene.frame_set(3)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 1
