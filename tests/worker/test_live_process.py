# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's live job, over the wire: values, status, recordings, calibration, every end."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.core.clock import now_s
from engine.core.requests import LiveRequest, SolveRequest
from engine.pipeline.solve import solve_take
from engine.solve.performer import read_performer
from engine.takes.take_file import read_header, read_track
from engine.worker.client import WorkerClient
from engine.worker.live_wire import unpack_values
from engine.worker.protocol import Kind

CLIPS = Path(__file__).parents[2] / ".cache" / "clips"
CLIP = CLIPS / "WolfgangLanger_Pexels.mp4"

pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="needs tools/fetch_clips.py")


@pytest.fixture
def client():
    worker = WorkerClient([sys.executable, "-I"], [Path(np.__file__).parents[1]])
    yield worker
    worker.close()


def listen(client, seconds, until=lambda heard: False):
    """Messages of some seconds, or until something was heard."""
    heard, end = [], time.monotonic() + seconds
    while time.monotonic() < end and not until(heard):
        heard += client.poll()
        time.sleep(0.005)
    return heard


def kinds(heard, kind):
    return [message.data for message in heard if message.kind is kind]


def has(kind, count=1):
    return lambda heard: len(kinds(heard, kind)) >= count


def test_values_arrive_with_their_times_and_cancel_ends_it(client):
    client.live(LiveRequest(f"file:{CLIP}"))
    heard = listen(client, 300, has(Kind.VALUES, 40))
    now = now_s()
    rows = [unpack_values(data) for data in kinds(heard, Kind.VALUES)]
    times = np.array([row.time_s[0] for row in rows])
    assert (np.diff(times) > 0).all()
    # The same clock on both sides: the last frame was due just now.
    assert 0 <= now - times[-1] < 1.0
    assert all(row.valid[0] for row in rows)
    assert np.ptp([row.weights[0] for row in rows], axis=0).max() > 0.05
    status = kinds(heard, Kind.STATUS)[-1]
    assert (status["width"], status["height"], status["state"]) == (640, 360, "running")
    client.cancel()
    done = kinds(listen(client, 300, has(Kind.DONE)), Kind.DONE)
    assert done[0]["state"] == "cancelled" and done[0]["frames"] >= 40


def test_recording_is_a_complete_take_with_true_times(client, tmp_path):
    take = tmp_path / "live.fwtake"
    client.live(LiveRequest(f"file:{CLIP}"))
    heard = listen(client, 300, has(Kind.VALUES, 20))
    # A moment ago: frames of that time are on their way already.
    zero_s = now_s() - 0.2
    header = {"placed": {"frame": 12.0, "fps": 24, "fps_base": 1.0}}
    client.order(Kind.RECORD, take=str(take), zero_s=zero_s, header=header)
    heard += listen(client, 300, has(Kind.VALUES, 60))
    client.order(Kind.KEEP, shift_s=-0.05)
    heard += listen(client, 300, has(Kind.RECORDED))
    recorded = kinds(heard, Kind.RECORDED)[0]
    assert recorded["take"] == str(take) and recorded["frames"] >= 55, recorded
    stored, track = read_header(take), read_track(take)
    assert stored["state"] == "complete" and stored["placed"]["frame"] == 12.0
    assert stored["source"]["kind"] == "live"
    # True time stamps: those of the live values, from zero_s on, moved by what KEEP said.
    live = np.array([data["time_s"] for data in kinds(heard, Kind.VALUES)]) - zero_s - 0.05
    assert np.abs(live[:, None] - track.time_s[None]).min(axis=0).max() < 1e-6
    assert abs(np.median(np.diff(track.time_s)) - 1001 / 24000) < 1e-3
    # From the very first frame on, though the order took its time.
    assert track.time_s[0] == pytest.approx(live[live >= -0.05].min())


def test_a_recorded_take_can_be_solved_again_by_itself(client, tmp_path):
    take = tmp_path / "again.fwtake"
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 60))
    client.order(Kind.RECORD, take=str(take), zero_s=now_s())
    listen(client, 300, has(Kind.VALUES, 40))
    client.order(Kind.KEEP)
    listen(client, 300, has(Kind.RECORDED))
    first = read_track(take)
    # What the whole session showed of the face at rest lies in the take.
    solve_take(SolveRequest(str(take)))
    again = read_track(take)
    assert np.abs(again.weights - first.weights).max() < 2e-3


def test_a_recording_that_was_not_stopped_survives_the_end_of_the_job(client, tmp_path):
    take = tmp_path / "cut.fwtake"
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.RECORD, take=str(take), zero_s=now_s())
    listen(client, 300, has(Kind.VALUES, 30))
    client.cancel()
    heard = listen(client, 300, has(Kind.DONE))
    assert kinds(heard, Kind.RECORDED)[0]["frames"] > 20
    assert read_header(take)["state"] == "complete"


def test_the_end_of_a_recording_counts_when_the_job_is_cancelled_at_once(client, tmp_path):
    take = tmp_path / "stopped.fwtake"
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.RECORD, take=str(take), zero_s=now_s())
    listen(client, 300, has(Kind.VALUES, 20))
    client.order(Kind.KEEP, shift_s=-100.0)
    client.cancel()
    heard = listen(client, 300, has(Kind.DONE))
    assert len(kinds(heard, Kind.RECORDED)) == 1
    assert (read_track(take).time_s < -90).all()


def test_a_killed_worker_leaves_what_it_had_written(client, tmp_path):
    take = tmp_path / "killed.fwtake"
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.RECORD, take=str(take), zero_s=now_s())
    listen(client, 300, has(Kind.VALUES, 60))
    client._process.kill()
    failed = kinds(listen(client, 300, has(Kind.FAILED)), Kind.FAILED)[0]
    assert failed["code"] == "worker-died" and "take" in failed["hint"]
    track = read_track(take)
    assert len(track) >= 36 and np.isfinite(track.weights[track.valid]).all()
    assert read_header(take)["state"] == "recording"


def test_calibration_writes_a_profile_and_goes_by_it(client, tmp_path):
    profile = tmp_path / "me.fwperformer"
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.CALIBRATE, performer=str(profile), begin_s=now_s(), seconds=1.5)
    heard = listen(client, 300, has(Kind.CALIBRATED))
    assert kinds(heard, Kind.CALIBRATED) == [{"performer": str(profile)}]
    assert read_performer(profile).frames >= 25


def test_calibration_without_a_face_says_so_and_the_capture_goes_on(client, tmp_path):
    profile = tmp_path / "nobody.fwperformer"
    client.live(LiveRequest(f"file:{CLIPS / 'no_face.mp4'}", repeat=True))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.CALIBRATE, performer=str(profile), begin_s=now_s(), seconds=0.5)
    failed = kinds(listen(client, 300, has(Kind.CALIBRATED)), Kind.CALIBRATED)[0]
    assert failed["code"] == "calibration-empty" and not profile.exists()
    assert kinds(listen(client, 300, has(Kind.VALUES, 5)), Kind.VALUES)


def test_bad_orders_are_answered_and_nothing_is_lost(client, tmp_path):
    taken = tmp_path / "taken.fwtake"
    taken.write_text("mine")
    client.live(LiveRequest(f"file:{CLIP}"))
    listen(client, 300, has(Kind.VALUES, 5))
    client.order(Kind.RECORD, take=str(taken), zero_s=now_s())
    failed = kinds(listen(client, 300, has(Kind.RECORDED)), Kind.RECORDED)[0]
    assert failed["code"] == "take-exists" and taken.read_text() == "mine"
    client.order(Kind.PERFORMER, performer=str(tmp_path / "none.fwperformer"))
    warnings = kinds(listen(client, 300, has(Kind.WARNING)), Kind.WARNING)
    assert "none.fwperformer" in warnings[0]["text"]
    assert kinds(listen(client, 300, has(Kind.VALUES, 5)), Kind.VALUES)


def test_a_source_that_is_none_fails_with_a_sentence(client):
    for source, code in (("telescope:1", "source-unknown"), ("file:nothing.mp4", "file-missing")):
        client.live(LiveRequest(source))
        failed = kinds(listen(client, 300, has(Kind.FAILED)), Kind.FAILED)[0]
        assert failed["code"] == code and failed["hint"]
