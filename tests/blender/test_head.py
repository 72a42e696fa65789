# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped head: 52 keys that do what ARKit's names say, on both sides alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from facewright.engine.core.arkit import NAMES, mirror_name  # noqa: E402
from facewright.engine.retarget.head_asset import load_asset  # noqa: E402
from facewright.scene.head import create_head  # noqa: E402
from facewright.scene.portrait_stage import (  # noqa: E402
    create_portrait_stage,
    use_portrait_render,
)
from mathutils.bvhtree import BVHTree  # noqa: E402

MM = 0.001


@pytest.fixture
def head():
    return create_head(bpy.context)


@pytest.fixture(scope="module")
def asset():
    return load_asset()


@pytest.fixture(scope="module")
def partner(asset):
    """Index of each vertex's mirror partner, within its part's mirror image."""
    points = asset.vertices.astype(np.float64)
    flipped = points * (-1, 1, 1)
    found = np.empty(len(points), int)
    for start in range(0, len(points), 512):
        block = flipped[start : start + 512]
        found[start : start + 512] = ((block[:, None] - points) ** 2).sum(-1).argmin(1)
    return found


def posed(asset, **weights):
    return asset.vertices + sum(asset.deltas[name] * value for name, value in weights.items())


def part(asset, name):
    return slice(*asset.parts[name])


def skin_tree(asset, points):
    """The skin in this pose, for rays."""
    first, end = asset.parts["skin"]
    starts = np.concatenate([[0], np.cumsum(asset.face_sizes)])
    faces = [
        asset.face_vertices[a:b].tolist()
        for a, b in pairwise(starts)
        if first <= asset.face_vertices[a] < end
    ]
    return BVHTree.FromPolygons(points.tolist(), faces)


def open_height(asset, points, x, heights, depth):
    """Length of the rows at ``x`` where no skin lies between the viewer and y = ``depth``."""
    tree = skin_tree(asset, points)
    step, open_rows = 0.0002, 0
    for z in np.arange(*heights, step):
        place, *_ = tree.ray_cast((float(x), -0.4, float(z)), (0.0, 1.0, 0.0))
        open_rows += place is None or place.y > depth
    return open_rows * step


def lip_gap(asset, points):
    """Height of the opening between the lips at the middle line, metres."""
    inside = asset.vertices[part(asset, "upper_teeth"), 1].min() + 20 * MM
    return open_height(asset, points, 0.0005, (-0.065, -0.005), inside)


def eye_opening(asset, points, side):
    """Height of the eyeball that shows between the lids at its middle, metres."""
    eye = asset.vertices[part(asset, f"eye_{side}")]
    x, _, z = eye.mean(0)
    return open_height(asset, points, x, (z - 0.015, z + 0.015), eye[:, 1].min() + 4 * MM)


def test_the_keys_are_the_52_in_arkit_order_all_at_zero(head):
    keys = head.data.shape_keys.key_blocks
    assert tuple(key.name for key in keys[1:]) == NAMES
    assert [key.value for key in keys[1:]] == [0.0] * len(NAMES)


def test_every_key_moves_the_face_visibly(asset):
    for name in NAMES:
        assert np.linalg.norm(asset.deltas[name], axis=1).max() > 1.5 * MM, name


def test_the_mesh_is_light_and_life_size(head):
    assert len(head.data.vertices) < 20_000
    assert 0.18 < max(head.dimensions) < 0.40


def test_the_evaluated_mesh_is_the_basis_plus_weighted_deltas(head, asset):
    weights = {"jawOpen": 0.5, "mouthSmileLeft": 0.8, "eyeBlinkRight": 1.0}
    for name, value in weights.items():
        head.data.shape_keys.key_blocks[name].value = value
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    points = np.empty(len(evaluated.vertices) * 3, np.float32)
    evaluated.vertices.foreach_get("co", points)
    assert np.abs(points.reshape(-1, 3) - posed(asset, **weights)).max() < 0.01 * MM


def test_the_head_bone_carries_the_face_and_leaves_the_neck(head):
    rig = head.parent
    assert {"neck", "head"} <= set(rig.data.bones.keys())
    bone = rig.pose.bones["head"]
    bone.rotation_mode = "XYZ"
    before = np.array([v.co for v in head.data.vertices])
    bone.rotation_euler.y = 0.3  # about the bone, which points up
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    after = np.array([v.co for v in evaluated.vertices])
    moved = np.linalg.norm(after - before, axis=1)
    assert moved[before[:, 1].argmin()] > 10 * MM, "the tip of the nose turns"
    assert moved[before[:, 2].argmin()] < 0.5 * MM, "the base of the neck stays"


def test_left_keys_are_mirror_images_of_right_keys(asset, partner):
    flipped = asset.vertices * (-1, 1, 1)
    assert np.abs(asset.vertices[partner] - flipped).max() < 0.05 * MM
    for name in NAMES:
        image = asset.deltas[name][partner] * (-1, 1, 1)
        difference = np.abs(image - asset.deltas[mirror_name(name)]).max()
        assert difference < 0.1 * MM, name


def test_left_is_the_actors_left(asset):
    for name in ("eyeBlinkLeft", "mouthSmileLeft", "browDownLeft", "noseSneerLeft"):
        length = np.linalg.norm(asset.deltas[name], axis=1)
        assert asset.vertices[length.argmax(), 0] > 0, name
    jaw = asset.deltas["jawLeft"][part(asset, "lower_teeth")]
    assert (jaw[:, 0] > 3 * MM).all()


def test_the_neutral_lips_are_closed_and_jaw_open_parts_them(asset):
    assert lip_gap(asset, asset.vertices) < 0.6 * MM
    assert lip_gap(asset, posed(asset, jawOpen=1.0)) > 20 * MM


def test_mouth_close_shuts_the_lips_over_an_open_jaw(asset):
    for amount in (0.5, 1.0):
        shut = posed(asset, jawOpen=amount, mouthClose=amount)
        assert lip_gap(asset, shut) < 0.6 * MM
        chin = asset.parts["lower_teeth"][0]
        assert np.linalg.norm(shut[chin] - asset.vertices[chin]) > 5 * MM, "the jaw stays down"


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_blink_closes_the_open_lids(asset, side):
    assert 7 * MM < eye_opening(asset, asset.vertices, side) < 13 * MM
    blink = {f"eyeBlink{side.capitalize()}": 1.0}
    assert eye_opening(asset, posed(asset, **blink), side) < 0.5 * MM


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75, 1.0])
def test_the_eyeball_never_comes_through_the_lids(asset, weight):
    points = posed(asset, eyeBlinkLeft=weight)
    eye = points[part(asset, "eye_left")]
    centre = (eye.max(0) + eye.min(0)) / 2
    radius = np.ptp(eye[:, 0]) / 2
    skin = points[part(asset, "skin")]
    length = np.linalg.norm(asset.deltas["eyeBlinkLeft"][part(asset, "skin")], axis=1)
    neutral = asset.vertices[part(asset, "skin")]
    # The lining of the lids touches the eyeball; what counts is the skin that is seen.
    outside = np.linalg.norm(neutral - centre, axis=1) > radius + 1.5 * MM
    lids = skin[(length > 4 * MM) & (neutral[:, 1] < centre[1] - 0.011) & outside]
    assert len(lids) > 20
    assert (np.linalg.norm(lids - centre, axis=1) > radius).all()


def test_the_gaze_keys_turn_the_eyeballs(asset):
    eye = part(asset, "eye_left")
    pupil = asset.parts["eye_left"][0]  # the pole of the sphere
    assert asset.vertices[pupil, 1] == asset.vertices[eye, 1].min()
    assert asset.deltas["eyeLookUpLeft"][pupil, 2] > 4 * MM
    assert asset.deltas["eyeLookDownLeft"][pupil, 2] < -4 * MM
    assert asset.deltas["eyeLookOutLeft"][pupil, 0] > 5 * MM
    assert asset.deltas["eyeLookInLeft"][pupil, 0] < -5 * MM


def test_the_lower_teeth_and_tongue_follow_the_jaw_and_the_upper_teeth_stay(asset):
    for name in ("jawOpen", "jawForward", "jawLeft", "jawRight"):
        delta = asset.deltas[name]
        assert not delta[part(asset, "upper_teeth")].any(), name
        for lower in ("lower_teeth", "lower_gum", "tongue"):
            assert np.linalg.norm(delta[part(asset, lower)], axis=1).max() > 5 * MM, (name, lower)
    assert (asset.deltas["jawOpen"][part(asset, "lower_teeth"), 2] < 0).all()


def test_the_tongue_comes_out_past_the_lips(asset):
    points = posed(asset, jawOpen=0.7, tongueOut=1.0)
    skin = points[part(asset, "skin")]
    tip = points[part(asset, "tongue")][points[part(asset, "tongue"), 1].argmin()]
    below = skin[(np.abs(skin[:, 0]) < 0.01) & (skin[:, 2] < tip[2] + 0.005)]
    assert tip[1] < below[:, 1].min() - 8 * MM, "in front of the lower lip"


def test_add_head_places_the_head_at_the_cursor_and_selects_it():
    from facewright.operators.head import CLASSES

    for cls in CLASSES:
        bpy.utils.register_class(cls)
    try:
        bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
        assert bpy.ops.facewright.add_head() == {"FINISHED"}
        head = bpy.context.object
        bpy.context.view_layer.update()
        assert head.type == "MESH"
        assert head.select_get()
        assert tuple(head.matrix_world.translation) == pytest.approx((1.0, 2.0, 3.0))
    finally:
        for cls in CLASSES:
            bpy.utils.unregister_class(cls)


def test_the_stage_frames_the_head_and_renders_a_picture(head, tmp_path):
    scene = bpy.context.scene
    camera = create_portrait_stage(bpy.context, head)
    assert scene.camera == camera
    use_portrait_render(scene, size=48, samples=1)
    scene.render.filepath = str(tmp_path / "head.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(tmp_path / "head.png"))
    pixels = np.array(image.pixels[:]).reshape(48, 48, 4)
    middle, corner = pixels[20:28, 20:28, :3].mean((0, 1)), pixels[44:, :4, :3].mean((0, 1))
    assert middle[0] > corner[0] + 0.1, "skin in the middle, grey background in the corner"
