# SPDX-License-Identifier: GPL-3.0-or-later
"""478 landmarks from few: on the canonical face, where the answer is known, and on real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.axes import euler_deg
from engine.core.errors import FacewrightError
from engine.core.face_geometry import load_geometry
from engine.models.catalog import model_path
from engine.solve.frontal import rotation_from_vector, turn_to_front
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.tracking.completion import MODEL as COMPLETION
from engine.tracking.completion import VALUES, Completion, completion_for, load_completion
from engine.tracking.correspondence import (
    IBUG_68,
    INSIGHTFACE_106,
    MIRROR,
    OPENSEEFACE_66,
    VERTICES,
    Correspondence,
)
from engine.tracking.dense import Dense, fit_pose, with_irises

GEOMETRY = load_geometry(model_path("face_geometry"))
FACE = with_irises(GEOMETRY.vertices)
SCHEMES = (IBUG_68, OPENSEEFACE_66)
DENSE = {scheme.name: Dense(GEOMETRY, scheme) for scheme in SCHEMES}
_EYES = (33, 263)


def _seen(vertices: np.ndarray, degrees, scale: float = 20.0) -> np.ndarray:
    """float64 (n, 3): vertices of the canonical frame as a far camera sees them, pixels, y down."""
    rotation = rotation_from_vector(np.radians([degrees]))[0]
    return (scale * vertices @ rotation.T + [300.0, -200.0, 0.0]) * [1, -1, -1]


def _reduced(landmarks: np.ndarray, scheme: Correspondence) -> np.ndarray:
    """The points that a network of the scheme would find, float64 (N, 2)."""
    return np.stack([landmarks[list(VERTICES[i]), :2].mean(0) for i in scheme.ibug])


def _eye_distance(landmarks: np.ndarray) -> float:
    return float(np.linalg.norm(landmarks[_EYES[0], :2] - landmarks[_EYES[1], :2]))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@given(
    pitch=st.floats(-40, 40),
    yaw=st.floats(-60, 60),
    roll=st.floats(-60, 60),
    scale=st.floats(2, 200),
)
@settings(max_examples=25, deadline=None)
def test_the_canonical_face_comes_back_in_any_pose(scheme, pitch, yaw, roll, scale):
    true = _seen(FACE, (pitch, yaw, roll), scale)
    found = DENSE[scheme.name](_reduced(true, scheme), 1.0)
    assert found.shape == (478, 3)
    assert found.dtype == np.float32
    apart = np.linalg.norm(found[:, :2] - true[:, :2], axis=1) / scale
    assert apart.max() < 0.05  # cm
    depth = found[:, 2] - true[:, 2]
    assert np.ptp(depth) / scale < 0.1


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_the_points_themselves_are_met_exactly(scheme):
    rng = np.random.default_rng(1)
    for degrees in ((0, 0, 0), (10, 35, 5), (-15, -50, 20)):
        points = _reduced(_seen(FACE, degrees), scheme)
        points += rng.normal(0, 2.0, points.shape)
        found = DENSE[scheme.name](points, 1.0)
        again = _reduced(found, scheme)
        lips_and_lids = [row for row, point in enumerate(scheme.ibug) if point >= 36]
        gap = np.linalg.norm(again - points, axis=1)
        # A point in the middle of two vertices of a line bends with the line.
        assert np.median(gap[lips_and_lids]) < 0.5
        assert gap[lips_and_lids].max() < 2.5


@pytest.mark.parametrize("yaw", [0, 35])
def test_a_lid_that_comes_down_comes_down_along_its_length(yaw):
    face = FACE.copy()
    upper, lower = ((385, 386, 387, 384, 388), (380, 374, 373, 381, 390))
    face[list(upper)] = face[list(lower)]
    dense = DENSE["OpenSeeFace 66"]
    open_, shut = (
        dense(_reduced(_seen(f, (0, yaw, 0)), OPENSEEFACE_66), 1.0) for f in (FACE, face)
    )

    def gaps(landmarks):
        return [
            np.linalg.norm(landmarks[a, :2] - landmarks[b, :2])
            for a, b in zip(upper, lower, strict=True)
        ]

    assert max(gaps(shut)) < 0.15 * min(gaps(open_)[:3])
    # The other eye stays as it was.
    assert np.abs(shut[[159, 145, 158, 153], :2] - open_[[159, 145, 158, 153], :2]).max() < 0.5


def test_lips_that_part_leave_the_upper_face_alone():
    dense, scheme = DENSE["iBUG 68"], IBUG_68
    closed = _reduced(_seen(FACE, (5, 20, 0)), scheme)
    opened = closed.copy()
    lower = [row for row, point in enumerate(scheme.ibug) if point in (*range(55, 60), 65, 66, 67)]
    opened[lower, 1] += 20  # 1 cm
    before, after = dense(closed, 1.0), dense(opened, 1.0)
    assert np.linalg.norm(after[14] - before[14]) == pytest.approx(20, rel=0.15)
    assert np.abs(after[13] - before[13])[:2].max() < 1
    rest = [33, 133, 159, 145, 263, 362, 105, 334, 168, 10, 4]
    assert np.abs(after[rest, :2] - before[rest, :2]).max() < 2
    geometry = turn_to_front(np.stack([before, after]), GEOMETRY, 1.0)
    moved = geometry.points[1, 14] - geometry.points[0, 14]
    # Down the face, not out of it.
    assert moved[1] == pytest.approx(-1, abs=0.25)
    assert np.abs(moved[[0, 2]]).max() < 0.25


def test_irises_go_where_they_are_seen_and_look_ahead_where_they_are_not():
    points = _reduced(_seen(FACE, (0, 15, 0)), IBUG_68)
    dense = DENSE["iBUG 68"]
    ahead = dense(points, 1.0)
    there = ahead[[468, 473], :2] + [4.0, -1.0]
    seen = dense(points, 1.0, irises=np.stack([there[0], [np.nan, np.nan]]))
    np.testing.assert_allclose(seen[468, :2], there[0], atol=1e-3)
    np.testing.assert_allclose(seen[469:473] - seen[468], ahead[469:473] - ahead[468], atol=1e-3)
    np.testing.assert_allclose(seen[473:], ahead[473:], atol=1e-6)
    eye = ahead[[33, 133, 159, 145], :2]
    assert (ahead[468, :2] > eye.min(0)).all()
    assert (ahead[468, :2] < eye.max(0)).all()


def test_points_that_are_not_trusted_take_no_part():
    points = _reduced(_seen(FACE, (0, 10, 0)), IBUG_68)
    trust = np.ones(68)
    trust[[30, 45, 54]] = 0
    spoilt = points.copy()
    spoilt[[30, 45, 54]] += 60
    dense = DENSE["iBUG 68"]
    good, held, bad = dense(points, 1.0), dense(spoilt, 1.0, trust=trust), dense(spoilt, 1.0)
    assert np.abs(held - good)[:, :2].max() < 1
    assert np.abs(bad - good)[:, :2].max() > 20


def test_depth_is_stretched_as_the_solver_expects_it():
    true = _seen(FACE, (5, 30, 40))
    for aspect in (1.0, 16 / 9):
        found = DENSE["iBUG 68"](_reduced(true, IBUG_68), aspect)
        frontal = turn_to_front(found[None], GEOMETRY, aspect)
        assert np.abs(frontal.points[0] - FACE).max() < 0.1


@given(pitch=st.floats(-45, 45), yaw=st.floats(-70, 70), roll=st.floats(-180, 180))
@settings(max_examples=40, deadline=None)
def test_the_pose_is_found(pitch, yaw, roll):
    places = FACE[[33, 133, 263, 362, 4, 97, 326, 168, 127, 356]]
    rotation = rotation_from_vector(np.radians([(pitch, yaw, roll)]))[0]
    seen = 7.0 * places @ rotation[:2].T + [3.0, -40.0]
    scale, found, shift = fit_pose(places, seen, np.ones(len(places)))
    assert scale == pytest.approx(7.0, rel=0.01)
    assert np.abs(found - rotation).max() < 0.02
    np.testing.assert_allclose(shift, [3, -40], atol=0.2)


def test_points_in_a_line_or_in_one_place_give_numbers():
    for points in (np.zeros((68, 2)), np.linspace([0, 0], [100, 50], 68)):
        assert np.isfinite(DENSE["iBUG 68"](points, 1.0)).all()


def test_the_tables_are_symmetrical_and_complete():
    mirrored = FACE * [-1, 1, 1]
    for point in range(72):
        here = FACE[list(VERTICES[point])].mean(0)
        there = mirrored[list(VERTICES[MIRROR[point]])].mean(0)
        assert MIRROR[MIRROR[point]] == point
        assert np.linalg.norm(here - there) < 0.02, point
    assert sorted(set(OPENSEEFACE_66.ibug)) == [i for i in range(68) if i not in (48, 54)]
    assert len(set(INSIGHTFACE_106.take)) == len(INSIGHTFACE_106.ibug) == 72
    assert max(INSIGHTFACE_106.take) < 106


def test_the_middle_of_a_lid_is_where_a_network_that_sees_it_says():
    lids = {68: 159, 69: 145, 70: 386, 71: 374}
    sizes = {}
    for scheme in (IBUG_68, INSIGHTFACE_106):
        points = np.zeros((106, 2))
        points[list(scheme.take)] = _reduced(_seen(FACE, (3, 10, 0)), scheme)
        dense = Dense(GEOMETRY, scheme, completion_for(model_path(COMPLETION), scheme))
        before = dense(points, 1.0)[:, 1]
        for row, point in zip(scheme.take, scheme.ibug, strict=True):
            if point in (68, 70):
                points[row, 1] += 4.0  # the upper lids come down in the middle only
        sizes[scheme.name] = dense(points, 1.0)[:, 1] - before
    moved = sizes["InsightFace 106"]
    assert np.abs(moved[[159, 386]] - 4).max() < 0.3
    assert (moved[[160, 158, 387, 385]] > 0.5).all()
    assert np.abs(moved[[lids[69], lids[71], 33, 133, 13, 4]]).max() < 0.1
    assert not sizes["iBUG 68"].any()


def test_what_was_learned_without_the_middle_of_a_lid_leaves_it_alone():
    path = model_path(COMPLETION)
    learned = completion_for(path, INSIGHTFACE_106)
    rows = [3 * vertex + axis for vertex in (160, 159, 158, 145, 386) for axis in (0, 1)]
    assert not learned.matrix[rows].any()
    assert not learned.offset[rows].any()
    assert completion_for(path, IBUG_68).matrix[rows].any()
    cheeks = [3 * 117 + axis for axis in range(3)]
    np.testing.assert_allclose(
        learned.matrix[cheeks, :136], completion_for(path, IBUG_68).matrix[cheeks]
    )


def test_what_is_known_besides_the_points_is_added_in_the_faces_own_frame():
    dense = DENSE["iBUG 68"]
    posed = dense.pose(_reduced(_seen(FACE, (0, 0, 90)), IBUG_68))
    learned = np.zeros(VALUES)
    learned[3 * 205 + 1] = 0.5  # a cheek rises; the head lies on its side
    gap = dense.drawn(posed, 1.0, learned=learned) - dense.drawn(posed, 1.0)
    assert np.abs(gap[205, :2]).max() == pytest.approx(0.5 * 20, rel=0.02)
    assert abs(gap[205, 1]) < 0.5
    assert np.abs(np.delete(gap, 205, 0)[:, :2]).max() < 1e-3


def test_real_faces_made_sparse_and_dense_again(clip):
    tracker = create_tracker(
        "mediapipe", TrackerOptions(lambda m: Path(model_path(m)), device="cpu", streams=1)
    )
    with VideoSource(clip("single_face.mp4")) as source:
        rows = [tracker.track_one(f) for f in source.frames() if f.index < 12]
        aspect = source.info.width / source.info.height
    landmarks = np.concatenate([r.landmarks for r in rows if r.valid.all()])
    again = np.stack([DENSE["iBUG 68"](_reduced(face, IBUG_68), aspect) for face in landmarks])
    apart = np.linalg.norm(again[:, :, :2] - landmarks[:, :, :2], axis=2).mean(0)
    apart /= _eye_distance(landmarks[0])
    assert apart.mean() < 0.02
    # What the solver measures: lids, inner lips, brows.
    assert apart[[159, 145, 158, 153, 386, 374, 13, 14, 82, 87, 105, 334, 65, 295]].max() < 0.015
    ours, theirs = (
        euler_deg(turn_to_front(faces, GEOMETRY, aspect).rotation) for faces in (again, landmarks)
    )
    assert np.abs(ours - theirs).max() < 6


def test_what_was_learned_brings_landmarks_nearer(clip):
    tracker = create_tracker("mediapipe", TrackerOptions(model_path, device="cpu", streams=1))
    with VideoSource(clip("carphone_pristine.mp4")) as source:
        rows = [tracker.track_one(f) for f in source.frames() if f.index in (0, 1, 2)]
        aspect = source.info.width / source.info.height
    face = rows[-1].landmarks[0]
    completion = load_completion(model_path(COMPLETION))
    learned = Dense(GEOMETRY, IBUG_68, completion)
    points = _reduced(face, IBUG_68)
    plain, better = (
        turn_to_front(dense(points, aspect)[None], GEOMETRY, aspect).points[0]
        for dense in (DENSE["iBUG 68"], learned)
    )
    true = turn_to_front(face[None], GEOMETRY, aspect).points[0]
    before, after = (np.linalg.norm(found - true, axis=1).mean() for found in (plain, better))
    assert after < 0.6 * before
    # In the picture the points are still met.
    again = _reduced(learned(points, aspect), IBUG_68)
    assert np.linalg.norm(again - points, axis=1).max() < 0.03 * _eye_distance(face)


def test_a_completion_moves_what_it_says():
    matrix, offset = np.zeros((VALUES, 136)), np.zeros(VALUES)
    offset[3 * 117 + 2] = 0.5  # a cheek, towards the camera
    matrix[3 * 205 + 1, 2 * 48 + 1] = 2.0  # another rises with the corner of the mouth
    learned = Dense(GEOMETRY, IBUG_68, Completion(matrix, offset))
    plain = DENSE["iBUG 68"]
    points = _reduced(_seen(FACE, (0, 0, 0)), IBUG_68)
    gap = learned(points, 1.0) - plain(points, 1.0)
    assert gap[117, 2] == pytest.approx(-0.5 * 20, abs=0.2)
    points[48, 1] -= 10
    gap = learned(points, 1.0) - plain(points, 1.0)
    assert gap[205, 1] == pytest.approx(-20, rel=0.1)
    assert np.abs(np.delete(gap, [117, 205], 0)).max() < 1e-3


def test_points_that_a_network_lacks_take_part_where_they_would_be():
    path = model_path(COMPLETION)
    faces = []
    for scheme in SCHEMES:
        points = _reduced(_seen(FACE, (4, 10, 0)), scheme)
        for row, point in enumerate(scheme.ibug):
            if point in (48, 60):
                points[row] += (-6, -4)  # both corners go together, as one point does
        faces.append(Dense(GEOMETRY, scheme, completion_for(path, scheme))(points, 1.0))
    lips = [61, 78, 205, 206, 216, 117, 50]
    assert np.abs(faces[0] - faces[1])[lips, :2].max() < 3
    assert np.abs(faces[0] - faces[1])[[33, 159, 362, 105, 4], :2].max() < 1


def test_a_completion_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "face_completion.npz"
    np.savez(path, ibug_left=np.zeros((4, 2)), ibug_right=np.zeros((2, 4)), ibug_offset=np.zeros(4))
    with pytest.raises(FacewrightError) as caught:
        load_completion(path)
    assert caught.value.code == "model-corrupt"
    path.write_bytes(b"no archive")
    with pytest.raises(FacewrightError):
        load_completion(path)
