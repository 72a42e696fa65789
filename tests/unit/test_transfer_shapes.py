# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole transfer, onto a head of other topology whose right shapes are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer_targets import other_head

from engine.core.arkit import NAMES, mirror_name
from engine.core.errors import FacewrightError
from engine.core.progress import Cancelled, Progress
from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.anatomy import examine
from engine.retarget.transfer.landmarks import NAMED
from engine.retarget.transfer.request import MeshPart, TransferRequest
from engine.retarget.transfer.transfer import transfer_shapes


@pytest.fixture(scope="module")
def target():
    return other_head()


@pytest.fixture(scope="module")
def result(target):
    request = TransferRequest((target.part,), target.guess, symmetric=True, amounts="shipped")
    return transfer_shapes(request)


def shape(result, name):
    return result.deltas["head"][name].astype(np.float64)


def error(got, own):
    length = np.linalg.norm(own, axis=1)
    moved = length > 0.05 * length.max()
    return np.linalg.norm(got - own, axis=1)[moved].mean() / length[moved].mean()


def test_the_shapes_are_near_the_heads_own(target, result):
    errors = {name: error(shape(result, name), target.own[name]) for name in NAMES}
    assert np.mean(list(errors.values())) < 0.12
    assert max(errors.values()) < 0.35


def test_lips_touch_and_lids_meet(result):
    """In face widths: a tenth of a millimetre on a person is 0.001."""
    assert result.contacts["lip_crossing"] < 0.006
    assert result.contacts["lips_closed"] < 0.01
    assert result.contacts["lid_gap"] < 0.01
    assert result.contacts["lid_in_eye"] < 0.002


def test_closed_lids_cover_the_eyeball(target, result):
    """From the front no ray through the middle of the opening meets the eyeball first."""
    from engine.retarget.transfer.surface import triangulate
    from engine.retarget.transfer.zbuffer import draw, view_from

    anatomy = examine([target.part])
    moved = target.part.vertices + shape(result, "eyeBlinkLeft")
    triangles = triangulate(target.part.face_sizes, target.part.face_vertices)
    eye = next(e for e in anatomy.eyes if e.side > 0)
    balls = np.concatenate([target.parts["eye_left"], target.parts["eye_right"]])
    view = view_from(0, 0, eye.centre, 2.2 * eye.radius, 160)

    def seen_share(vertices):
        faces = draw(vertices, triangles, view).faces
        return np.isin(triangles[faces[faces >= 0], 0], balls).mean()

    assert seen_share(target.part.vertices) > 0.1
    assert seen_share(moved) < 0.004


def test_eyeballs_turn_as_they_are(target, result):
    rows = target.parts["eye_left"]
    before = target.part.vertices[rows]
    after = before + shape(result, "eyeLookOutLeft")[rows]
    some = np.arange(0, len(rows), 37)
    gaps = [np.linalg.norm(p[some][:, None] - p[some], axis=2) for p in (before, after)]
    assert np.allclose(*gaps, atol=1e-5)
    front = before[:, 1].argmin()
    assert after[front, 0] - before[front, 0] > 0.003
    assert not shape(result, "eyeLookOutRight")[rows].any()


def test_lower_teeth_follow_the_jaw_and_upper_ones_stay(target, result):
    moves = shape(result, "jawOpen")
    assert moves[target.parts["lower_teeth"], 2].mean() < -0.005
    assert not moves[target.parts["upper_teeth"]].any()
    assert np.linalg.norm(shape(result, "tongueOut")[target.parts["tongue"]], axis=1).max() > 0.02


def test_lashes_go_with_their_lid(target, result):
    lash = shape(result, "eyeBlinkLeft")[target.parts["lash_upper_l"], 2].mean()
    assert lash < -0.005
    assert not shape(result, "eyeBlinkLeft")[target.parts["lash_upper_r"]].any()


def test_symmetric_shapes_are_mirror_images(target, result):
    vertices = target.part.vertices
    from scipy.spatial import cKDTree

    rows = target.parts["skin"]
    tree = cKDTree(vertices[rows])
    gaps, partner = tree.query(vertices[rows] * [-1, 1, 1])
    # Only where a place belongs to one vertex alone: lips that touch share theirs.
    alone = (gaps < 1e-6) & (tree.query(vertices[rows], k=2)[0][:, 1] > 5e-4)
    for name in ("mouthSmileLeft", "eyeBlinkRight", "jawOpen", "jawLeft"):
        here = shape(result, name)[rows][alone]
        there = shape(result, mirror_name(name))[rows][partner[alone]] * [-1, 1, 1]
        assert np.abs(here - there).max() < 1e-5


def test_far_vertices_do_not_move(target, result):
    back = target.part.vertices[:, 1] > 0.07
    for name in NAMES:
        moves = shape(result, name)[back]
        assert np.abs(moves).max() < 0.001


def test_sides_are_the_characters(target, result):
    """Left is where x is positive, whatever the numbers of vertices are."""
    moves = np.linalg.norm(shape(result, "mouthSmileLeft"), axis=1)
    assert np.average(target.part.vertices[:, 0], weights=moves) > 0.01


def test_unit_and_place_do_not_matter(target, result):
    """A head in centimetres, elsewhere, gets a hundred times the displacement."""
    placed = target.part.vertices * 100 + [12.0, 30.0, 160.0]
    part = replace(target.part, vertices=placed)
    guess = replace(target.guess, points=target.guess.points * 100 + [12.0, 30.0, 160.0])
    names = ("jawOpen", "mouthClose", "mouthSmileLeft")
    again = transfer_shapes(TransferRequest((part,), guess, names=names))
    for name in names:
        ours = again.deltas["head"][name].astype(np.float64) / 100
        assert error(ours, shape(result, name)) < 0.05


def test_eyes_may_be_another_object(target):
    asset = load_asset()
    eyes = np.arange(asset.parts["eye_left"][0], asset.parts["eye_right"][1])
    polygons = np.split(asset.face_vertices, np.cumsum(asset.face_sizes)[:-1])

    def part(name, rows):
        number = np.full(len(asset.vertices), -1)
        number[rows] = np.arange(len(rows))
        own = [number[p] for p in polygons if (number[p] >= 0).all()]
        sizes = np.array([len(p) for p in own])
        return MeshPart(name, asset.vertices[rows], sizes, np.concatenate(own))

    skin = part("body", np.arange(*asset.parts["skin"]))
    from engine.retarget.transfer.landmarks import template_points

    names = ("eyeLookUpLeft", "eyeBlinkLeft")
    made = transfer_shapes(
        TransferRequest((skin, part("balls", eyes)), template_points(), names=names)
    )
    assert set(made.deltas["balls"]) == {"eyeLookUpLeft"}
    assert set(made.deltas["body"]) == set(names)


def test_placed_landmarks_are_enough(target):
    """No guess at all: the named points, placed by hand."""
    placed = {
        name: target.guess.points[number]
        for name, number in NAMED.items()
        if np.isfinite(target.guess.points[number]).all()
    }
    names = ("jawOpen", "mouthSmileLeft", "browInnerUp")
    made = transfer_shapes(TransferRequest((target.part,), None, placed, names=names))
    for name in names:
        assert error(made.deltas["head"][name], target.own[name]) < 0.4


def test_without_landmarks_it_says_which(target):
    with pytest.raises(FacewrightError, match="noseTip") as caught:
        transfer_shapes(TransferRequest((target.part,)))
    assert caught.value.code == "landmarks-missing"


def test_it_can_be_cancelled(target):
    calls = []

    def cancelled():
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(Cancelled):
        transfer_shapes(
            TransferRequest((target.part,), target.guess), Progress(is_cancelled=cancelled)
        )


def test_broken_meshes_are_refused(target):
    hole = replace(target.part, vertices=np.full_like(target.part.vertices, np.nan))
    with pytest.raises(FacewrightError) as caught:
        transfer_shapes(TransferRequest((hole,), target.guess))
    assert caught.value.code == "mesh-broken"
    beyond = replace(target.part, face_vertices=target.part.face_vertices + 1)
    with pytest.raises(FacewrightError, match="do not exist"):
        transfer_shapes(TransferRequest((beyond,), target.guess))
    empty = MeshPart("nothing", np.zeros((0, 3)), np.zeros(0, int), np.zeros(0, int))
    with pytest.raises(FacewrightError, match="nothing"):
        transfer_shapes(TransferRequest((empty,), target.guess))


def test_unknown_names_are_refused(target):
    with pytest.raises(FacewrightError, match="smile"):
        transfer_shapes(TransferRequest((target.part,), target.guess, names=("smile",)))


def test_the_report_is_plain(result):
    import json

    report = json.loads(json.dumps(result.report()))
    assert report["shapes"] == {"head": 52}
    assert report["roles"]["head"]["skin"] > 4000
