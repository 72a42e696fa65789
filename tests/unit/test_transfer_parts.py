# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of a transfer, one by one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import FacewrightError
from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.anatomy import examine, fit_sphere
from engine.retarget.transfer.closest import NearestOnSurface
from engine.retarget.transfer.landmarks import NAMED, read_landmarks, template_points
from engine.retarget.transfer.registration import displacement_gain
from engine.retarget.transfer.request import MeshPart
from engine.retarget.transfer.sides import code
from engine.retarget.transfer.surface import Surface, triangulate, weld_seams
from engine.retarget.transfer.template import load_template
from engine.retarget.transfer.warp import NearWarp, Warp
from engine.retarget.transfer.zbuffer import back_project, draw, view_from


def sphere(rows=12, columns=24):
    lat = np.linspace(0, np.pi, rows + 1)[1:-1]
    lon = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    ring = np.stack([np.cos(lon), np.sin(lon)], 1)
    points = [[0, 0, 1], *[[*(r * np.sin(a)), np.cos(a)] for a in lat for r in ring], [0, 0, -1]]
    last = len(points) - 1
    faces = [(0, 1 + i, 1 + (i + 1) % columns) for i in range(columns)]
    for row in range(rows - 2):
        first = 1 + row * columns
        for i in range(columns):
            a, b = first + i, first + (i + 1) % columns
            faces += [(a, a + columns, b + columns), (a, b + columns, b)]
    first = last - columns
    faces += [(last, first + (i + 1) % columns, first + i) for i in range(columns)]
    return Surface(np.array(points, np.float64), np.array(faces))


def test_polygons_become_fans():
    triangles = triangulate(np.array([3, 4, 2, 5]), np.arange(14))
    assert sorted(map(tuple, triangles.tolist())) == [
        (0, 1, 2), (3, 4, 5), (3, 5, 6), (9, 10, 11), (9, 11, 12), (9, 12, 13)
    ]  # fmt: skip


def test_seams_are_joined_and_touching_lips_are_not():
    """Two quads that share a split edge; and two closed boxes that share a place."""
    places = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [1, 1, 0]],
        float,
    )
    triangles = triangulate(np.array([4, 4]), np.arange(8))
    stands = weld_seams(places, triangles)
    assert stands[4] == 1
    assert stands[7] == 2
    ball = sphere()
    twice = Surface(
        np.concatenate([ball.vertices, ball.vertices]),
        np.concatenate([ball.triangles, ball.triangles + len(ball.vertices)]),
    )
    assert (weld_seams(twice.vertices, twice.triangles) == np.arange(len(twice.vertices))).all()
    assert twice.islands().max() == 1


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_the_nearest_point_is_the_nearest(seed):
    """Against every triangle, by brute force over fine samples."""
    ball = sphere(6, 10)
    random = np.random.default_rng(seed)
    point = random.normal(size=(1, 3))
    point *= random.uniform(0.5, 3) / np.linalg.norm(point)
    hit = NearestOnSurface(ball).find(point)
    steps = [(i / 12, j / 12) for i in range(13) for j in range(13 - i)]
    shares = np.array([(1 - a - b, a, b) for a, b in steps])
    samples = np.einsum("sk,tkd->tsd", shares, ball.vertices[ball.triangles]).reshape(-1, 3)
    least = np.linalg.norm(samples - point, axis=1).min()
    # Triangles are looked for by samples of them: nearly the nearest is good enough.
    assert hit.distances[0] <= 1.01 * least + 0.01
    assert np.allclose(hit.weights.sum(1), 1)
    assert np.allclose(np.linalg.norm(hit.points - point, axis=1), hit.distances)


def test_only_what_faces_the_right_way_is_found():
    ball = sphere()
    inward = NearestOnSurface(ball).find(np.array([[0, 0, 1.1]]), np.array([[0, 0, -1.0]]), 0.5)
    assert inward.faces[0] == -1
    assert np.isinf(inward.distances[0])


def test_a_picture_leads_back_to_the_surface():
    ball = sphere(24, 48)
    view = view_from(30, 10, np.zeros(3), 3.0, 96)
    picture = draw(ball.vertices, ball.triangles, view)
    rows, columns = np.nonzero(picture.faces >= 0)
    assert abs(len(rows) - np.pi * 32**2) < 0.03 * np.pi * 32**2
    pixels = np.stack([columns + 0.5, rows + 0.5], 1)
    points = back_project(ball.vertices, ball.triangles, view, picture.faces[rows, columns], pixels)
    assert np.abs(view.project(points)[:, :2] - pixels).max() < 1e-6
    assert (points @ view.towards_viewer > -0.2).all()
    # Positive yaw shows the character's left.
    assert view.towards_viewer[0] > 0.4


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_warp_takes_its_points_along(seed):
    random = np.random.default_rng(seed)
    source = random.normal(size=(12, 3))
    target = source + 0.1 * random.normal(size=(12, 3))
    assert np.allclose(Warp(source, target)(source), target, atol=1e-5)
    moved = NearWarp(source, target, 0.1)(random.normal(size=(5, 3)) * 10)
    assert np.isfinite(moved).all()


def test_an_affine_map_is_kept_by_the_warp():
    random = np.random.default_rng(1)
    source, matrix = random.normal(size=(20, 3)), np.eye(3) + 0.2 * random.normal(size=(3, 3))
    far = random.normal(size=(5, 3)) * 4
    assert np.allclose(Warp(source, source @ matrix)(far), far @ matrix, atol=1e-6)


def test_a_sphere_is_fitted_in_spite_of_a_pupil():
    points = sphere(20, 30).vertices * 0.0143 + [0.03, -0.07, 0.04]
    points[:30] *= 0.99
    centre, radius, error = fit_sphere(points)
    assert np.allclose(centre, [0.03, -0.07, 0.04], atol=2e-4)
    assert abs(radius - 0.0143) < 2e-4
    assert error < 0.05 * radius


def test_the_shipped_heads_pieces_are_told_apart():
    asset = load_asset()
    part = MeshPart("head", asset.vertices, asset.face_sizes, asset.face_vertices)
    anatomy = examine([part])
    roles = anatomy.roles[anatomy.source]
    for name, role in (("skin", "skin"), ("eye_left", "eye"), ("eye_right", "eye")):
        first, end = asset.parts[name]
        assert (roles[first:end] == role).mean() > 0.97
    assert [eye.side for eye in anatomy.eyes] == [1, -1]
    first, end = asset.parts["eye_left"]
    assert abs(anatomy.eyes[0].centre[0] - asset.vertices[first:end, 0].mean()) < 0.001


def test_a_role_that_was_said_counts():
    ball = sphere()
    one = MeshPart("thing", ball.vertices, np.full(len(ball.triangles), 3), ball.triangles.ravel())
    other = MeshPart("lashes", ball.vertices + 5, one.face_sizes, one.face_vertices)
    assert set(examine([one, other]).roles) == {"skin", "lash"}
    said = MeshPart("lashes", ball.vertices + 5, one.face_sizes, one.face_vertices, "ignore")
    assert set(examine([one, said]).roles) == {"skin", "ignore"}


def test_the_template_knows_its_lips_from_each_other():
    """What the jaw takes along is the lower lip, what stays is the upper one."""
    template = load_template()
    fall = -template.asset.deltas["jawOpen"][: len(template.labels), 2]
    assert fall[template.labels == code("lower_lip")].mean() > 0.02
    assert fall[template.labels == code("upper_lip")].mean() < 0.006
    assert set(template.contours) == {
        f"{which}_{what}"
        for which in ("upper", "lower")
        for what in ("lip", "lid_left", "lid_right")
    }


def test_every_named_place_is_on_the_shipped_head():
    points = template_points().points
    asset = load_asset()
    for name, number in NAMED.items():
        if not np.isfinite(points[number]).all():
            continue
        gap = np.linalg.norm(asset.vertices - points[number], axis=1).min()
        assert gap < 0.008, name
        if name.endswith("Left"):
            assert points[number, 0] > 0, name


@settings(deadline=None)
@given(st.floats(1e-3, 1e3))
def test_the_gain_goes_with_the_unit(scale):
    """Ten times the unit, ten times the displacement; and never far from the scale."""
    assert displacement_gain(10 * scale) == pytest.approx(10 * displacement_gain(scale), rel=1e-9)
    assert 0.79 < displacement_gain(scale) / scale < 1.26


def test_landmarks_come_from_a_file(tmp_path):
    path = tmp_path / "marks.json"
    path.write_text(json.dumps({"noseTip": [0, -0.1, 0.02], "chin": [0, -0.09, -0.06]}))
    found = read_landmarks(path)
    assert list(found) == ["noseTip", "chin"]
    assert found["chin"].tolist() == [0, -0.09, -0.06]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2]", '{"nose": [0, 0, 0]}', '{"chin": [0, 0]}', '{"chin": [0, 0, NaN]}',
     '{"chin": [0, 0, "1"]}', '{"chin": [0, 0, true]}'],
)  # fmt: skip
def test_a_wrong_landmarks_file_is_refused(tmp_path, text):
    path = tmp_path / "marks.json"
    path.write_text(text)
    with pytest.raises(FacewrightError) as caught:
        read_landmarks(path)
    assert caught.value.code == "landmarks-file"
    assert "marks.json" in caught.value.message
