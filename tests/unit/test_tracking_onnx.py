# SPDX-License-Identifier: GPL-3.0-or-later
"""The default tracker on real clips: one row per frame, gaps, blocks, going back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.core.inference.onnx_session import CPU
from engine.core.types import Observations, VideoFrame
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking import catalog, mediapipe_tasks
from engine.tracking.base import TrackerOptions
from engine.tracking.streams import plan


def _tracker(**options):
    return catalog.create_tracker("mediapipe", TrackerOptions(model_path, **options))


def _frames(path, start=0, stop=None):
    with VideoSource(path) as source:
        return list(itertools.islice(source.frames(), start, stop))


def _track(frames, **options):
    return Observations.concatenate(list(_tracker(**options).track(iter(frames))))


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_every_frame_becomes_one_row_in_order(clip, streams):
    frames = _frames(clip("carphone_pristine.mp4"))
    seen = _track(frames, streams=streams)
    np.testing.assert_array_equal(seen.index, [frame.index for frame in frames])
    np.testing.assert_array_equal(seen.time_s, [frame.time_s for frame in frames])
    assert seen.valid.all()
    assert (seen.scores >= 0).all()
    assert (seen.scores <= 1).all()


@pytest.mark.parametrize("name", ["WolfgangLanger_Pexels.mp4", "noface_face.mov"])
def test_two_streams_see_what_one_stream_sees(clip, name):
    frames = _frames(clip(name), stop=200)
    one, two = _track(frames, streams=1), _track(frames, streams=2)
    np.testing.assert_array_equal(one.valid, two.valid)
    moved = np.linalg.norm((one.landmarks - two.landmarks)[one.valid, :, :2], axis=2)
    assert np.percentile(moved, 99) < 0.5
    assert np.abs(one.scores - two.scores)[one.valid].mean() < 0.001


def test_a_face_that_leaves_leaves_empty_rows(clip):
    seen = _track(_frames(clip("face_noface.mov")), streams=2)
    assert seen.valid[:70].all()
    assert not seen.valid[75:150].any()
    gone = seen[~seen.valid]
    assert np.isnan(gone.landmarks).all()
    assert np.isnan(gone.scores).all()
    assert np.isnan(gone.head).all()
    assert (gone.presence == 0).all()


def test_lettering_is_not_a_face(clip):
    tracker = _tracker(streams=2)
    seen = Observations.concatenate(list(tracker.track(iter(_frames(clip("no_face.mp4"))))))
    assert not seen.valid.any()
    assert tracker.faces_seen == 0


def test_going_back_from_a_good_frame_finds_the_same_face(clip):
    frames = _frames(clip("single_face.mp4"), stop=30)
    tracker = _tracker(streams=1)
    forth = Observations.concatenate(list(tracker.track(iter(frames))))
    back = tracker.track_backwards(frames[20::-1], forth.landmarks[21])
    np.testing.assert_array_equal(back.index, np.arange(21))
    assert back.valid.all()
    assert np.median(np.linalg.norm(back.landmarks - forth.landmarks[:21], axis=2)) < 0.2


def test_going_back_stops_where_the_face_was_not(clip):
    frames = _frames(clip("noface_face.mov"), stop=121)
    tracker = _tracker(streams=1)
    seed = _track(frames, streams=1).landmarks[120]
    assert not np.isnan(seed).any()
    back = tracker.track_backwards(frames[119::-1], seed)
    first = int(np.argmax(back.valid))
    assert 60 < first < 100
    assert back.valid[first:].all()


def test_live_rows_are_those_of_the_whole_clip(clip):
    frames = _frames(clip("single_face.mp4"), stop=20)
    tracker = _tracker()
    live = Observations.concatenate([tracker.track_one(frame) for frame in frames])
    whole = _track(frames, streams=1)
    np.testing.assert_allclose(live.landmarks, whole.landmarks, atol=1e-3)
    np.testing.assert_allclose(live.scores, whole.scores, atol=1e-4)


def test_the_second_largest_face_can_be_chosen(clip):
    (frame,) = _frames(clip("single_face.mp4"), stop=1)
    small = frame.image[::2, ::2]
    picture = np.zeros((360, 960, 3), np.uint8)
    picture[:, :640] = frame.image
    picture[:180, 640:] = small
    frames = [VideoFrame(i, i / 30, picture) for i in range(4)]
    tracker = _tracker(face=0, streams=1)
    largest = Observations.concatenate(list(tracker.track(iter(frames))))
    second = _track(frames, face=1, streams=1)
    assert tracker.faces_seen == 2
    assert largest.landmarks[:, :, 0].max() < 640 < second.landmarks[:, :, 0].min()


def test_a_face_too_small_for_the_whole_picture_is_found(clip):
    (frame,) = _frames(clip("single_face.mp4"), stop=1)
    picture = np.zeros((1080, 1920, 3), np.uint8)
    picture[700:880, 1500:1820] = frame.image[::2, ::2]
    seen = _track([VideoFrame(0, 0.0, picture)])
    assert seen.valid[0]
    assert 1500 < np.median(seen.landmarks[0, :, 0]) < 1820


def test_an_empty_clip_gives_nothing():
    assert list(_tracker().track(iter([]))) == []


def test_stopping_halfway_leaves_no_thread_at_work(clip):
    frames = iter(_frames(clip("carphone_pristine.mp4")))
    blocks = _tracker(streams=2).track(frames)
    next(blocks)
    blocks.close()
    assert next(blocks, None) is None


def test_waiting_frames_stay_within_the_budget():
    for frame_bytes in (76_032, 6_220_800, 24_883_200, 99_532_800):
        size, streams = plan(frame_bytes, 2, 768 << 20)
        assert size >= 1
        assert size * (streams + 2) * frame_bytes <= 768 << 20
    assert plan(10**9, 2, 768 << 20) == (1, 1)


def test_a_device_that_is_not_there_is_told(clip):
    tracker = _tracker(device="directml")
    assert tracker.provider == CPU
    assert "directml" in tracker.notes[0]


def test_wrong_names_are_refused():
    with pytest.raises(FacewrightError) as caught:
        _tracker(device="abacus")
    assert caught.value.code == "device-unknown"
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("abacus", TrackerOptions(model_path))
    assert caught.value.code == "engine-unknown"


def test_googles_package_says_when_it_is_not_there(monkeypatch):
    monkeypatch.setattr(mediapipe_tasks, "is_installed", lambda: False)
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("mediapipe-tasks", TrackerOptions(model_path))
    assert caught.value.code == "package-missing"
