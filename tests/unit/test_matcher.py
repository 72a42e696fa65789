# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and shapes together: which key is which channel."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from engine.core.arkit import NAMES, mirror_name
from engine.retarget.head_asset import load_asset
from engine.retarget.match.matcher import match_keys
from engine.retarget.match.result import MeshKeys

pytest.importorskip("scipy")


@cache
def head() -> tuple[np.ndarray, np.ndarray]:
    """The shipped head, thinned out: (N, 3), (52, N, 3)."""
    asset = load_asset()
    return asset.vertices[::3], np.stack([asset.deltas[name] for name in NAMES])[:, ::3]


def mesh(names, base=None, deltas=None, name="Face") -> MeshKeys:
    at_rest, moves = head()
    return MeshKeys(
        name, tuple(names), at_rest if base is None else base, moves if deltas is None else deltas
    )


def found(result) -> dict[str, str]:
    return {name: channel.drives[0].key for name, channel in result.channels.items()}


def test_exact_names_on_their_own_sides():
    result = match_keys([mesh(NAMES)])
    assert found(result) == {name: name for name in NAMES}
    assert not result.notes
    assert not result.left_over


def test_swapped_suffixes_are_read_from_the_vertices():
    result = match_keys([mesh([mirror_name(name) for name in NAMES])])
    assert found(result) == {name: mirror_name(name) for name in NAMES}
    assert len(result.notes) == 1
    assert "other side" in result.channels["eyeBlinkLeft"].reason


def test_one_slip_is_mended_and_nothing_else_touched():
    names = list(NAMES)
    left, right = names.index("mouthSmileLeft"), names.index("mouthSmileRight")
    names[left], names[right] = names[right], names[left]
    result = match_keys([mesh(names)])
    wrong = {name for name, key in found(result).items() if name != key}
    assert wrong == {"mouthSmileLeft", "mouthSmileRight"}
    assert not result.notes


def test_a_mirrored_export_follows_its_vertices():
    base, deltas = head()
    flip = np.array([-1, 1, 1], np.float32)
    result = match_keys([mesh(NAMES, base * flip, deltas * flip)])
    assert found(result) == {name: mirror_name(name) for name in NAMES}


@pytest.mark.parametrize("turn", [np.eye(3), [[1, 0, 0], [0, 0, 1], [0, -1, 0]]], ids=["z", "y"])
def test_keys_without_names_are_recognised(turn):
    base, deltas = head()
    turn = (np.array(turn) * [1.4, 0.7, 1.0]).astype(np.float32).T
    order = np.random.default_rng(5).permutation(52)
    names = [f"Key {i + 1}" for i in range(52)]
    result = match_keys([mesh(names, base @ turn, deltas[order] @ turn)])
    truth = {NAMES[which]: names[i] for i, which in enumerate(order)}
    right = sum(truth[name] == key for name, key in found(result).items())
    assert right >= 50
    swapped = [n for n, key in found(result).items() if key == truth[mirror_name(n)] != truth[n]]
    assert not swapped
    assert result.channels["jawOpen"].how == "shape"


def test_what_names_leave_open_is_found_by_shape_among_what_is_left():
    names = [f"shape{i}" if i % 5 == 0 else name for i, name in enumerate(NAMES)]
    result = match_keys([mesh(names)])
    assert found(result) == dict(zip(NAMES, names, strict=True))


def test_a_mesh_that_is_no_face_is_matched_by_name_alone():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(60, 3)).astype(np.float32)
    deltas = rng.normal(size=(52, 60, 3)).astype(np.float32)
    result = match_keys([mesh([mirror_name(n) for n in NAMES], points, deltas)])
    assert found(result) == {name: name for name in NAMES}
    assert result.notes


def test_keys_that_move_nothing_are_told():
    _, deltas = head()
    still = deltas.copy()
    still[NAMES.index("cheekPuff")] = 0
    result = match_keys([mesh(NAMES, deltas=still)])
    assert "moves no vertex" in result.channels["cheekPuff"].reason


def test_meshes_of_one_character_are_driven_together():
    teeth = MeshKeys(
        "Teeth",
        ("Jaw_Open", "mouthClose"),
        np.zeros((4, 3), np.float32),
        np.zeros((2, 4, 3), np.float32),
    )
    result = match_keys([mesh(NAMES), teeth])
    assert [d.key for d in result.channels["jawOpen"].drives] == ["jawOpen", "Jaw_Open"]
    assert [d.key for d in result.channels["mouthClose"].drives] == ["mouthClose"]


def test_names_alone_are_enough_where_shapes_are_not_known():
    result = match_keys([MeshKeys("Curve", tuple(NAMES))])
    assert found(result) == {name: name for name in NAMES}


def test_nothing_to_match_is_no_error():
    assert match_keys([]).channels == {}
    assert match_keys([MeshKeys("Cube", ())]).channels == {}


@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_every_pair_is_looked_at_by_itself(share):
    rng = np.random.default_rng(3)
    stems = sorted(name for name in NAMES if name.endswith("Left"))
    chosen = set(rng.permutation(stems)[: round(share * len(stems))])
    chosen |= {mirror_name(name) for name in chosen}
    result = match_keys([mesh([mirror_name(n) if n in chosen else n for n in NAMES])])
    assert found(result) == {n: mirror_name(n) if n in chosen else n for n in NAMES}


def test_directions_are_no_sides():
    directions = {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}
    names = [n if n in directions else mirror_name(n) for n in NAMES]
    result = match_keys([mesh(names)])
    assert found(result) == dict(zip(NAMES, names, strict=True))


@pytest.mark.parametrize("degrees", [(0, 0, 30), (0, 0, -60), (45, 0, 0), (0, 40, 0)])
def test_a_head_askew(degrees):
    base, deltas = head()
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[one, one] = step[other, other] = np.cos(angle)
        step[one, other], step[other, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    turn = turn.T.astype(np.float32)
    result = match_keys([mesh([mirror_name(n) for n in NAMES], base @ turn, deltas @ turn)])
    assert found(result) == {name: mirror_name(name) for name in NAMES}


@pytest.mark.parametrize("stem", ["cheekSquint", "noseSneer", "eyeWide"])
def test_few_keys_do_not_turn_a_rig_round(stem):
    _, deltas = head()
    names = [f"{stem}Left", f"{stem}Right"]
    chosen = [NAMES.index(name) for name in names]
    result = match_keys([mesh(names, deltas=deltas[chosen])])
    assert found(result) == {name: name for name in names}


def test_a_key_with_a_meaning_is_no_channel_that_it_looks_like():
    names = [n if n != "browInnerUp" else "Sad" for n in NAMES]
    assert "browInnerUp" not in match_keys([mesh(names)]).channels
    names = [n if n != "browInnerUp" else "Key 7" for n in NAMES]
    assert found(match_keys([mesh(names)]))["browInnerUp"] == "Key 7"


def test_keys_without_names_on_two_meshes_are_not_the_same_key():
    base, deltas = head()
    face = mesh([f"Key {i + 1}" for i in range(52)])
    jaw = NAMES.index("jawOpen")
    teeth = MeshKeys("Teeth", ("Key 1",), base, deltas[[jaw]] * 0.5)
    result = match_keys([face, teeth])
    drive = result.channels[NAMES[0]].drives[0]
    assert (drive.key, drive.object) == ("Key 1", "Face")


def test_a_vertex_that_is_no_number_does_no_harm():
    base, deltas = head()
    base = base.copy()
    base[7] = np.nan
    assert len(found(match_keys([mesh([f"Key {i}" for i in range(52)], base, deltas)]))) >= 45


def test_an_empty_key_gives_way_to_one_that_moves():
    _, deltas = head()
    both = np.concatenate([deltas, deltas[[NAMES.index("jawOpen")]]])
    both[NAMES.index("jawOpen")] = 0
    result = match_keys([mesh([*NAMES, "Jaw_Open"], deltas=both)])
    assert found(result)["jawOpen"] == "Jaw_Open"


def test_lashes_with_a_key_for_both_eyes_blink_too():
    base, deltas = head()
    lashes = MeshKeys("Lashes", ("eyeBlink",), base[:50], deltas[[0], :50])
    drives = match_keys([mesh(NAMES), lashes]).channels["eyeBlinkRight"].drives
    assert [(d.key, d.object) for d in drives] == [("eyeBlinkRight", ""), ("eyeBlink", "Lashes")]
