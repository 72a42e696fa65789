# SPDX-License-Identifier: GPL-3.0-or-later
"""What the character shows arrives at another program, over a real socket."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time

import bpy
import numpy as np
import pytest
from faces import make_face, make_track
from facewright import cli, registration
from facewright.engine.core.arkit import INDEX, NAMES
from facewright.engine.core.clock import now_s
from facewright.engine.core.errors import FacewrightError
from facewright.engine.formats.dialects import DIALECTS
from facewright.engine.retarget.mapping import BoneDrive, KeyDrive, Mapping, Row
from facewright.properties.why_not import send_disabled_reason
from facewright.scene import stream_out
from facewright.scene.face_reader import FaceReader
from facewright.scene.live import row_listeners
from facewright.scene.mapping_store import store_mapping
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.stream_out import StreamOut, play_frames, running_stream, start_stream
from test_pose import MODES, apply_pose, make_rig

KEYS = ["jawOpen", "mouthPucker", "eyeLookDownLeft", "eyeLookOutLeft"]


@pytest.fixture(autouse=True)
def registered():
    """The extension with its handlers."""
    registration.register()
    yield
    registration.unregister()


class Program:
    """Another program that listens on a port of its own."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2.0)
        self.port = self.socket.getsockname()[1]

    def spec(self, dialect="livelink"):
        """Where it listens."""
        return f"{dialect}:127.0.0.1:{self.port}"

    def hear(self, dialect="livelink"):
        """The next face."""
        decoder = DIALECTS[dialect].decoder()
        while not (found := decoder.feed(self.socket.recv(65_535))):
            pass
        return found[0]

    def hears_nothing(self):
        """Whether no packet is there."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(65_535)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(2.0)
        return False


@pytest.fixture
def program():
    """One that listens."""
    program = Program()
    yield program
    program.socket.close()


@pytest.fixture
def face(scene):
    """A face whose jaw opens by 0.1 a frame from frame 1 on and is the target."""
    face = make_face(keys=KEYS)
    jaw = face.data.shape_keys.key_blocks["jawOpen"]
    for frame, jaw.value in ((1, 0.0), (11, 1.0)):
        jaw.keyframe_insert("value", frame=frame)
    curve = next(iter(curves(face)))
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"
    scene.facewright.target = face
    bpy.context.view_layer.update()
    return face


def curves(face):
    """F-curves of its shape keys."""
    from facewright.scene import keyframes

    return keyframes.current_curves(face.data.shape_keys)


@pytest.fixture
def sending(scene, face, program):
    """Press Start Sending."""
    live = scene.facewright.live
    live.send_dialect, live.send_port = "livelink", program.port
    assert bpy.ops.facewright.start_sending() == {"FINISHED"}
    return running_stream()


def run():
    """What the panel reads."""
    return bpy.context.window_manager.facewright.live


def weight(sample, name):
    """One weight of what arrived."""
    return sample.weights[INDEX[name]]


def test_a_keyed_face_arrives_frame_by_frame(scene, face, program, sending):
    face.data.shape_keys.key_blocks["mouthPucker"].driver_add(
        "value"
    ).driver.expression = "frame / 20"
    for frame in (6, 9, 2):  # as an artist scrubs
        scene.frame_set(frame)
        heard = program.hear()
        assert weight(heard, "jawOpen") == pytest.approx((frame - 1) / 10, abs=1e-5)
        assert weight(heard, "mouthPucker") == pytest.approx(frame / 20, abs=1e-5)
        assert weight(heard, "cheekPuff") == 0
    assert program.hears_nothing()
    assert sending.sender.sent == 3


def test_a_face_that_stands_still_is_told_again(face, program, sending):
    face.data.shape_keys.key_blocks["mouthPucker"].value = 0.375
    bpy.context.view_layer.update()
    assert 0 < stream_out._tick() <= stream_out.KEEP_ALIVE_S
    assert weight(program.hear(), "mouthPucker") == pytest.approx(0.375)
    stream_out._tick()  # too early
    assert program.hears_nothing()
    time.sleep(stream_out.KEEP_ALIVE_S)
    stream_out._tick()
    assert weight(program.hear(), "mouthPucker") == pytest.approx(0.375)


def test_a_muted_key_shows_nothing(scene, face, program, sending):
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    scene.frame_set(6)
    assert weight(program.hear(), "jawOpen") == 0


def test_of_several_meshes_the_first_that_has_the_name(scene, face, program):
    other = make_face("Brows", keys=["jawOpen", "browInnerUp"])
    for block in other.data.shape_keys.key_blocks[1:]:
        block.value = 0.25
    start_stream(StreamOut(FaceReader(scene, [face, other], PoseSettings()), program.spec()))
    scene.frame_set(6)
    heard = program.hear()
    assert weight(heard, "jawOpen") == pytest.approx(0.5, abs=1e-5)
    assert weight(heard, "browInnerUp") == 0.25


def test_what_no_key_tells_is_at_rest(scene):
    make_rig()
    face = make_face("Plain", keys=["browInnerUp"])
    bone = BoneDrive("head", "rotation", "X", 20.0, object="Rig")
    rows = {
        "jawOpen": Row((bone,), invert=True),
        "cheekPuff": Row((bone,), offset=0.25),
        "browInnerUp": Row((KeyDrive("browInnerUp"),), gain=0.5),
    }
    store_mapping(face, Mapping(rows))
    face.data.shape_keys.key_blocks["browInnerUp"].value = 0.25
    reader = FaceReader(scene, [face], PoseSettings())
    weights = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0).weights[0]
    assert {n: w for n, w in zip(NAMES, weights, strict=True) if w} == {"browInnerUp": 0.5}


@pytest.mark.parametrize("mode", MODES)
def test_what_was_keyed_on_bones_comes_back(scene, mode):
    rig = make_rig()
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    head, place = (20, -35, 10), (2.0, -1.0, 3.0)
    gaze = np.array([(12.0, -15.0), (-8.0, 20.0)])
    # Keys hold positions from the one in the middle, which rests here but for frame 2.
    places = np.outer([0, 1, 0, 0, 0], place)
    track = make_track(
        np.arange(5) / 30, {"eyeLookUpLeft": 0.5}, head_deg=head, head_cm=places, gaze_deg=gaze
    )
    bones = {
        "head_object": "Rig",
        "head_bone": "head",
        "eye_left": 'eye "L".x',
        "eye_right": "eye.R",
        "position": True,
        "position_scale": 2.0,
    }
    apply_pose(scene, track, **bones)
    reader = FaceReader(scene, [bpy.data.objects["Face"]], PoseSettings(**bones))
    row = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0)
    np.testing.assert_allclose(row.head_deg[0], head, atol=0.01)
    np.testing.assert_allclose(row.head_cm[0], place, atol=1e-3)
    np.testing.assert_allclose(row.gaze_deg[0], gaze, atol=0.01)
    # The eye bones tell the eyeLook weights, whose keys were left out: 12 of 26 degrees down.
    assert row.weights[0, INDEX["eyeLookDownLeft"]] == pytest.approx(12 / 26, abs=1e-3)
    assert row.weights[0, INDEX["eyeLookUpLeft"]] == 0


def test_what_was_keyed_on_an_object_that_was_turned_comes_back(scene):
    box = bpy.data.objects.new("Box", None)
    scene.collection.objects.link(box)
    box.rotation_mode, box.rotation_euler, box.location = "XYZ", (0.3, -0.2, 1.1), (1, 2, 3)
    places = np.outer([0, 1, 0, 0, 0], (1, 2, -3))
    track = make_track(np.arange(5) / 30, head_deg=(-15, 25, 5), head_cm=places)
    apply_pose(scene, track, head_object="Box", position=True)
    pose = PoseSettings(head_object="Box", position=True)
    reader = FaceReader(scene, [bpy.data.objects["Face"]], pose)
    row = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0)
    np.testing.assert_allclose(row.head_deg[0], (-15, 25, 5), atol=0.01)
    np.testing.assert_allclose(row.head_cm[0], (1, 2, -3), atol=1e-3)


def test_a_head_that_a_constraint_turns_is_read_as_it_shows(scene, face):
    rig = make_rig()
    bone = rig.pose.bones["head"]
    pose = PoseSettings(head_object="Rig", head_bone="head")
    reader = FaceReader(scene, [face], pose)
    constraint = bone.constraints.new("COPY_ROTATION")
    leader = bpy.data.objects.new("Leader", None)
    scene.collection.objects.link(leader)
    # The bone as it rests, its nose 30 degrees down: about the world's +X.
    from mathutils import Matrix

    rest = rig.data.bones["head"].matrix_local.to_3x3()
    leader.rotation_euler = (Matrix.Rotation(np.radians(30), 3, "X") @ rest).to_euler()
    constraint.target = leader
    bpy.context.view_layer.update()
    row = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0)
    np.testing.assert_allclose(row.head_deg[0], (30, 0, 0), atol=0.01)


def test_eyes_without_bones_look_where_their_keys_do(scene, face):
    face.data.shape_keys.key_blocks["eyeLookDownLeft"].value = 0.5
    face.data.shape_keys.key_blocks["eyeLookOutLeft"].value = 0.25
    reader = FaceReader(scene, [face], PoseSettings())
    row = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0)
    np.testing.assert_allclose(row.gaze_deg[0], [(13, 7), (0, 0)], atol=1e-5)


def test_a_render_is_not_sent(scene, program, sending, rendered):
    scene.frame_start, scene.frame_end = 5, 7
    bpy.ops.render.render(animation=True)
    assert [frame for frame, _ in rendered] == [5, 6, 7]
    # Afterwards Blender may show again, and so send, the frame that the window has stood on.
    assert sending.sender.sent <= 1
    for _ in range(sending.sender.sent):
        assert weight(program.hear(), "jawOpen") == 0


def test_live_rows_go_out_in_place_of_what_the_character_shows(
    scene, program, sending, monkeypatch
):
    class Session:
        row = make_track([now_s()], {"jawOpen": [0.75]})

    monkeypatch.setattr(stream_out, "live_session", Session)
    for listener in row_listeners:  # as LiveSession does
        listener(Session.row)
    assert weight(program.hear(), "jawOpen") == pytest.approx(0.75)
    scene.frame_set(6)
    time.sleep(stream_out.KEEP_ALIVE_S)
    stream_out._tick()
    assert program.hears_nothing()
    Session.row = None  # it only starts, or has ended: the character again
    scene.frame_set(7)
    assert weight(program.hear(), "jawOpen") == pytest.approx(0.6, abs=1e-5)


def test_the_panel_says_how_it_goes_and_is_followed(scene, program, sending):
    assert run().is_sending and f"127.0.0.1:{program.port}" in run().send_status
    assert send_disabled_reason(bpy.context) == "Sending already"
    other, live = Program(), scene.facewright.live
    live.send_port, live.send_dialect = other.port, "vmc"
    sending._followed_s = float("-inf")
    stream_out._tick()
    assert f"127.0.0.1:{other.port}" in run().send_status and "VMC" in run().send_status
    assert program.hears_nothing()
    assert weight(other.hear("vmc"), "jawOpen") == 0
    # An address that is none: said, and sent on to whom it was sent before.
    live.send_address = "no.such.machine.invalid"
    sending._followed_s = float("-inf")
    stream_out._tick()
    assert "no.such.machine" in run().send_problem and run().is_sending
    scene.frame_set(6)
    assert weight(other.hear("vmc"), "jawOpen") == pytest.approx(0.5, abs=1e-5)
    other.socket.close()
    bpy.ops.facewright.stop_sending()
    assert not run().is_sending and not running_stream() and not row_listeners
    assert stream_out._tick() is None
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.facewright.stop_sending()


def test_it_does_not_start_without_a_face_or_an_address(scene, face):
    scene.facewright.live.send_address = "no.such.machine.invalid"
    with pytest.raises(RuntimeError, match=r"no\.such\.machine"):
        bpy.ops.facewright.start_sending()
    scene.facewright.target = bare = bpy.data.objects.new("Bare", None)
    scene.collection.objects.link(bare)
    with pytest.raises(RuntimeError, match="no shape keys"):
        bpy.ops.facewright.start_sending()
    scene.facewright.target = None
    assert send_disabled_reason(bpy.context) == "Choose a target"
    assert not run().is_sending and not running_stream()


def test_a_target_that_is_deleted_ends_it_in_words(scene, face, sending):
    bpy.data.objects.remove(face)
    scene.frame_set(6)
    assert not running_stream() and not run().is_sending
    assert "not in the scene" in run().send_problem


def test_a_renamed_key_is_read_no_more_and_a_new_one_is(scene, face, program, sending):
    keys = face.data.shape_keys.key_blocks
    keys["jawOpen"].name = "Chin"
    face.shape_key_add(name="browInnerUp").value = 0.25
    scene.frame_set(6)
    heard = program.hear()
    assert weight(heard, "jawOpen") == 0 and weight(heard, "browInnerUp") == 0.25


def test_undo_goes_on_and_another_file_ends_it(scene, face, program, sending, tmp_path):
    path = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    stream_out._after_undo()
    scene.frame_set(6)
    assert weight(program.hear(), "jawOpen") == pytest.approx(0.5, abs=1e-5)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert sending.ended and not running_stream()
    assert not run().is_sending
    bpy.context.scene.frame_set(7)
    assert program.hears_nothing()


def test_disabling_the_extension_ends_it(program, sending):
    registration.unregister()
    try:
        assert sending.ended and not row_listeners
        bpy.context.scene.frame_set(7)
        assert program.hears_nothing()
    finally:
        registration.register()


def test_the_frames_of_a_scene_play_to_a_program(scene, face, program):
    stream = StreamOut(FaceReader(scene, [face], PoseSettings()), program.spec("facecap"))
    sent = play_frames(scene, stream, 1, 11)
    assert 1 <= sent <= 11
    heard = [weight(program.hear("facecap"), "jawOpen") for _ in range(sent)]
    assert heard[0] == 0 and heard == sorted(heard)
    assert all(value * 10 == pytest.approx(round(value * 10), abs=1e-3) for value in heard)
    bpy.data.objects.remove(face)
    with pytest.raises(FacewrightError, match="not in the scene"):
        play_frames(scene, stream, 1, 2)


@pytest.fixture
def blend(scene, face, tmp_path):
    """A file with the face, which plays from frame 1 to 11."""
    path = tmp_path / "face.blend"
    scene.frame_start, scene.frame_end = 1, 11
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return str(path)


def test_the_command_plays_a_file_to_a_program(blend, program, capfd):
    words = ["send", "--blend", blend, "--object", "Face", "--to", program.spec()]
    assert cli.main([*words, "--frames", "4", "6"]) == 0
    said = capfd.readouterr().out
    count = int(re.search(r"(\d+) frames sent", said)[1])
    assert 1 <= count <= 3 and f"127.0.0.1:{program.port}" in said
    heard = [weight(program.hear(), "jawOpen") for _ in range(count)]
    assert heard[0] == pytest.approx(0.3, abs=1e-5) and heard[-1] <= 0.5 + 1e-5
    assert program.hears_nothing()


def test_ctrl_c_ends_the_command(blend, program, capfd):
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    assert cli.main(["send", "--blend", blend, "--to", program.spec(), "--repeat"]) == 0
    timer.join()
    said = capfd.readouterr()
    assert "Stopped by hand" in said.err
    assert int(re.search(r"(\d+) frames sent", said.out)[1]) >= 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--to", "openseeface"), "openseeface"),
        (("--to", "vmc:127.0.0.1:0"), "port"),
        (("--to", "vmc", "--object", "Nobody"), "Nobody"),
        (("--to", "vmc", "--frames", "6", "4"), "before"),
    ],
)
def test_what_the_command_cannot_do_is_a_sentence(blend, capfd, words, sentence):
    assert cli.main(["send", "--blend", blend, *words]) == 1
    said = capfd.readouterr().err
    assert sentence in said and "Traceback" not in said
