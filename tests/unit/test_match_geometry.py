# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys without names: recognised from their motion, with the shipped head changed beyond its own
vertices, axes and scale; sides told from where vertices are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.support import rig_changes as change
from benchmarks.support.rig_files import RigFile, ict_file, read_glb, read_ict, rig_files
from engine.core.arkit import INDEX, NAMES
from engine.core.errors import FacewrightError
from engine.retarget.head_asset import load_asset
from engine.retarget.match.face_frame import ROTATIONS, find_face_frame
from engine.retarget.match.motion import observe
from engine.retarget.match.recognise import recognise
from engine.retarget.match.sides import key_sides, pair_sides
from engine.retarget.match.template import MIRROR, mirrored

pytest.importorskip("scipy")

ONE_SIDED = [n for n in NAMES if mirrored(n) != n and not n.startswith(("jaw", "mouthLeft"))]
ONE_SIDED.remove("mouthRight")


@pytest.fixture(scope="module")
def head() -> RigFile:
    """The shipped head, without the parts that the template leaves out."""
    asset = load_asset()
    kept = slice(*asset.parts["skin"])
    deltas = np.stack([asset.deltas[name][kept] for name in NAMES]).astype(np.float64)
    return RigFile(asset.vertices[kept].astype(np.float64), list(NAMES), deltas)


@pytest.fixture(scope="module")
def other_head(head) -> RigFile:
    """Another character: warped, other strengths, fewer and other vertices, keys in any order."""
    rng = np.random.default_rng(4)
    for one in (change.stylised, change.fewer_vertices, change.noisy, change.shuffled):
        head = one(head, rng)
    return head


def _score(rig: RigFile, **options) -> tuple[int, int]:
    """How many keys got the right name, and how many that of the other side."""
    found = recognise(rig.base, rig.deltas, **options).guesses
    right = sum(found[key].name == rig.names[key] for key in found)
    swapped = sum(found[key].name == mirrored(rig.names[key]) != rig.names[key] for key in found)
    return right, swapped


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [change.turned, change.scaled],
        [change.tilted, change.turned],
        [change.mirrored_export, change.turned],
        [change.mirrored_export, change.scaled, change.tilted, change.turned],
    ],
    ids=["as it is", "axes and scale", "tilt", "mirrored", "all"],
)
def test_another_character_is_recognised_whatever_its_axes(other_head, changes):
    rng = np.random.default_rng(11)
    for one in changes:
        other_head = one(other_head, rng)
    right, swapped = _score(other_head)
    assert right >= 47
    assert swapped == 0


def test_left_is_up_cross_front_in_every_orientation(head):
    thin = replace(head, base=head.base[::3], deltas=head.deltas[:, ::3])
    for turn in ROTATIONS[::5]:
        frame = find_face_frame(thin.base @ turn, thin.deltas @ turn)
        np.testing.assert_allclose(frame.left, turn[0])
        np.testing.assert_allclose(frame.front, -turn[1])
        np.testing.assert_allclose(frame.up, turn[2])
        np.testing.assert_allclose(np.cross(frame.up, frame.front), frame.left)


def test_a_body_around_the_face_and_a_key_of_the_body_do_not_matter(head):
    rng = np.random.default_rng(2)
    body = rng.normal(size=(4000, 3)) * 0.3 + [0, 0, -0.9]
    base = np.vstack([head.base, body])
    deltas = np.zeros((53, len(base), 3))
    deltas[:52, : len(head.base)] = head.deltas
    deltas[52, len(head.base) :] = 0.05
    found = recognise(base, deltas)
    assert 52 not in found.names()
    assert sum(found.names().get(k) == name for k, name in enumerate(NAMES)) >= 50


def test_sparse_keys_are_the_same_as_dense_ones(other_head):
    sparse = []
    for key in other_head.deltas:
        where = np.nonzero(key.any(axis=1))[0]
        sparse.append((where, key[where]))
    dense = recognise(other_head.base, other_head.deltas)
    assert recognise(other_head.base, sparse).guesses == dense.guesses


def test_keys_without_motion_get_nothing(head):
    deltas = head.deltas.copy()
    deltas[[INDEX["jawOpen"], INDEX["eyeBlinkLeft"]]] = 0
    found = recognise(head.base, deltas)
    assert {INDEX["jawOpen"], INDEX["eyeBlinkLeft"]} <= set(found.still)
    assert not {INDEX["jawOpen"], INDEX["eyeBlinkLeft"]} & set(found.guesses)


def test_partners_are_the_other_side(other_head):
    partner = recognise(other_head.base, other_head.deltas).partner
    for key, name in enumerate(other_head.names):
        if key in partner:
            assert other_head.names[partner[key]] == mirrored(name)
    assert len(partner) >= 44


def test_known_names_verify_and_are_never_given_to_other_keys(other_head):
    known = {k: n for k, n in enumerate(other_head.names) if not n.startswith("mouth")}
    found = recognise(other_head.base, other_head.deltas, known=known)
    for key, name in known.items():
        if key in found.guesses:
            assert found.guesses[key].name == name
    rest = {k: g.name for k, g in found.guesses.items() if k not in known}
    assert sum(other_head.names[k] == name for k, name in rest.items()) >= 19


def test_a_wrong_name_shows_as_little_confidence(head):
    names = dict(enumerate(NAMES))
    jaw, brow = INDEX["jawOpen"], INDEX["browInnerUp"]
    names[jaw], names[brow] = names[brow], names[jaw]
    found = recognise(head.base, head.deltas, known=names)
    assert found.guesses[jaw].confidence < 0.1
    assert found.guesses[brow].confidence < 0.1
    assert found.guesses[INDEX["cheekPuff"]].confidence > 0.9


@pytest.mark.parametrize("name", ONE_SIDED)
def test_a_one_sided_key_is_on_its_side(head, name):
    sides = _sides(head)
    assert sides[INDEX[name]].side == ("left" if "Left" in name else "right")


def test_jaw_and_mouth_go_where_they_are_said_to(head):
    sides = _sides(head)
    for name in ("jawLeft", "mouthLeft"):
        assert sides[INDEX[name]].direction > 0.3
        assert sides[MIRROR[INDEX[name]]].direction < -0.3
    assert sides[INDEX["jawOpen"]].side == "both"


_KEPT: dict[int, list] = {}


def _sides(head: RigFile) -> list:
    if id(head) not in _KEPT:
        _KEPT[id(head)] = key_sides(head.base, head.deltas, find_face_frame(head.base, head.deltas))
    return _KEPT[id(head)]


def swapped(names, sides, frame):
    """The pairs whose names are on the wrong sides."""
    found = pair_sides(names, sides, frame)
    return [pair.name for pair in found if pair.measure is not None and pair.measure < 0]


def test_all_swapped_suffixes_are_noticed_and_right_ones_left_alone(other_head):
    wrong = {k: mirrored(n) for k, n in enumerate(other_head.names)}
    frame = recognise(other_head.base, other_head.deltas, known=wrong).frame
    sides = key_sides(other_head.base, other_head.deltas, frame)
    # The skin barely moves when eyes look aside: with the noise those pairs are in doubt.
    assert len(swapped(wrong, sides, frame)) >= 18
    assert swapped(dict(enumerate(other_head.names)), sides, frame) == []


def test_a_single_swapped_pair_is_named_with_its_keys(head):
    names = dict(enumerate(NAMES))
    left, right = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
    names[left], names[right] = names[right], names[left]
    frame = find_face_frame(head.base, head.deltas, known={k: INDEX[n] for k, n in names.items()})
    assert swapped(names, _sides(head), frame) == ["mouthSmileLeft"]


def test_a_face_that_may_look_anywhere_says_nothing_about_sides(head):
    frame = replace(find_face_frame(head.base, head.deltas), margin=0.0)
    wrong = {k: mirrored(n) for k, n in enumerate(NAMES)}
    assert swapped(wrong, _sides(head), frame) == []


def test_few_points_are_spread_evenly(head):
    motion = observe(head.base, head.deltas, count=300)
    assert 200 < len(motion.points) <= 300
    np.testing.assert_allclose(motion.points, head.base[motion.vertices])
    assert motion.weights.sum() == pytest.approx(1)


def test_wrong_shapes_and_still_meshes_are_refused(head):
    with pytest.raises(FacewrightError, match="shape"):
        recognise(head.base[:-1], head.deltas)
    with pytest.raises(FacewrightError, match="No shape key"):
        recognise(head.base, np.zeros_like(head.deltas))


@pytest.mark.parametrize("name", ["FaceCapHeadGeneric_named", "ict mean", "ict 3"])
def test_rigs_of_other_heads_are_recognised(name):
    if name.startswith("ict"):
        if ict_file() is None:
            pytest.skip("ICT-FaceKit is not here")
        rig = read_ict(ict_file(), None if name == "ict mean" else 3)
    else:
        if name not in rig_files():
            pytest.skip(f"{name} is not here")
        rig = read_glb(rig_files()[name])
    rng = np.random.default_rng(1)
    for one in (change.shuffled, change.scaled, change.mirrored_export, change.turned):
        rig = one(rig, rng)
    right, swapped = _score(rig)
    assert right >= 45
    assert swapped == 0
