# SPDX-License-Identifier: GPL-3.0-or-later
"""Least-squares retarget: known truths are recovered, bounds hold, and it is smooth."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.core.arkit import NAMES
from engine.core.errors import FacewrightError
from engine.retarget.composites import composites_of, fitted_mapping, suggest_composites
from engine.retarget.fit import make_fit
from engine.retarget.fit_file import fit_from_json, fit_to_json
from engine.retarget.fit_mixing import FitMixer, with_fit, working_fit
from engine.retarget.head_asset import load_asset
from engine.retarget.mapping import KeyDrive, Mapping, Row
from engine.retarget.mapping_file import mapping_from_json, mapping_to_json
from engine.retarget.mixing import make_mixer

# Nothing but the meshes decides.
EXACT = {"smoothness": 0.0, "ridge": 1e-5, "sparsity": 0.0}
# Height of the line between the lips, metres.
LIP_GAP = -0.031
LIPS = ("mouthFunnel", "mouthPucker", "mouthRollUpper", "mouthRollLower", "jawOpen")


@pytest.fixture(scope="module")
def head():
    """ARKit name -> displacements of every third vertex of the shipped head's skin, and where."""
    asset = load_asset()
    chosen = np.arange(0, asset.parts["skin"][1], 3)
    return asset.vertices[chosen], {name: asset.deltas[name][chosen] for name in NAMES}


def split(points, moves):
    """Four quarters of a displacement, which add up to it."""
    left = 1 / (1 + np.exp(-points[:, 0] / 0.004))
    upper = 1 / (1 + np.exp(-(points[:, 2] - LIP_GAP) / 0.004))
    return {
        f"{v}{s}": moves * (a * b)[:, None]
        for v, a in (("Up", upper), ("Down", 1 - upper))
        for s, b in (("L", left), ("R", 1 - left))
    }


@pytest.fixture(scope="module")
def quarters(head):
    """A rig whose lip shapes are split in four, and the brows' and smiles are not."""
    points, moves = head
    keys = {name: moves[name] for name in ("mouthSmileLeft", "browInnerUp")}
    for name in LIPS:
        keys |= {f"{name}_{part}": d for part, d in split(points, moves[name]).items()}
    return {name: moves[name] for name in (*LIPS, "mouthSmileLeft", "browInnerUp")}, keys


@pytest.fixture(scope="module")
def visemes(head):
    """A rig that has mouth shapes of speech alone."""
    _, moves = head
    recipes = {
        "aa": {"jawOpen": 0.7},
        "E": {"jawOpen": 0.3, "mouthStretchLeft": 0.5, "mouthStretchRight": 0.5},
        "O": {"jawOpen": 0.4, "mouthFunnel": 0.7},
        "U": {"jawOpen": 0.1, "mouthPucker": 0.8},
        "PP": {"mouthPressLeft": 0.7, "mouthPressRight": 0.7, "mouthRollLower": 0.4},
        "FF": {"mouthRollLower": 0.8, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
    }
    return moves, {key: sum(w * moves[n] for n, w in r.items()) for key, r in recipes.items()}


def talk(names, count=300, seed=3):
    """Weights that move at random between 0 and 1, smoothly: (T, len(names))."""
    rng = np.random.default_rng(seed)
    t = np.arange(count)[:, None] / 30
    waves = np.sin(2 * np.pi * rng.uniform(0.3, 2, len(names)) * t + rng.uniform(0, 6, len(names)))
    return np.clip(0.3 + 0.5 * waves, 0, 1)


def test_split_shapes_are_put_together_exactly(quarters):
    channels, keys = quarters
    fit = make_fit(channels, keys, **EXACT)
    weights = talk(fit.channels)
    values = fit.solver.solve(weights)
    for c, name in enumerate(fit.channels):
        for k, key in enumerate(fit.keys):
            if key.split("_")[0] == name:
                np.testing.assert_allclose(values[:, k], weights[:, c], atol=0.02, err_msg=key)
    assert np.nanmax(fit.residual(weights, values)) < 0.01


def test_the_way_back_finds_the_weights(quarters):
    channels, keys = quarters
    fit = make_fit(channels, keys, **EXACT)
    weights = talk(fit.channels)
    back = fit.solver.back(fit.solver.solve(weights))
    np.testing.assert_allclose(back, weights, atol=0.02)
    np.testing.assert_allclose(fit.solver.back(fit.solver.solve(weights)[7]), back[7], atol=1e-6)


def test_the_answer_is_that_of_a_bounded_least_squares_solver(visemes):
    from scipy.optimize import lsq_linear

    moves, keys = visemes
    fit = make_fit(moves, keys, **EXACT | {"ridge": 1e-3})
    weights = talk(fit.channels, 12)
    sizes = fit.key_sizes
    matrix = np.linalg.cholesky(fit.among_keys + 1e-3 * np.eye(len(fit.keys)))
    right = weights @ (fit.across * fit.channel_sizes).T
    expected = [
        lsq_linear(matrix.T, np.linalg.solve(matrix, b), (fit.low * sizes, fit.high * sizes)).x
        for b in right
    ]
    found = fit.solver.solve(weights)
    apart = np.abs(found - np.array(expected) / sizes)
    assert apart.mean() < 0.005 and apart.max() < 0.06
    assert found.max() == 1  # some of the limits count


def test_visemes_alone_come_nearer_than_one_key_for_each_channel(visemes):
    moves, keys = visemes
    fit = make_fit(moves, keys)
    names = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower")
    weights = np.zeros((300, len(fit.channels)))
    weights[:, [fit.channels.index(name) for name in names]] = talk(names)
    one_to_one = np.zeros((300, len(keys)))
    for name, key in zip(names, ("aa", "O", "U", "FF"), strict=True):
        one_to_one[:, fit.keys.index(key)] = weights[:, fit.channels.index(name)]
    fitted = np.nanmean(fit.residual(weights, fit.solver.solve(weights)))
    plain = np.nanmean(fit.residual(weights, one_to_one))
    assert fitted < 0.4
    assert fitted < 0.75 * plain


def test_values_stay_within_their_limits(visemes):
    moves, keys = visemes
    fit = make_fit(moves, keys, limits={"aa": (-0.5, 0.6)})
    values = fit.solver.solve(3 * talk(fit.channels) - 1)
    a = fit.keys.index("aa")
    assert values[:, a].min() == pytest.approx(-0.5) and values[:, a].max() == pytest.approx(0.6)
    others = np.delete(values, a, axis=1)
    assert others.min() == 0 and others.max() == pytest.approx(1)


def test_smoothness_calms_noise_and_leaves_the_motion(head, quarters):
    channels, keys = quarters
    noise = np.random.default_rng(0).normal(0, 0.05, (400, len(channels)))
    weights = np.clip(talk(list(channels), 400) + noise, 0, 1)
    rough, calm = (make_fit(channels, keys, smoothness=s).solver.solve(weights) for s in (0.0, 3.0))
    assert np.abs(np.diff(calm, axis=0)).mean() < 0.75 * np.abs(np.diff(rough, axis=0)).mean()
    assert np.abs(calm - rough).mean() < 0.1
    assert np.corrcoef(calm.ravel(), rough.ravel())[0, 1] > 0.93


def test_a_take_in_blocks_has_no_seams(quarters):
    channels, keys = quarters
    fit = make_fit(channels, keys, smoothness=0.05)
    weights = talk(fit.channels, 1100)
    values = fit.solver.solve(weights)
    steps = np.abs(np.diff(values, axis=0)).max(axis=1)
    assert steps[[511, 1023]].max() < 1.5 * steps.max()
    shifted = fit.solver.solve(weights[100:])
    apart = np.abs(values[150:] - shifted[50:])
    assert apart.mean() < 1e-3 and apart.max() < 0.1


def test_a_face_at_rest_moves_nothing(visemes):
    fit = make_fit(*visemes)
    assert not fit.solver.solve(np.zeros((3, len(fit.channels)))).any()
    assert fit.solver.solve(np.zeros((0, len(fit.channels)))).shape == (0, len(fit.keys))


def test_live_frames_are_those_of_the_take(quarters):
    channels, keys = quarters
    fit = make_fit(channels, keys, smoothness=0.0)
    weights = talk(fit.channels, 120)
    whole = fit.solver.solve(weights)
    live = np.array([fit.solver.follow(row) for row in weights])
    apart = np.abs(live - whole)
    assert apart.mean() < 0.01 and apart.max() < 0.2
    np.testing.assert_array_equal(fit.solver.follow(weights[-1]), live[-1])


def test_a_second_mesh_gets_the_same_and_cannot_spoil_it(quarters):
    fit = make_fit(*quarters)
    weights = talk(fit.channels, 40)
    first = fit.solver.solve(weights)
    again = fit.solver.solve(weights)
    np.testing.assert_array_equal(again, first)
    again[:] = 7
    np.testing.assert_array_equal(fit.solver.solve(weights), first)
    assert not np.array_equal(fit.solver.solve(0.5 * weights), first)


def test_keys_that_do_the_same_share(head):
    _, moves = head
    twice = {"a": moves["jawOpen"], "b": moves["jawOpen"]}
    fit = make_fit({"jawOpen": moves["jawOpen"]}, twice, sparsity=0.0, smoothness=0.0)
    np.testing.assert_allclose(fit.solver.solve([[0.8]]), [[0.4, 0.4]], atol=1e-2)


def test_a_fit_travels_through_json(quarters):
    fit = make_fit(*quarters)
    mapping = fitted_mapping(Mapping({"tongueOut": Row((KeyDrive("Tongue"),))}, "Split"), fit)
    data = json.loads(json.dumps(mapping_to_json(mapping)))
    back = mapping_from_json(data)
    assert back == mapping
    weights = talk(fit.channels, 20)
    np.testing.assert_array_equal(back.fit.solver.solve(weights), fit.solver.solve(weights))
    assert fit != make_fit(*quarters, smoothness=0.5)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("keys"),
        lambda data: data["keys"].pop(0),
        lambda data: data["keys"][1].update(across="0.1 0.2"),
        lambda data: data["keys"][1].update(size=-1),
        lambda data: data["keys"][1].update(low=0.5),
        lambda data: data["channels"][0].update(name="jaw"),
        lambda data: data["channels"][1].update(among="nan"),
        lambda data: data.update(ridge=0),
        lambda data: data.update(keys=3),
    ],
)
def test_a_damaged_fit_is_told(quarters, spoil):
    data = fit_to_json(make_fit(*quarters))
    spoil(data)
    with pytest.raises(FacewrightError) as caught:
        fit_from_json(data)
    assert caught.value.code == "fit-invalid"


def test_composites_are_the_recipe(head):
    points, moves = head
    keys = {f"funnel_{part}": d for part, d in split(points, moves["mouthFunnel"]).items()}
    keys |= {"half": 0.5 * moves["jawOpen"], "blink": moves["eyeBlinkLeft"] * 2}
    found = suggest_composites(
        {n: moves[n] for n in ("mouthFunnel", "eyeBlinkLeft", "browInnerUp")}, keys
    )
    assert list(found) == ["eyeBlinkLeft", "mouthFunnel"]  # nothing does the brows
    assert found["eyeBlinkLeft"].drives == (("blink", pytest.approx(0.5, abs=0.01)),)
    drives = dict(found["mouthFunnel"].drives)
    assert set(drives) == {f"funnel_{v}{s}" for v in ("Up", "Down") for s in "LR"}
    assert list(drives.values()) == pytest.approx([1] * 4, abs=0.02)
    assert found["mouthFunnel"].residual < 0.02


def test_a_mapping_shows_what_the_fit_does(visemes):
    fit = make_fit(*visemes)
    mapping = fitted_mapping(Mapping(), fit)
    assert {d.key for row in mapping.rows.values() for d in row.drives} == set(fit.keys)
    jaw = mapping.rows["jawOpen"]
    assert jaw.drives[0].key == "aa" and "%" in jaw.note
    brow = mapping.rows["browInnerUp"]
    assert brow.drives == () and brow.approximate
    assert set(mapping.rows) == set(fit.channels)
    assert composites_of(fit)["jawOpen"].residual < 0.5


def test_the_mixer_solves_for_the_fits_keys_and_mixes_the_others(quarters):
    fit = make_fit(*quarters, **EXACT)
    mapping = fitted_mapping(Mapping({"tongueOut": Row((KeyDrive("Tongue", 0.5),))}), fit)
    sources = {"Tongue": {"tongueOut": 0.5}, "mouthFunnel_UpL": {"mouthFunnel": 1.0}}
    mixer = with_fit(make_mixer(sources, list(sources)), mapping)
    assert isinstance(mixer, FitMixer) and mixer.keys == ("Tongue", "mouthFunnel_UpL")
    channels = np.zeros((5, 52))
    channels[:, NAMES.index("tongueOut")] = 0.4
    channels[:, NAMES.index("mouthFunnel")] = 0.6
    np.testing.assert_allclose(mixer(channels), [[0.2, 0.6]] * 5, atol=0.02)
    np.testing.assert_allclose(mixer(channels[0]), [0.2, 0.6], atol=0.02)
    plain = make_mixer({"Tongue": {"tongueOut": 0.5}}, ["Tongue"])
    assert with_fit(plain, mapping) is plain
    assert with_fit(plain, Mapping()) is plain


def test_a_key_that_no_row_names_is_left_out(quarters):
    fit = make_fit(*quarters)
    mapping = fitted_mapping(Mapping(), fit)
    gone = "mouthFunnel_UpL"
    rows = {
        name: replace(row, drives=tuple(d for d in row.drives if d.key != gone))
        for name, row in mapping.rows.items()
    }
    fewer = working_fit(replace(mapping, rows=rows))
    assert set(fit.keys) - set(fewer.keys) == {gone}
    assert working_fit(replace(mapping, rows=rows)) is fewer  # with its solver
    assert working_fit(mapping) is fit
    assert working_fit(Mapping(fit=fit)) is None


def test_gains_count_before_the_fit(quarters):
    mapping = fitted_mapping(Mapping(region_gains={"mouth": 0.5}), make_fit(*quarters))
    channels = mapping.respond(np.ones(52))
    assert channels[NAMES.index("mouthFunnel")] == 0.5
    assert channels[NAMES.index("jawOpen")] == 1


def test_nothing_that_moves_is_told():
    still = {"a": np.zeros((4, 3))}
    with pytest.raises(FacewrightError, match="No shape key moves"):
        make_fit({"jawOpen": np.ones((4, 3))}, still)
    with pytest.raises(ValueError, match="different points"):
        make_fit({"jawOpen": np.ones((4, 3))}, {"a": np.ones((5, 3))})
