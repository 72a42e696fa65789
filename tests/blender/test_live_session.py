# SPDX-License-Identifier: GPL-3.0-or-later
"""A live session through saving, loading, rendering and a worker that dies or hangs."""

from __future__ import annotations

import os
import signal
import threading
import time

import bpy
import numpy as np
import pytest
from faces import evaluated_points, make_face, make_track
from facewright import registration
from facewright.engine.core.clock import now_s
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.mouth_style import MouthStyle
from facewright.engine.core.requests import LiveRequest
from facewright.engine.filters.live import LiveFilterSettings
from facewright.engine.takes.take_file import read_track
from facewright.engine.worker.live_wire import pack_values
from facewright.engine.worker.protocol import Kind, Message
from facewright.properties.why_not import live_disabled_reason, track_disabled_reason
from facewright.scene import live, preview_baseline
from facewright.scene.live import LiveSession, LiveState, live_session
from facewright.scene.live_rig import LiveRig
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.recording import begin_recording

BEFORE = 0.125


class Worker:
    """Says what a test has it say."""

    log = ""

    def __init__(self):
        self.said, self.orders, self.closed = [], [], threading.Event()

    def live(self, _request):
        """Begin."""

    def order(self, kind, **data):
        """Note an order."""
        self.orders.append((kind, data))

    def cancel(self):
        """Note it."""
        self.orders.append((Kind.CANCEL, {}))

    def poll(self):
        """What was said since."""
        said, self.said = self.said, []
        return said

    def close(self):
        """Note it."""
        self.closed.set()

    def say(self, kind, **data):
        """Have a message ready."""
        self.said.append(Message(kind, "live", data))


@pytest.fixture(autouse=True)
def registered():
    """The extension with its handlers."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def worker(monkeypatch):
    """What sessions start in place of a process."""
    worker = Worker()
    monkeypatch.setattr(live, "start_worker", lambda: worker)
    return worker


@pytest.fixture
def face(scene):
    """A mesh whose jaw is a little open."""
    face = make_face(keys=["jawOpen", "cheekPuff"])
    face.data.shape_keys.key_blocks["jawOpen"].value = BEFORE
    return face


def start(scene, face):
    """A session on a face."""
    rig = LiveRig(scene, [face], PoseSettings())
    session = LiveSession(LiveRequest("file:clip.mp4"), rig, LiveFilterSettings())
    # Nothing is calmed, so that expected values can be written down.
    session.filter.filter = lambda row: row
    return session


def jaw(face):
    """How far it is open."""
    return round(face.data.shape_keys.key_blocks["jawOpen"].value, 4)


def see(session, worker, value):
    """One tick with a face."""
    worker.say(Kind.VALUES, **pack_values(make_track([now_s()], {"jawOpen": [value]})))
    session.tick()


@pytest.fixture
def session(scene, face, worker):
    """One that shows an open jaw."""
    session = start(scene, face)
    see(session, worker, 0.75)
    assert session.state is LiveState.RUNNING
    assert jaw(face) == 0.75
    return session


def tip(face, value):
    """Where the tip of the face is when the jaw is that far open."""
    blocks = face.data.shape_keys.key_blocks
    base, opened = (np.array(blocks[name].data[4].co) for name in ("Basis", "jawOpen"))
    return base + value * (opened - base)


def test_a_saved_file_holds_the_values_from_before_and_the_preview_goes_on(
    session, worker, face, tmp_path
):
    file = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file, copy=True)
    with bpy.data.libraries.load(file) as (_, wanted):
        wanted.meshes = ["Face"]
    saved = wanted.meshes[0].shape_keys
    assert saved.key_blocks["jawOpen"].value == BEFORE
    assert preview_baseline.PROPERTY not in saved
    see(session, worker, 0.75)
    assert jaw(face) == 0.75
    session.close()
    assert jaw(face) == BEFORE


@pytest.mark.parametrize("load", ["open", "new", "revert"])
def test_another_file_ends_it(session, worker, tmp_path, load):
    file = str(tmp_path / "other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    ends = []
    session.at_end = lambda: ends.append(1)
    if load == "open":
        bpy.ops.wm.open_mainfile(filepath=file)
    elif load == "new":
        bpy.ops.wm.read_homefile(use_empty=True)
    else:
        bpy.ops.wm.revert_mainfile()
    assert session.state is LiveState.ENDED
    assert live_session() is None
    assert worker.closed.wait(5)
    assert ends == [1]
    assert not session.tick()
    if load != "new":
        assert jaw(bpy.data.objects["Face"]) == BEFORE


def test_disabling_the_extension_ends_it(session, worker, face):
    registration.unregister()
    try:
        assert session.state is LiveState.ENDED
        assert worker.closed.wait(5)
        assert jaw(face) == BEFORE
        assert preview_baseline.PROPERTY not in face.data.shape_keys
    finally:
        registration.register()


def test_a_still_shows_the_character_as_it_is(session, worker, face, rendered):
    bpy.ops.render.render()
    ((_, point),) = rendered
    np.testing.assert_allclose(point, tip(face, BEFORE), atol=1e-6)
    see(session, worker, 0.5)
    assert jaw(face) == 0.5


def test_an_animation_shows_the_character_as_it_is_animated(session, worker, face, rendered, scene):
    block = face.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (2, 0.25), (3, 1.0)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    see(session, worker, 0.6)
    bpy.ops.render.render(animation=True)
    assert [frame for frame, _ in rendered] == [1, 2, 3]
    points = [point for _, point in rendered]
    wanted = [tip(face, value) for value in (0.0, 0.25, 1.0)]
    np.testing.assert_allclose(points, wanted, atol=1e-5)
    see(session, worker, 0.5)
    assert jaw(face) == 0.5
    scene.frame_set(2)
    assert jaw(face) == 0.5  # a frame change does not take the preview away
    np.testing.assert_allclose(evaluated_points(face)[4], tip(face, 0.5), atol=1e-5)
    session.close()
    bpy.context.view_layer.update()
    assert jaw(face) == 0.25


def test_a_render_in_another_thread_leaves_the_values_to_the_next_tick(session, face):
    where = []
    end = session.rig.end
    session.rig.end = lambda: (where.append(threading.current_thread()), end())
    render = threading.Thread(target=session.pause_for_render)
    render.start()
    while render.is_alive():
        session.tick()
    assert where == [threading.main_thread()]
    assert jaw(face) == BEFORE
    # Nobody ticks where Blender's interface is locked while it renders.
    session.rig.begin()
    render = threading.Thread(target=session.pause_for_render)
    render.start()
    render.join()
    assert where == [threading.main_thread(), render]
    session.rig.end = end


def test_a_deleted_target_ends_it_in_words_and_lets_the_worker_go(session, worker, face):
    bpy.data.objects.remove(face)
    worker.say(Kind.STATUS)
    session.tick()
    assert session.state is LiveState.FAILED
    assert "not in the scene" in session.error.message
    assert worker.closed.wait(5)
    assert live_session() is None


def test_a_frame_change_after_the_target_is_gone_raises_nothing(session, face, scene):
    bpy.data.objects.remove(face)
    session.frame_changed(scene)
    assert session.state is LiveState.RUNNING


def test_the_amounts_of_the_mouth_are_ordered_when_they_change(session, worker):
    session.use_mouth(MouthStyle(), 1.0)
    assert worker.orders == []
    session.use_mouth(MouthStyle(jaw=0.5), 1.0)
    session.use_mouth(MouthStyle(jaw=0.5), 1.0)
    session.use_mouth(MouthStyle(jaw=0.5), 0.2)
    (kind, data), (_, later) = worker.orders
    assert kind is Kind.MOUTH
    assert MouthStyle(**data["style"]) == MouthStyle(jaw=0.5)
    assert (data["emphasis"], later["emphasis"]) == (1.0, 0.2)


@pytest.mark.parametrize("source", ["mic:", "mic:USB", "file:/a/line.wav"])
def test_a_session_knows_that_it_is_of_sound(session, source):
    assert not session.speaks
    session.request = LiveRequest(source)
    assert session.speaks


def test_switching_the_preview_off_and_on(session, worker, face):
    session.preview = False
    worker.say(Kind.STATUS)
    session.tick()
    assert jaw(face) == BEFORE
    see(session, worker, 0.5)
    assert jaw(face) == BEFORE
    session.preview = True
    see(session, worker, 0.5)
    assert jaw(face) == 0.5


def test_edit_mode_takes_the_preview_away_until_it_is_left(session, worker, face):
    bpy.context.view_layer.objects.active = face
    bpy.ops.object.mode_set(mode="EDIT")
    see(session, worker, 0.5)
    assert jaw(face) == BEFORE
    bpy.ops.object.mode_set(mode="OBJECT")
    see(session, worker, 0.5)
    assert jaw(face) == 0.5


def test_stop_ends_the_countdown_too(session, worker):
    begun = []
    session.count_down(0.0, "Recording", lambda: begun.append(1))
    session.stop()
    worker.say(Kind.STATUS)
    session.tick()
    assert begun == []
    assert worker.orders == [(Kind.CANCEL, {})]


def test_a_worker_that_hangs_is_given_up_when_stop_is_pressed_again(session, worker, face):
    session.stop()
    assert session.state is LiveState.STOPPING
    assert jaw(face) == BEFORE
    session.stop()
    assert session.state is LiveState.STOPPING
    session._stopped_s -= live._STOP_WAIT_S
    session.stop()
    assert session.state is LiveState.ENDED
    assert worker.closed.wait(5)


def test_what_cannot_begin_after_the_countdown_is_told(session, worker, face):
    def fail():
        raise FacewrightError("No room.", "Make room.", "disk-full")

    session.count_down(0.0, "Recording", fail)
    see(session, worker, 0.5)
    (news,) = session.take_news()
    assert news.data == {"message": "No room.", "hint": "Make room."}
    assert session.state is LiveState.RUNNING
    assert jaw(face) == 0.5


def test_a_recording_goes_by_the_frames_of_its_own_scene(session, scene, tmp_path):
    scene.frame_set(10)
    recording = begin_recording(scene, tmp_path / "t.fwtake", plays=True, last_frame=20.0)
    session.record(recording)
    other = bpy.data.scenes.new("Other")
    other.frame_set(30)
    assert not recording.is_over
    scene.frame_set(19)
    assert not recording.is_over
    scene.frame_set(20)
    assert recording.is_over


def test_the_loops_beginning_ends_a_recording(session, scene, tmp_path):
    scene.frame_set(10)
    recording = begin_recording(scene, tmp_path / "t.fwtake", plays=True, last_frame=20.0)
    session.record(recording)
    scene.frame_set(11)
    scene.frame_set(12)
    assert not recording.is_over
    scene.frame_set(1)
    assert recording.is_over


def test_the_first_frame_of_a_take_is_the_start_frame(session, scene, tmp_path):
    scene.frame_set(10)
    recording = begin_recording(scene, tmp_path / "t.fwtake", plays=True)
    session.record(recording)
    # Frame 25 is seen: half a second after frame 10 at 30 frames a second.
    recording.zero_s = now_s() - 0.7
    scene.frame_set(25)
    assert recording.shift_s() == pytest.approx(0.5 - 0.7, abs=0.05)


def test_a_recording_that_the_worker_gives_up_is_told_and_the_capture_goes_on(
    session, worker, scene, tmp_path
):
    session.record(begin_recording(scene, tmp_path / "t.fwtake", plays=False))
    worker.say(Kind.RECORDED, message="The disk is full.", hint="Make room.", code="disk-full")
    session.tick()
    (news,) = session.take_news()
    assert news.data["message"] == "The disk is full."
    assert session.recording is None
    assert session.state is LiveState.RUNNING


def test_nothing_else_starts_while_live():
    scene, run = bpy.context.scene, bpy.context.window_manager.facewright
    scene.facewright.video, scene.facewright.target = "clip.mp4", make_face(keys=["jawOpen"])
    assert track_disabled_reason(bpy.context) == live_disabled_reason(bpy.context) == ""
    run.live.is_live = True
    try:
        assert "Live capture is running" in track_disabled_reason(bpy.context)
        assert "Live capture is running" in live_disabled_reason(bpy.context)
        assert not bpy.ops.facewright.track_video.poll()
        assert not bpy.ops.facewright.capture_webcam.poll()
    finally:
        run.live.is_live = False


def test_a_killed_worker_ends_it_and_leaves_the_take(scene, face, clip, tmp_path):
    rig = LiveRig(scene, [face], PoseSettings())
    request = LiveRequest(f"file:{clip('WolfgangLanger_Pexels.mp4')}", repeat=True)
    session = LiveSession(request, rig, LiveFilterSettings())
    take = tmp_path / "t.fwtake"
    _tick_until(session, lambda: rig.showing)
    session.record(begin_recording(scene, take, plays=False))
    _tick_until(session, lambda: take.is_file() and _frames(take) > 0)
    os.kill(session._client.pid, signal.SIGKILL)
    _tick_until(session, lambda: session.ended)
    assert session.state is LiveState.FAILED
    assert session.error.code == "worker-died"
    assert "in its take" in session.error.hint
    assert session.recording.take == take
    assert session.recording.kept
    assert jaw(face) == BEFORE
    assert _frames(take) >= 12


def _frames(take):
    try:
        return len(read_track(take))
    except FacewrightError:  # its first block is being written
        return 0


def _tick_until(session, condition, seconds=300.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        session.tick()
        time.sleep(0.005)
