# SPDX-License-Identifier: GPL-3.0-or-later
"""How strong the shapes are: the shipped head's amounts, or those of the units it was made from."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.arkit import NAMES
from engine.core.errors import FacewrightError
from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.amounts import AMOUNTS, DEFAULT, eye_turn, skin_moves
from engine.retarget.transfer.request import MeshPart, TransferRequest
from engine.retarget.transfer.template import load_template
from engine.retarget.transfer.transfer import transfer_shapes


@pytest.fixture(scope="module")
def moves():
    return {amounts: skin_moves(load_asset(), amounts) for amounts in AMOUNTS}


def test_shipped_amounts_are_the_assets(moves):
    asset = load_asset()
    count = asset.parts["skin"][1]
    for name in NAMES:
        assert np.array_equal(moves["shipped"][name], asset.deltas[name][:count].astype(float))


def test_what_was_made_stronger_is_weaker_again(moves):
    for name, factor in (("eyeLookInLeft", 1.5), ("browInnerUp", 1.4), ("cheekSquintRight", 1.2)):
        assert np.allclose(factor * moves["authored"][name], moves["shipped"][name])


def test_looking_up_loses_what_it_had_of_eye_wide(moves):
    unit, wide = (moves["authored"][n + "Left"] for n in ("eyeLookUp", "eyeWide"))
    assert np.allclose(0.7 * unit + 0.9 * wide, moves["shipped"]["eyeLookUpLeft"])


def test_a_blink_keeps_its_height_but_not_its_slide(moves):
    unit, key = (moves[a]["eyeBlinkRight"] for a in AMOUNTS)
    assert np.array_equal(unit[:, [0, 2]], key[:, [0, 2]])
    lid = key[:, 2].argmin()
    assert unit[lid, 1] > key[lid, 1] + 0.0005


def test_nothing_else_changes(moves):
    for name in ("jawOpen", "mouthClose", "mouthSmileLeft", "eyeWideRight", "noseSneerLeft"):
        assert np.array_equal(moves["authored"][name], moves["shipped"][name])


def test_templates_differ_in_amounts_alone():
    plain, strong = load_template(), load_template("shipped")
    assert plain.amounts == DEFAULT
    assert strong.amounts == "shipped"
    assert strong.skin is plain.skin
    assert eye_turn("eyeLookUpLeft", "shipped") == 1
    assert eye_turn("eyeLookUpLeft", "authored") == 0.5


def test_unknown_amounts_are_refused():
    part = MeshPart("head", np.zeros((3, 3)), np.array([3]), np.arange(3))
    with pytest.raises(FacewrightError, match="huge"):
        transfer_shapes(TransferRequest((part,), amounts="huge"))
