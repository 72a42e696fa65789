# SPDX-License-Identifier: GPL-3.0-or-later
"""Least-squares retarget on characters: split keys, visemes alone; takes, live preview and back."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, evaluated_points, make_track
from facewright.engine.core.arkit import INDEX
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.head_asset import load_asset
from facewright.engine.retarget.mapping import Mapping
from facewright.properties import retarget as retarget_properties
from facewright.scene.apply import apply_track
from facewright.scene.face_reader import FaceReader
from facewright.scene.fitting import fit_character
from facewright.scene.live_rig import LiveRig
from facewright.scene.mapping_store import store_mapping, stored_mapping
from facewright.scene.pose_channels import PoseSettings

LIP_GAP = -0.031
MM = 0.001
# Names that say nothing, so that no name is matched.
SPLIT = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight")
VISEMES = {
    "sound 1": {"jawOpen": 0.7},
    "sound 2": {"jawOpen": 0.3, "mouthStretchLeft": 0.5, "mouthStretchRight": 0.5},
    "sound 3": {"jawOpen": 0.4, "mouthFunnel": 0.7},
    "sound 4": {"jawOpen": 0.1, "mouthPucker": 0.8},
    "sound 5": {"mouthPressLeft": 0.7, "mouthPressRight": 0.7, "mouthRollLower": 0.4},
    "sound 6": {"mouthRollLower": 0.8, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
}


@pytest.fixture(scope="module")
def asset():
    return load_asset()


@pytest.fixture(autouse=True)
def properties():
    for cls in retarget_properties.CLASSES:
        bpy.utils.register_class(cls)
    retarget_properties.add_pointers()
    yield
    retarget_properties.remove_pointers()
    for cls in reversed(retarget_properties.CLASSES):
        bpy.utils.unregister_class(cls)


def skin_faces(asset):
    """Polygons of the skin."""
    ends = np.cumsum(asset.face_sizes)
    count = asset.parts["skin"][1]
    faces = [asset.face_vertices[e - s : e] for s, e in zip(asset.face_sizes, ends, strict=True)]
    return [face.tolist() for face in faces if face.max() < count]


def make_character(asset, keys, name="Character"):
    """The shipped head's skin with other keys."""
    count = asset.parts["skin"][1]
    points = asset.vertices[:count]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], skin_faces(asset))
    ob = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(ob)
    ob.shape_key_add(name="Basis")
    for key, moves in keys.items():
        block = ob.shape_key_add(name=key)
        block.value = 0.0
        block.data.foreach_set("co", (points + moves[:count]).astype(np.float32).ravel())
    bpy.context.view_layer.update()
    return ob


def split_keys(asset):
    """Quarters of shapes, in an order that says nothing."""
    x, z = asset.vertices[:, 0], asset.vertices[:, 2]
    left, upper = 1 / (1 + np.exp(-x / 0.004)), 1 / (1 + np.exp(-(z - LIP_GAP) / 0.004))
    keys = {}
    for n, name in enumerate(SPLIT):
        for m, share in enumerate(
            (left * upper, (1 - left) * upper, left * (1 - upper), (1 - left) * (1 - upper))
        ):
            keys[f"Key {n + 5 * m}"] = asset.deltas[name] * share[:, None]
    return keys


def viseme_keys(asset):
    return {
        key: sum(weight * asset.deltas[name] for name, weight in recipe.items())
        for key, recipe in VISEMES.items()
    }


def truth(asset, weights):
    """Where the skin's vertices are while the channels have these weights."""
    moved = sum(weight * asset.deltas[name] for name, weight in weights.items())
    return (asset.vertices + moved)[: asset.parts["skin"][1]]


def shown(ob, scene, frame):
    scene.frame_set(frame)
    return evaluated_points(ob)


def apply(scene, ob, **weights):
    """One pose over ten frames."""
    track = make_track(np.arange(10) / 30, {name: [w] * 10 for name, w in weights.items()})
    return apply_track(scene, track, [ob], PLAIN_SETTINGS, take_name="fit")


def test_quarters_of_shapes_are_put_together_to_the_tenth_of_a_millimetre(scene, asset):
    ob = make_character(asset, split_keys(asset))
    source = make_character(asset, asset.deltas, "Source")
    mapping, report = fit_character([ob], [source], everything=True, smoothness=0.0)
    store_mapping(ob, mapping)
    assert len(report.keys) >= 18 and report.missed == 0
    assert max(report.channels[name] for name in SPLIT) < 0.02
    weights = {"jawOpen": 0.6, "mouthFunnel": 0.3, "mouthSmileLeft": 0.8}
    result = apply(scene, ob, **weights)
    assert result.objects == ["Character"]
    apart = np.linalg.norm(shown(ob, scene, 5) - truth(asset, weights), axis=1)
    assert apart.max() < 0.3 * MM and apart.mean() < 0.03 * MM


def test_the_shipped_head_is_found_without_landmarks(scene, asset):
    ob = make_character(asset, split_keys(asset))
    ob.location, ob.scale = (0.3, -1, 1.6), (1.2, 1.2, 1.2)
    bpy.context.view_layer.update()
    mapping, report = fit_character([ob], everything=True)
    assert report.missed < 0.25 and not report.warnings
    assert {name for name in SPLIT if report.channels[name] < 0.35} == set(SPLIT)
    store_mapping(ob, mapping)
    weights = {"jawOpen": 0.6, "mouthSmileLeft": 0.8}
    apply(scene, ob, **weights)
    rest = asset.vertices[: asset.parts["skin"][1]]
    missed = np.linalg.norm(shown(ob, scene, 5) - truth(asset, weights))
    assert missed < 0.35 * np.linalg.norm(truth(asset, weights) - rest)


def test_visemes_alone_come_nearer_than_one_key_for_each_channel(scene, asset):
    ob = make_character(asset, viseme_keys(asset))
    mapping, report = fit_character([ob], [make_character(asset, asset.deltas, "Source")])
    store_mapping(ob, mapping)
    weights = {"jawOpen": 0.5, "mouthPucker": 0.4, "mouthPressLeft": 0.3, "mouthPressRight": 0.3}
    rest = asset.vertices[: asset.parts["skin"][1]]
    wanted = truth(asset, weights)
    apply(scene, ob, **weights)
    keys = ob.data.shape_keys
    fitted = np.linalg.norm(shown(ob, scene, 5) - wanted)
    values = [block.value for block in keys.key_blocks[1:]]
    assert min(values) >= 0 and max(values) <= 1
    keys.animation_data.action = None
    for key, value in zip(keys.key_blocks[1:], (0.5, 0, 0, 0.4, 0.3, 0), strict=True):
        key.value = value
    bpy.context.view_layer.update()
    plain = np.linalg.norm(evaluated_points(ob) - wanted)
    assert fitted < 0.45 * np.linalg.norm(wanted - rest)
    assert fitted < 0.8 * plain
    assert report.channels["jawOpen"] < 0.05 and "browInnerUp" not in report.channels


def test_a_live_preview_and_the_way_back_use_the_fit(scene, asset):
    ob = make_character(asset, split_keys(asset))
    source = make_character(asset, asset.deltas, "Source")
    store_mapping(ob, fit_character([ob], [source], everything=True)[0])
    weights = {"jawOpen": 0.5, "mouthSmileRight": 0.7}
    row = make_track([0.0], {name: [w] for name, w in weights.items()})
    rig = LiveRig(scene, [ob], PoseSettings())
    rig.begin()
    rig.show(row)
    bpy.context.view_layer.update()
    apart = np.linalg.norm(evaluated_points(ob) - truth(asset, weights), axis=1)
    assert apart.max() < 0.5 * MM
    reader = FaceReader(scene, [ob], PoseSettings())
    read = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0).weights[0]
    for name, weight in weights.items():
        assert read[INDEX[name]] == pytest.approx(weight, abs=0.03)
    assert read[INDEX["jawForward"]] < 0.05
    rig.end()


def test_a_mapping_with_a_fit_is_kept_on_the_object(scene, asset):
    ob = make_character(asset, viseme_keys(asset))
    mapping, _ = fit_character([ob], [make_character(asset, asset.deltas, "Source")])
    store_mapping(ob, mapping)
    assert stored_mapping([ob]).fit == mapping.fit
    store_mapping(ob, Mapping())
    assert not ob.facewright_mapping.fit


def test_channels_with_their_own_keys_keep_them(scene, asset):
    keys = viseme_keys(asset) | {"eyeBlinkLeft": asset.deltas["eyeBlinkLeft"]}
    ob = make_character(asset, keys)
    source = make_character(asset, asset.deltas, "Source")
    mapping, report = fit_character([ob], [source])
    assert report.kept == ("eyeBlinkLeft",)
    assert "eyeBlinkLeft" not in mapping.fit.keys
    assert [d.key for d in mapping.rows["eyeBlinkLeft"].drives] == ["eyeBlinkLeft"]
    store_mapping(ob, mapping)
    apply(scene, ob, eyeBlinkLeft=0.6, jawOpen=0.5)
    scene.frame_set(5)
    values = {block.name: block.value for block in ob.data.shape_keys.key_blocks}
    assert values["eyeBlinkLeft"] == pytest.approx(0.6)
    assert values["sound 1"] == pytest.approx(0.5 / 0.7, abs=0.1)


def test_what_cannot_be_fitted_is_told(scene, asset):
    source = make_character(asset, asset.deltas, "Source")
    with pytest.raises(FacewrightError) as caught:
        fit_character([source])
    assert caught.value.code == "fit-needless"
    plain = make_character(asset, {}, "Plain")
    with pytest.raises(FacewrightError) as caught:
        fit_character([plain])
    assert caught.value.code == "no-shape-keys"
    ob = make_character(asset, viseme_keys(asset))
    with pytest.raises(FacewrightError) as caught:
        fit_character([ob], [make_character(asset, viseme_keys(asset), "Other")])
    assert caught.value.code == "fit-source"


def test_driven_and_locked_keys_take_no_part(scene, asset):
    ob = make_character(asset, viseme_keys(asset))
    blocks = ob.data.shape_keys.key_blocks
    blocks["sound 1"].driver_add("value").driver.expression = "0"
    blocks["sound 2"].lock_shape = True
    mapping, _ = fit_character([ob], [make_character(asset, asset.deltas, "Source")])
    assert set(mapping.fit.keys) == {"sound 3", "sound 4", "sound 5", "sound 6"}
