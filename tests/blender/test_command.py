# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command facewright``: from a real clip to a .blend, and what can go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from facewright import cli, registration
from facewright.scene import keyframes


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def head_file(tmp_path) -> Path:
    """A .blend with the shipped head and a cube without shape keys, at 25 frames per second."""
    from facewright.scene.head import create_head

    bpy.context.scene.render.fps = 25
    create_head(bpy.context, "Head")
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    bpy.context.collection.objects.link(cube)
    path = tmp_path / "head.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def jaw_keys() -> np.ndarray:
    """Frames and values of jawOpen on "Head", (n, 2)."""
    curves = keyframes.current_curves(bpy.data.objects["Head"].data.shape_keys)
    (curve,) = [c for c in curves if c.data_path == 'key_blocks["jawOpen"].value']
    return np.array([tuple(point.co) for point in curve.keyframe_points])


def test_a_clip_lands_on_a_character(clip, head_file, tmp_path, capfd):
    out, take, report = (tmp_path / name for name in ("out é.blend", "a.fwtake", "r.json"))
    words = ("--blend", head_file, "--object", "Head", "--out", out, "--start-frame", 11)
    code = run("capture", clip("single_face.mp4"), *words, "--take", take, "--json", report)
    assert code == 0, capfd.readouterr().err
    told = json.loads(report.read_text())
    assert (told["state"], told["frames"], told["keyframes"]["mapped"]) == ("complete", 72, 52)
    bpy.ops.wm.open_mainfile(filepath=str(out))
    keys = jaw_keys()
    # 71/30 seconds at 25 frames per second: 59 whole frames after the first.
    assert (keys[0, 0], keys[-1, 0], len(keys)) == (11, 70, 60)
    rig = bpy.data.objects["Head"].parent
    turned = {curve.data_path for curve in keyframes.current_curves(rig)}
    assert turned == {'pose.bones["head"].rotation_quaternion'}


def test_a_take_lands_again_without_tracking(clip, head_file, tmp_path):
    take = tmp_path / "a.fwtake"
    video = clip("single_face.mp4")
    words = ("--blend", head_file, "--object", "Head")
    assert run("capture", video, *words, "--out", tmp_path / "1.blend", "--take", take) == 0
    code = run("apply", take, *words, "--out", tmp_path / "2.blend", "--smoothing", 0, "--no-head")
    assert code == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "2.blend"))
    assert len(jaw_keys()) == 60
    assert not keyframes.current_curves(bpy.data.objects["Head"].parent)


def test_without_a_character_the_shipped_head_plays_at_the_clips_rate(clip, tmp_path):
    out = tmp_path / "out.blend"
    assert run("capture", clip("carphone_pristine.mp4"), "--out", out) == 0
    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.context.scene
    assert scene.render.fps / scene.render.fps_base == pytest.approx(30000 / 1001, rel=1e-6)
    assert (scene.frame_start, scene.frame_end) == (1, 120)
    assert scene.camera is not None


def test_a_movie_is_rendered_with_picture_and_sound(clip, tmp_path):
    import av

    movie = tmp_path / "movie.mp4"
    words = ("--out", tmp_path / "o.blend", "--render", movie)
    code = run("capture", clip("single_face.mp4"), *words, "--resolution", 64, "--frames", 30, 33)
    assert code == 0
    with av.open(str(movie)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4
        assert container.streams.video[0].height == 64
    # Some bpy wheels (4.2) are built without the library that reads sound; Blender never is.
    if bpy.app.build_options.audaspace:
        with av.open(str(movie)) as container:
            assert container.streams.audio


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--blend", "nowhere.blend"), "There is no file nowhere.blend."),
        (("--object", "Nobody"), 'There is no object "Nobody" in the scene.'),
        (("--object", "Cube"), "Cube"),
        (("--object", "Head", "--head-object", "Ghost"), "Ghost"),
        (("--object", "Head", "--out", "/no/such/folder/out.blend"), "There is no folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(clip, head_file, tmp_path, capfd, words, sentence):
    out = tmp_path / "out.blend"
    given = list(words) if "--blend" in words else ["--blend", head_file, *words]
    given += [] if "--out" in words else ["--out", out]
    assert run("capture", clip("single_face.mp4"), *given) == 1
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert not out.exists()


@pytest.mark.parametrize("words", [("Cube",), ("Head", "--head-object", "Ghost")])
def test_a_target_that_cannot_be_animated_is_told_before_tracking(
    clip, head_file, tmp_path, capfd, words
):
    given = ("--blend", head_file, "--out", tmp_path / "out.blend", "--object", *words)
    assert run("capture", clip("single_face.mp4"), *given) == 1
    assert "Tracking" not in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--render", "--json"])
def test_a_take_is_replaced_by_nothing_else(tmp_path, capfd, option):
    take = tmp_path / "a.fwtake"
    take.write_text("take")
    named = {"--out": tmp_path / "out.blend"} | {option: take}
    assert run("apply", take, *(word for pair in named.items() for word in pair)) == 1
    assert "is the name of a take" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.fwtake"]
    assert take.read_text() == "take"


def test_wrong_usage_is_exit_code_2(capfd):
    assert run("capture") == 2
    assert run("dance") == 2
    assert "usage" in capfd.readouterr().err


def test_folders_in_and_out(clip, tmp_path):
    import shutil

    clips, out, report = tmp_path / "in", tmp_path / "out", tmp_path / "r.json"
    clips.mkdir()
    shutil.copy(clip("single_face.mp4"), clips / "one.mp4")
    (clips / "two.mp4").write_text("no video")
    assert run("capture", clips, "--out", out, "--take", out, "--json", report) == 1
    assert sorted(path.name for path in out.iterdir()) == ["one.blend", "one.fwtake"]
    assert [r["state"] for r in json.loads(report.read_text())] == ["complete", "failed"]


def test_the_operator_does_the_same_from_a_script(clip, head_file, tmp_path, monkeypatch):
    bpy.ops.wm.open_mainfile(filepath=str(head_file))
    shot = bpy.context.scene.facewright
    shot.video, shot.target = str(clip("single_face.mp4")), bpy.data.objects["Head"]
    assert bpy.ops.facewright.track_video() == {"FINISHED"}
    assert len(jaw_keys()) == 60
    assert (tmp_path / "takes" / "single_face.fwtake").is_file()
    assert bpy.context.window_manager.facewright.result.startswith("52/52 shapes")


def test_resume_without_an_unfinished_take_is_a_sentence(clip, head_file):
    bpy.ops.wm.open_mainfile(filepath=str(head_file))
    shot = bpy.context.scene.facewright
    shot.video, shot.target = str(clip("single_face.mp4")), bpy.data.objects["Head"]
    with pytest.raises(RuntimeError, match=r"There is no unfinished take of single_face\.mp4"):
        bpy.ops.facewright.track_video(resume=True)


def test_an_unfinished_take_of_a_name_with_brackets_is_found(clip, tmp_path):
    import shutil

    from facewright.engine.core.progress import Progress
    from facewright.engine.core.requests import TrackRequest
    from facewright.scene.capture import new_take_path, unfinished_take
    from facewright.scene.jobs import Job

    video = tmp_path / "clip [1080p].mp4"
    shutil.copy(clip("WolfgangLanger_Pexels.mp4"), video)
    assert unfinished_take(tmp_path, video) is None
    take = new_take_path(tmp_path, video)
    job = Job(TrackRequest(str(video), str(take)))
    while job.done < 48:
        job.step()
    job.cancel()
    assert job.run(Progress())["state"] == "cancelled"
    assert unfinished_take(tmp_path, video) == take


def test_the_operator_raises_a_sentence_for_scripts(head_file):
    bpy.ops.wm.open_mainfile(filepath=str(head_file))
    shot = bpy.context.scene.facewright
    shot.video, shot.target = "/nowhere.mp4", bpy.data.objects["Head"]
    with pytest.raises(RuntimeError, match=r"There is no file /nowhere\.mp4"):
        bpy.ops.facewright.track_video()
