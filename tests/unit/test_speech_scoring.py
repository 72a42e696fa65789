# SPDX-License-Identifier: GPL-3.0-or-later
"""The measure of the speech benchmark."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.support import speech_scoring as scoring
from engine.core.cues import OVR, Cue

SHARED = Path(__file__).resolve().parents[3] / "shared"
SEGMENTS = [
    {"p": "<bos>", "start": 0.0, "end": 0.2},
    {"p": "b", "start": 0.2, "end": 0.3},
    {"p": "ˈ", "start": 0.3, "end": 0.3},
    {"p": "uː", "start": 0.3, "end": 0.4},
    {"p": "ː", "start": 0.4, "end": 0.5},
    {"p": "ə", "start": 0.5, "end": 0.6},
    {"p": "t", "start": 0.6, "end": 0.7},
    {"p": ",", "start": 0.7, "end": 0.75},
    {"p": " ", "start": 0.75, "end": 0.8},
    {"p": "v", "start": 0.8, "end": 0.9},
    {"p": "a", "start": 0.9, "end": 1.0},
]


def _named(classes):
    return ["-" if index < 0 else scoring.CLASSES[index] for index in classes[5::10]]


def test_each_sound_has_its_class_and_the_free_ones_none():
    assert _named(scoring.reference(SEGMENTS, 100)) == [
        *("SIL", "SIL", "PBM", "ROUND", "ROUND", "-", "NARROW", "-", "FV", "OPEN")
    ]


def test_without_cues_the_mouth_rests():
    assert _named(scoring.predicted([Cue(0.2, 0.4, "FF")], 60)) == [
        *("SIL", "SIL", "FV", "FV", "SIL", "SIL")
    ]


def test_every_viseme_of_ours_is_known():
    for viseme in OVR:
        scoring.predicted([Cue(0.0, 1.0, viseme)], 10)
    with pytest.raises(KeyError):
        scoring.predicted([{"start": 0.0, "end": 1.0, "viseme": "MBP"}], 10)


def test_the_right_cues_score_one_and_a_delay_is_found():
    visemes = {0.0: "sil", 0.2: "PP", 0.3: "ou", 0.4: "ou", 0.6: "DD", 0.8: "FF", 0.9: "aa"}
    starts = [*visemes, 1.0]
    cues = [
        Cue(start, end, viseme)
        for start, end, viseme in zip(starts, starts[1:], visemes.values(), strict=False)
    ]
    refs = {"a": scoring.reference(SEGMENTS, 100)}
    assert scoring.score(refs, {"a": cues}).balanced == 1.0
    late = [Cue(cue.start + 0.04, cue.end + 0.04, cue.viseme) for cue in cues]
    assert scoring.score(refs, {"a": late}).balanced < 0.8
    # The first 40 ms, before the late cues begin, count as rest, which they are.
    best = scoring.best_shift(refs, {"a": late})
    assert best.balanced == 1.0 and best.shift_ms == -40


def test_recall_and_precision_of_closed_lips():
    refs = {"a": scoring.reference(SEGMENTS, 100)}
    found = scoring.score(refs, {"a": [Cue(0.25, 0.45, "PP")]})
    assert found.recall["PBM"] == pytest.approx(0.5)
    assert found.precision["PBM"] == pytest.approx(0.25)
    assert found.precision["FV"] == 0.0
    with pytest.raises(ValueError, match="no sound"):
        scoring.score({"a": scoring.reference([], 10)}, {"a": []})


_sounds = st.sampled_from([*"pbmfvwuʊoɔɑæɛstdŋʃiəɹˈː.,ç", "ɜː", "aɪ", "<bos>"])
_lengths = st.lists(st.tuples(_sounds, st.floats(0.0, 0.3)), min_size=3, max_size=30)
_cues = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 1), st.sampled_from(OVR)), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(lengths=_lengths, cues=_cues, shift=st.integers(-12, 16))
def test_same_as_the_measure_that_the_figures_were_set_with(tmp_path_factory, lengths, cues, shift):
    theirs = _shared_measure()
    segments, time = [], 0.0
    for sound, length in [*lengths, ("s", 0.1)]:
        segments.append({"p": sound, "start": time, "end": time + length})
        time += length
    rows = [{"start": start, "end": start + length, "viseme": v} for start, length, v in cues]
    frames = int(time * 100)
    path = tmp_path_factory.mktemp("speech") / "a.json"
    path.write_text(json.dumps({"segments": segments}))
    expected = theirs.score({"a": theirs.reference(path, frames)}, {"a": rows}, shift / 100)
    ours = scoring.score({"a": scoring.reference(segments, frames)}, {"a": rows}, shift / 100)
    assert ours.accuracy == pytest.approx(expected["accuracy"])
    assert ours.balanced == pytest.approx(expected["balanced"])
    assert ours.precision["PBM"] == pytest.approx(expected["pbm_precision"])
    assert {name: round(value, 3) for name, value in ours.recall.items()} == expected["recall"]


def _shared_measure():
    path = SHARED / "tools" / "score_visemes.py"
    if not path.exists():
        pytest.skip("the measure of the research is not here")
    spec = importlib.util.spec_from_file_location("score_visemes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_frames_of_a_recording():
    assert scoring.frames_of(16000, 16000) == 100
    assert scoring.frames_of(16079, 16000) == 100
    assert np.all(scoring.reference([], 7) == scoring.UNSCORED)
