# SPDX-License-Identifier: GPL-3.0-or-later
"""Learning a performer: better than the general model, or refused; a file that is data alone."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken_takes import recording

from engine.core.arkit import INDEX
from engine.core.cues import Cue
from engine.core.errors import FacewrightError
from engine.core.mouth_style import MouthStyle
from engine.speech.decode import decode
from engine.speech.hearing import Heard
from engine.speech.performer import holdout
from engine.speech.performer.closures import close_lips
from engine.speech.performer.inputs import features_of
from engine.speech.performer.learning import Learned, learn
from engine.speech.performer.lips import CHANNEL_NAMES, CHANNELS, EigenLips
from engine.speech.performer.retrieval import unit_edges
from engine.speech.performer.score import score, shortcomings
from engine.speech.performer.training import TrainSettings
from engine.speech.performer.voice_file import SCHEMA, read_voice, write_voice

JAW, CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
QUICK = TrainSettings(rounds=15, rate=0.01)
SIZE = (16, 16)
LONG_S = 100


def heard(one) -> Heard:
    return Heard(one.log_probs, np.zeros(len(one.mel), np.float32), one.mel)


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn([recording(LONG_S, 1), recording(20, 2)], {"name": "Ada"}, QUICK, size=SIZE)


@pytest.fixture(scope="module")
def file(learned, tmp_path_factory):
    path = tmp_path_factory.mktemp("voice") / "ada.fwvoice"
    write_voice(path, learned.profile)
    return path


# What is learned is measured honestly


def test_a_performer_is_learned_better_than_the_general_model(learned):
    assert learned.shortcomings == []
    own, general = learned.scores["network"], learned.scores["general"]
    assert own.mae < 0.7 * general.mae
    assert own.likeness > general.likeness + 0.1
    # The general model never leans to a side; this performer does.
    assert own.channel_likeness["mouthRight"] > 0.6
    assert general.channel_likeness["mouthRight"] == 0
    assert learned.learn_s + learned.stop_s + learned.measure_s <= LONG_S + 20


def test_lips_that_fit_no_sound_are_refused():
    learned = learn([recording(LONG_S, 1, lips_of=7)], {}, QUICK, size=SIZE)
    assert learned.shortcomings
    assert learned.retrieval_shortcomings
    assert learned.scores["network"].likeness < 0.2


def test_too_little_is_refused():
    with pytest.raises(FacewrightError, match="30 s") as caught:
        learn([recording(30, 1)], {}, QUICK, size=SIZE)
    assert caught.value.code == "voice-too-short"
    still = recording(LONG_S, 1)
    still = replace(still, weights=np.zeros_like(still.weights))
    with pytest.raises(FacewrightError) as caught:
        learn([still], {}, QUICK, size=SIZE)
    assert caught.value.code == "voice-no-motion"


def test_what_no_camera_saw_is_neither_learned_nor_measured():
    one = recording(LONG_S, 1)
    seen = one.time_s < 30
    with pytest.raises(FacewrightError, match="last 30 s"):
        learn([replace(one, trust=one.trust * seen[:, None])], {}, QUICK, size=SIZE)
    hole = replace(one, time_s=np.where(one.time_s > 50, one.time_s + 20, one.time_s))
    weights, trust = hole.steps()
    assert np.isfinite(weights).all()
    assert not trust[int(50.2 * 50) : int(69.8 * 50)].any()
    assert trust[: int(49.8 * 50)].all()


@given(
    st.lists(st.floats(0.5, 400), min_size=1, max_size=40),
    st.integers(0, 7),
)
def test_stretches_of_different_use_never_touch(lengths, offset):
    stretches = holdout.deal(lengths, offset)
    for one in stretches:
        assert 0 <= one.begin_s < one.end_s <= lengths[one.recording] + 1e-6
    for one, other in itertools.pairwise(stretches):
        if one.recording == other.recording:
            assert one.end_s <= other.begin_s + 1e-6
            if one.use != other.use:
                shortest = min(one.end_s - one.begin_s, other.end_s - other.begin_s)
                assert other.begin_s - one.end_s > min(0.9, shortest / 5)
    if sum(lengths) / max(lengths) >= 8 or len(lengths) == 1:
        assert {one.use for one in stretches} == {holdout.LEARN, holdout.STOP, holdout.MEASURE}


def test_scores():
    draw = np.random.default_rng(2)
    captured = draw.random((500, len(CHANNEL_NAMES)))
    trust = np.ones_like(captured)
    same = score(captured, captured, trust)
    assert (same.mae, same.likeness) == (0, 1)
    half = score(captured * 0.5 + 0.1, captured, trust)
    assert half.likeness == pytest.approx(1)
    assert half.mae == pytest.approx(np.abs(captured * 0.5 - 0.1).mean(), abs=1e-4)
    trust[250:] = 0
    wrong = captured.copy()
    wrong[250:] = 0
    assert score(wrong, captured, trust).mae == 0
    still = score(captured, np.full_like(captured, 0.5), np.ones_like(captured))
    assert still.channel_likeness == {}
    good, bad = same, score(1 - captured, captured, np.ones_like(captured))
    assert not shortcomings(good, bad, bad)
    assert len(shortcomings(bad, good, good)) == 3


# The profile speaks


def test_new_sound_moves_the_lips_as_the_performer_would(learned):
    new = recording(30, 50)
    for method in ("network", "retrieval"):
        weights = learned.profile.curves(heard(new), new.mel, new.time_s, method=method)
        assert weights.shape == (len(new.time_s), 52)
        assert weights.dtype == np.float32
        assert weights.min() >= 0
        assert weights.max() <= 1
        likeness = score(weights[:, CHANNELS], new.weights, new.trust).channel_likeness
        assert likeness["mouthPucker"] > 0.7, method
        assert likeness["mouthRight"] > 0.6, method
        others = np.setdiff1d(np.arange(52), [*CHANNELS, INDEX["tongueOut"]])
        assert not weights[:, others].any()


@pytest.mark.parametrize("method", ["network", "retrieval"])
def test_lips_close_at_every_p(learned, method):
    new = recording(20, 51)
    cues = [cue for cue in decode(heard(new)) if cue.phone == "p"]
    assert len(cues) > 10
    middles = np.array([(cue.start + cue.end) / 2 for cue in cues if cue.end - cue.start < 0.2])
    weights = learned.profile.curves(heard(new), new.mel, middles, method=method)
    assert weights[:, CLOSE] == pytest.approx(weights[:, JAW])
    for name in ("mouthLowerDownLeft", "mouthUpperUpRight", "mouthFunnel"):
        assert not weights[:, INDEX[name]].any()


def test_retrieval_gives_captured_motion_back(learned):
    """Sound that was captured gets the motion that was captured with it."""
    old = recording(20, 2)
    weights = learned.profile.curves(heard(old), old.mel, old.time_s, cues=[], method="retrieval")
    assert np.abs(weights[:, CHANNELS] - old.weights).mean() < 0.02
    network = learned.profile.curves(heard(old), old.mel, old.time_s, cues=[])
    assert np.abs(network[:, CHANNELS] - old.weights).mean() > 0.005


def test_given_cues_close_the_lips_instead_of_heard_ones(learned):
    new = recording(5, 52)
    times = np.arange(0, 5, 0.01)
    cues = [Cue.of_phone("a", 0, 1), Cue.of_phone("p", 1, 1.1), Cue.of_phone("a", 1.1, 5)]
    weights = learned.profile.curves(heard(new), new.mel, times, cues=cues)
    assert weights[105, CLOSE] == weights[105, JAW]
    free = learned.profile.curves(heard(new), new.mel, times, cues=[])
    assert np.array_equal(weights[200:, CHANNELS], free[200:, CHANNELS])


def test_the_mouth_comes_to_rest_after_the_sound_and_without_any(learned):
    new = recording(5, 53)
    late = learned.profile.curves(heard(new), new.mel, np.array([6.0, 60.0]))[:, CHANNELS]
    rest = np.clip(learned.profile.rest, 0, 1)
    assert late == pytest.approx(np.stack([rest, rest]), abs=1e-5)
    nothing = Heard(new.log_probs[:0], np.zeros(0, np.float32), new.mel[:0])
    none = learned.profile.curves(nothing, new.mel[:0], np.array([0.0, 1.0]))
    assert none[:, CHANNELS] == pytest.approx(np.stack([rest, rest]), abs=1e-5)
    assert learned.profile.curves(nothing, new.mel[:0], np.empty(0)).shape == (0, 52)


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
@pytest.mark.parametrize("method", ["network", "retrieval"])
def test_a_blink_of_sound(learned, frames, method):
    new = recording(5, 53)
    short = Heard(new.log_probs[:frames], np.zeros(frames, np.float32), new.mel[:frames])
    weights = learned.profile.curves(short, short.mel, np.arange(0, 0.5, 0.01), method=method)
    assert np.isfinite(weights).all()


def test_amounts(learned):
    new = recording(5, 54)
    usual = learned.profile.curves(heard(new), new.mel, new.time_s, cues=[])
    wide = learned.profile.curves(
        heard(new), new.mel, new.time_s, cues=[], style=MouthStyle(jaw=0.5, lips=0.0)
    )
    assert wide[:, JAW] == pytest.approx(usual[:, JAW] * 0.5)
    assert not wide[:, INDEX["mouthPucker"]].any()


def test_volume_and_microphone_do_not_matter():
    new = recording(20, 55)
    tilt = np.linspace(-3, 1, 40, dtype=np.float32)
    features = features_of(new.mel, new.log_probs)
    assert features_of(new.mel + tilt, new.log_probs) == pytest.approx(features, abs=1e-4)


def test_an_unknown_method_is_told(learned):
    new = recording(5, 53)
    with pytest.raises(FacewrightError) as caught:
        learned.profile.curves(heard(new), new.mel, new.time_s, method="magic")
    assert caught.value.code == "voice-method"


# Parts


def test_closures_leave_everything_else_alone():
    draw = np.random.default_rng(1)
    times = np.arange(0, 2, 1 / 60)
    weights = draw.random((len(times), 52)).astype(np.float32)
    weights[:, CLOSE] = weights[:, JAW] * 0.2
    kept = weights.copy()
    cues = [Cue.of_phone("a", 0, 1), Cue.of_phone("p", 1, 1.08), Cue.of_phone("a", 1.08, 2)]
    closed = close_lips(weights, cues, times)
    assert np.array_equal(weights, kept)
    far = np.abs(times - 1.04) > 0.2
    assert closed[far] == pytest.approx(kept[far])
    inside = (times > 1) & (times < 1.08)
    assert closed[inside][:, CLOSE] == pytest.approx(closed[inside][:, JAW])
    assert np.array_equal(close_lips(weights, [], times), kept)


def test_lips_are_not_held_shut_for_long():
    times = np.arange(0, 2, 1 / 60)
    weights = np.zeros((len(times), 52), np.float32)
    cues = [Cue.of_phone("a", 0, 0.5), Cue.of_phone("p", 0.5, 1.5), Cue.of_phone("a", 1.5, 2)]
    closed = close_lips(weights, cues, times)
    late = (times > 0.8) & (times < 1.45)
    assert (closed[late, JAW] - closed[late, CLOSE]).min() > 0.03


def test_a_few_movements_explain_the_lips():
    weights = recording(60, 3).weights
    lips = EigenLips.learn(weights)
    assert len(lips.basis) < len(CHANNELS)
    assert lips.basis @ lips.basis.T == pytest.approx(np.eye(len(lips.basis)), abs=1e-4)
    movements = ((weights - lips.mean) / lips.scale) @ lips.basis.T
    assert np.abs(lips.expand(movements) - weights).mean() < 0.01
    assert lips.expand(movements * 100).max() <= weights.max()


def test_units_are_short_and_without_gaps():
    cues = [Cue.of_phone("sil", 0, 2), Cue.of_phone("a", 2, 2.04), Cue.of_phone("p", 2.04, 2.06)]
    edges = unit_edges(cues, 2.06)
    assert edges[0] == 0
    assert np.diff(edges).min() > 0
    assert np.diff(edges).max() <= 0.3 + 1e-9
    assert edges[-1] > 2.0


# The file


def test_a_profile_comes_back_from_its_file(learned, file):
    back = read_voice(file)
    assert back.about == {"name": "Ada"}
    new = recording(10, 56)
    for method in ("network", "retrieval"):
        ours = learned.profile.curves(heard(new), new.mel, new.time_s, method=method)
        theirs = back.curves(heard(new), new.mel, new.time_s, method=method)
        assert np.abs(theirs - ours).mean() < 0.005
    assert not list(file.parent.glob("*.part"))


def changed(file, tmp_path, **arrays):
    with np.load(file) as old:
        kept = {name: old[name] for name in old.files}
    path = tmp_path / "changed.fwvoice"
    with path.open("wb") as out:
        np.savez(out, **(kept | {name.replace("__", "."): v for name, v in arrays.items()}))
    return path


def refused(path) -> str:
    with pytest.raises(FacewrightError) as caught:
        read_voice(path)
    return caught.value.code


def test_files_that_are_no_profile_are_refused(file, tmp_path):
    assert refused(tmp_path / "nothing.fwvoice") == "voice-missing"
    whole = file.read_bytes()
    for number, data in enumerate((b"", b"text", whole[: len(whole) // 2], whole[:-30])):
        path = tmp_path / f"{number}.fwvoice"
        path.write_bytes(data)
        assert refused(path) == "voice-unreadable"
    path = tmp_path / "empty.fwvoice"
    with zipfile.ZipFile(path, "w"):
        pass
    assert refused(path) == "voice-unreadable"
    assert refused(tmp_path) == "voice-unreadable"


def test_damage_inside_the_file_is_refused(file, tmp_path):
    whole = bytearray(file.read_bytes())
    draw = np.random.default_rng(8)
    for number in range(30):
        broken = whole.copy()
        place = int(draw.integers(0, len(broken) - 8))
        broken[place : place + 8] = draw.bytes(8)
        path = tmp_path / f"{number}.fwvoice"
        path.write_bytes(broken)
        try:
            read_voice(path)
        except FacewrightError as error:
            assert error.code in ("voice-unreadable", "voice-newer")


def test_values_that_do_not_fit_are_refused(file, tmp_path):
    newer = np.frombuffer(json.dumps({"schema": "FacewrightVoice.2"}).encode(), np.uint8)
    assert refused(changed(file, tmp_path, about=newer)) == "voice-newer"
    for about in (b"[]", b'{"schema": 1}', b"{", b'{"schema": "Other.1"}'):
        bad = np.frombuffer(about, np.uint8)
        assert refused(changed(file, tmp_path, about=bad)) == "voice-unreadable"
    for wrong in (
        {"rest": np.zeros(3)},
        {"rest": np.full(27, np.nan)},
        {"stock__units": np.array([[0, 10**6]])},
        {"stock__units": np.array([[-5, 3]])},
        {"net__recall": np.zeros((2, 3, 4))},
        {"normal__deviation": np.zeros(65)},
        {"lips__basis": np.zeros((1, 27))},
        {"rest": np.array(["text"] * 27)},
    ):
        assert refused(changed(file, tmp_path, **wrong)) == "voice-unreadable", wrong


class Harmful:
    def __reduce__(self):
        return (print, ("this was run",))


def test_nothing_in_a_file_is_ever_run(file, tmp_path, capsys):
    harmful = np.array([Harmful()], dtype=object)
    assert refused(changed(file, tmp_path, rest=harmful)) == "voice-unreadable"
    plain = io.BytesIO()
    np.save(plain, harmful, allow_pickle=True)
    path = tmp_path / "plain.fwvoice"
    path.write_bytes(plain.getvalue())
    assert refused(path) == "voice-unreadable"
    assert "this was run" not in capsys.readouterr().out


def test_a_profile_that_cannot_be_written_leaves_the_old_one(learned, tmp_path):
    with pytest.raises(FacewrightError) as caught:
        write_voice(tmp_path / "nowhere" / "ada.fwvoice", learned.profile)
    assert caught.value.code == "voice-unwritable"
    assert SCHEMA.startswith("FacewrightVoice.")
