# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of shape keys, and rotations as Blender keeps them."""

from __future__ import annotations

import numpy as np
import pytest
from turning import axis_rotation, euler_matrix

from engine.core.arkit import NAMES, live_link_name
from engine.core.axes import rotation_from_euler_deg
from engine.retarget.axes import CAMERA_TO_CHARACTER, character_to_local
from engine.retarget.match.by_name import match_by_name
from engine.retarget.rotations import EULER_ORDERS, axis_angles, eulers, quaternions


def _abbreviated(left, right):
    """The 52 names with short sides, as Face Cap and others write them."""
    whole = {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}
    return [
        name if name in whole else name.replace("Left", left).replace("Right", right)
        for name in NAMES
    ]


@pytest.mark.parametrize(
    "keys",
    [
        list(NAMES),
        [live_link_name(name) for name in NAMES],
        [name.upper() for name in NAMES],
        _abbreviated("_L", "_R"),
        _abbreviated(".L", ".R"),
        _abbreviated("_l", "_r"),
        _abbreviated("_Left", "_Right"),
        _abbreviated("L", "R"),
    ],
)
def test_every_known_spelling_of_all_52_names_is_matched(keys):
    match = match_by_name([*keys, "smirk"])
    assert {name: row.keys for name, row in match.rows.items()} == {
        name: (key,) for name, key in zip(NAMES, keys, strict=True)
    }
    assert not any(row.duplicates for row in match.rows.values())


def test_whole_mouth_directions_are_not_sides_of_a_smile():
    rows = match_by_name(["mouthLeft", "mouthSmile_L", "mouthLowerDownLeft"]).rows
    assert {name: row.keys for name, row in rows.items()} == {
        "mouthLeft": ("mouthLeft",),
        "mouthSmileLeft": ("mouthSmile_L",),
        "mouthLowerDownLeft": ("mouthLowerDownLeft",),
    }


def test_the_arkit_spelling_wins_over_others_and_they_are_named():
    rows = match_by_name(["eyeBlink_L", "eyeBlinkLeft"]).rows
    assert rows["eyeBlinkLeft"].keys == ("eyeBlinkLeft",)
    assert rows["eyeBlinkLeft"].duplicates == ("eyeBlink_L",)


def _wandering(count=400, seed=5):
    """Rotations that wander all the way round, in steps of a few degrees."""
    rng = np.random.default_rng(seed)
    matrix, axis, found = np.eye(3), np.array([0.0, 0.0, 1.0]), []
    for _ in range(count):
        axis = axis + rng.normal(0, 0.2, 3)
        axis /= np.linalg.norm(axis)
        matrix = axis_rotation(axis, 0.06) @ matrix
        found.append(matrix)
    return np.array(found)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_angles_rebuild_the_rotation_in_their_order(order):
    matrices = _wandering()
    angles = eulers(matrices, order)
    rebuilt = np.array([euler_matrix(row, order) for row in angles])
    np.testing.assert_allclose(rebuilt, matrices, atol=1e-9)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_angles_run_on_through_full_turns(order):
    for axis in order[::2]:  # the outer axes can turn for ever
        turns = np.linspace(0, 5 * np.pi, 300)
        matrices = np.array([axis_rotation(np.eye(3)["XYZ".index(axis)], a) for a in turns])
        angles = eulers(matrices, order)
        np.testing.assert_allclose(angles[:, "XYZ".index(axis)], turns, atol=1e-9)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_angles_stay_near_through_the_middle_axis_upside_down(order):
    middle = "XYZ".index(order[1])
    # Slightly off the pole, where the two triples are apart.
    lean = axis_rotation(np.eye(3)["XYZ".index(order[0])], 0.02)
    turns = np.linspace(0, 2 * np.pi, 400)
    matrices = np.array([axis_rotation(np.eye(3)[middle], a) @ lean for a in turns])
    angles = eulers(matrices, order)
    assert np.abs(np.diff(angles, axis=0)).max() < 0.05
    np.testing.assert_allclose(angles[:, middle], turns, atol=1e-9)


def test_quaternions_rebuild_the_rotation_and_keep_their_sign():
    matrices = _wandering()
    q = quaternions(matrices)
    w, x, y, z = q.T
    rebuilt = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    ).transpose(2, 0, 1)
    np.testing.assert_allclose(rebuilt, matrices, atol=1e-9)
    assert np.linalg.norm(np.diff(q, axis=0), axis=1).max() < 0.04
    assert q[0, 0] > 0


def test_axis_angles_pass_through_zero_without_a_flip():
    swing = np.linspace(-1, 1, 41)
    matrices = np.array([axis_rotation([0, 0, 1], a) for a in swing])
    values = axis_angles(matrices)
    rebuilt = np.array([axis_rotation(row[1:], row[0]) for row in values])
    np.testing.assert_allclose(rebuilt, matrices, atol=1e-9)
    assert np.abs(np.diff(values, axis=0)).max() < 0.06


def test_the_camera_sees_what_the_character_does():
    # Actor's left, up and towards the camera are the character's +X, +Z and -Y.
    np.testing.assert_array_equal(
        CAMERA_TO_CHARACTER @ np.eye(3), np.array([(1, 0, 0), (0, 0, 1), (0, -1, 0)]).T
    )
    down = CAMERA_TO_CHARACTER @ rotation_from_euler_deg([90, 0, 0]) @ CAMERA_TO_CHARACTER.T
    np.testing.assert_allclose(down @ [0, -1, 0], [0, 0, -1], atol=1e-12)


@pytest.mark.parametrize(
    ("up", "facing", "looks", "left"),
    [
        ((0, 0, 1), "-Y", (0, -1, 0), (1, 0, 0)),
        ((0, 0, 1), "+X", (1, 0, 0), (0, 1, 0)),
        ((0, 0, 1), "+Y", (0, 1, 0), (-1, 0, 0)),
        ((0, 0, 1), "-X", (-1, 0, 0), (0, -1, 0)),
        ((0.1, 0.9, 0.2), "-Y", (0, 0, 1), (1, 0, 0)),
    ],
)
def test_a_character_is_found_in_its_objects_axes(up, facing, looks, left):
    turn = character_to_local(np.array(up), facing)
    np.testing.assert_allclose(turn @ [0, -1, 0], looks, atol=1e-12)
    np.testing.assert_allclose(turn @ [1, 0, 0], left, atol=1e-12)
