# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the mouth is hidden it goes by the sound, there alone, and everything else stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from face_tracks import make_track, weight
from test_speech_offset import heard_of, shifted, spoken

from engine.core.arkit import INDEX, NAMES, region_of
from engine.core.clock import FrameClock
from engine.core.cues import Cue
from engine.core.errors import FacewrightError
from engine.filters.chain import FilterSettings, run_filters
from engine.pipeline import speech_help
from engine.speech.mouth import curves
from engine.speech.stand_in import CONFIDENCE, HIDDEN, NO_FACE, TURNED, hidden_spans, stand_in

FPS = 25
SECONDS = 20.0
TIME = np.arange(round(SECONDS * FPS)) / FPS
CUES = spoken(SECONDS)
HAND = (TIME >= 8.0) & (TIME < 9.0)
MOUTH = [i for i, name in enumerate(NAMES) if region_of(name) in ("jaw", "mouth", "tongue")]
OTHERS = [i for i in range(len(NAMES)) if i not in MOUTH]


def performed(gain=1.0, smile=0.0):
    """The truth: a face that speaks the cues, some smaller or larger, with a smile."""
    weights = gain * curves(CUES, TIME)
    for side in ("Left", "Right"):
        weights[:, INDEX[f"mouthSmile{side}"]] += smile
    weights[:, INDEX["browInnerUp"]] = 0.5
    return weights


def seen(truth, hidden=HAND, valid=None):
    """What the picture shows of it: while the mouth is hidden, lips that stay closed."""
    track = make_track(TIME, valid=valid)
    weights = truth.astype(np.float32).copy()
    weights[np.ix_(hidden, MOUTH)] = 0.0
    confidence = np.ones_like(weights)
    confidence[np.ix_(hidden, MOUTH)] = 0.3
    weights[~track.valid] = confidence[~track.valid] = np.nan
    return replace(track, weights=weights, channel_confidence=confidence)


def error(track, truth, rows, name="jawOpen"):
    return np.abs(weight(track, name) - truth[:, INDEX[name]])[rows].mean()


def test_a_hidden_mouth_goes_by_the_sound():
    truth = performed()
    track = seen(truth)
    found = stand_in(track, CUES)
    (told,) = found.told
    assert told.why == HIDDEN
    assert told.start_s == pytest.approx(8.0, abs=0.15)
    assert told.end_s == pytest.approx(9.0, abs=0.15)
    assert found.matched
    assert error(found.track, truth, HAND) < 0.3 * error(track, truth, HAND)


def test_everything_else_stays():
    track = seen(performed())
    helped = stand_in(track, CUES).track
    far = np.abs(TIME - 8.5) > 0.9
    assert np.array_equal(helped.weights[:, OTHERS], track.weights[:, OTHERS])
    assert np.array_equal(helped.weights[far], track.weights[far])
    assert np.array_equal(helped.channel_confidence[far], track.channel_confidence[far])
    assert np.array_equal(helped.head_deg, track.head_deg)
    assert np.array_equal(helped.valid, track.valid)


def test_a_mouth_in_sight_is_left_alone():
    track = seen(performed(), hidden=np.zeros(len(TIME), bool))
    found = stand_in(track, CUES)
    assert found.told == []
    assert found.track is track


def test_nothing_jumps():
    helped = stand_in(seen(performed()), CUES).track
    usual = np.abs(np.diff(performed()[:, INDEX["jawOpen"]])).max()
    assert np.abs(np.diff(weight(helped, "jawOpen"))).max() < 1.6 * usual


def test_the_mouth_moves_as_far_as_this_performers():
    truth = performed(gain=0.5)
    helped = stand_in(seen(truth), CUES).track
    assert weight(helped, "jawOpen")[HAND].max() == pytest.approx(
        truth[HAND, INDEX["jawOpen"]].max(), rel=0.25
    )


def test_a_smile_stays_a_smile():
    truth = performed(smile=0.4)
    helped = stand_in(seen(truth), CUES).track
    assert error(helped, truth, HAND, "mouthSmileLeft") < 0.1


def test_lips_close_where_they_have_to():
    cues = [Cue.of_phone(*c) for c in (("a", 8.0, 8.4), ("p", 8.4, 8.55), ("a", 8.55, 9.0))]
    cues = [c for c in CUES if c.end <= 7.9] + cues + [c for c in CUES if c.start >= 9.1]
    truth = curves(cues, TIME)
    helped = stand_in(seen(truth), cues).track
    shut = (TIME > 8.42) & (TIME < 8.53)
    opening = weight(helped, "jawOpen") - weight(helped, "mouthClose")
    assert opening[shut].max() < 0.02
    assert opening[(TIME > 8.1) & (TIME < 8.3)].max() > 0.1


def test_silence_is_left_to_the_picture():
    quiet = [cue for cue in CUES if cue.end < 7.0 or cue.start > 10.0]
    assert stand_in(seen(performed()), quiet).told == []


def test_values_by_the_sound_say_so():
    helped = stand_in(seen(performed()), CUES).track
    inside = helped.channel_confidence[(TIME > 8.3) & (TIME < 8.7)][:, INDEX["jawOpen"]]
    assert inside == pytest.approx(CONFIDENCE)


@pytest.mark.parametrize(("yaw", "why"), [(0.0, HIDDEN), (50.0, TURNED)])
def test_the_reason_is_told(yaw, why):
    track = seen(performed())
    head = track.head_deg.copy()
    head[HAND, 1] = yaw
    assert stand_in(replace(track, head_deg=head), CUES).told[0].why == why


def test_short_dips_are_no_hidden_mouth():
    assert hidden_spans(seen(performed(), hidden=(TIME >= 8.0) & (TIME < 8.08))) == []


def test_without_a_face_the_mouth_goes_on():
    truth = performed()
    track = seen(truth, hidden=np.zeros(len(TIME), bool), valid=~HAND)
    found = stand_in(track, CUES)
    assert found.told[0].why == NO_FACE
    assert not found.track.valid[HAND].any()
    assert np.isfinite(found.track.weights[HAND][:, MOUTH]).all()
    assert np.isnan(found.track.weights[HAND][:, OTHERS]).all()
    for policy in ("HOLD", "EASE"):
        settings = FilterSettings(gap_policy=policy, smoothing={}, head_center="NONE")
        clock = FrameClock(FPS)
        plain = run_filters(track, settings, clock).track
        helped = run_filters(found.track, settings, clock).track
        assert error(helped, truth, HAND) < 0.5 * error(plain, truth, HAND)
        # Head and brows are what the gap policy makes of them.
        assert np.array_equal(helped.weights[:, OTHERS], plain.weights[:, OTHERS])


def test_a_gap_that_stays_empty_stays_empty():
    track = seen(performed(), hidden=np.zeros(len(TIME), bool), valid=~HAND)
    settings = FilterSettings(gap_policy="EMPTY", smoothing={})
    filtered = run_filters(stand_in(track, CUES).track, settings, FrameClock(FPS))
    assert not filtered.track.valid[HAND].any()


@pytest.fixture
def hearing(monkeypatch, tmp_path):
    """The pipeline hears a sound that is late by some seconds, without a network."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"")

    class File:
        def __init__(self, _path):
            pass

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda *_: None  # noqa: E731
        blocks = lambda self, **_: iter(())  # noqa: E731

    def late(seconds):
        cues = shifted(CUES, seconds)
        monkeypatch.setattr(speech_help, "open_model", lambda *_: None)
        monkeypatch.setattr(speech_help, "model_path", lambda _: Path())
        monkeypatch.setattr(speech_help, "SoundFile", File)
        monkeypatch.setattr(speech_help, "hear_pieces", lambda *_: heard_of(cues, SECONDS))
        monkeypatch.setattr(speech_help, "decode", lambda _: cues)
        return {"source": {"file": path.name, "path": str(path), "has_audio": True}}

    return late


def test_a_late_sound_is_told_and_corrected(hearing, tmp_path):
    truth = performed()
    track = seen(truth)
    helped, report = speech_help.help_track(track, tmp_path / "t.fwtake", hearing(0.2))
    assert report.late_ms == pytest.approx(200, abs=30)
    assert "late" in report.says
    assert len(report.stretches) == 1
    assert error(helped, truth, HAND) < 0.4 * error(track, truth, HAND)


def test_live_sound_that_begins_later_is_placed(hearing, tmp_path):
    """Its second 0 is another than the take's."""
    hearing(0.0)
    (tmp_path / "t.wav").write_bytes(b"")
    header = {"source": {"kind": "live", "file": ""}, "sound": {"offset_s": 0.1}}
    _, report = speech_help.help_track(seen(performed()), tmp_path / "t.fwtake", header)
    assert report.late_ms == pytest.approx(100, abs=30)


def test_a_sound_that_cannot_help_leaves_the_picture(hearing, tmp_path, monkeypatch):
    header = hearing(0.0)
    track = seen(performed())

    def broken(_path):
        raise FacewrightError("It is broken.")

    monkeypatch.setattr(speech_help, "SoundFile", broken)
    same, report = speech_help.help_track(track, tmp_path / "t.fwtake", header)
    assert same is track
    assert "It is broken." in report.problem
    gone = {"source": {"file": "gone.mp4", "path": "/nowhere/gone.mp4", "has_audio": True}}
    assert speech_help.help_track(track, tmp_path / "t.fwtake", gone)[1].problem
