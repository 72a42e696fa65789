# SPDX-License-Identifier: GPL-3.0-or-later
"""Solving a take again from Blender: operators, settings, and the headless command."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest
from faces import make_face
from facewright import cli, registration
from facewright.engine.core.requests import SolveRequest, SolveSettings, TrackRequest
from facewright.engine.takes.take_file import TakeWriter, read_header, read_track
from facewright.properties.solve import solve_settings
from facewright.scene import keyframes
from facewright.scene.jobs import Job, JobState, running_job


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture(scope="module")
def tracked(clip, tmp_path_factory):
    """A real take of 72 frames, made with the usual settings; its clip is gone."""
    from facewright.engine.core.progress import Progress

    folder = tmp_path_factory.mktemp("tracked")
    video = Path(shutil.copy(clip("single_face.mp4"), folder / "clip.mp4"))
    Job(TrackRequest(str(video), str(folder / "clip.fwtake"))).run(Progress())
    video.unlink()
    return folder / "clip.fwtake"


@pytest.fixture
def shot(tracked, tmp_path, scene):
    """The scene's settings: a copy of the take, a face to animate, no sound."""
    shot = scene.facewright
    shot.take = str(shutil.copy(tracked, tmp_path / "clip.fwtake"))
    shot.target, shot.use_sound = make_face(), False
    return shot


def smiles() -> np.ndarray:
    """The keys of the left and the right smile, (2, n)."""
    curves = keyframes.current_curves(bpy.data.objects["Face"].data.shape_keys)
    by_path = {curve.data_path: curve for curve in curves}
    sides = [by_path[f'key_blocks["mouthSmile{side}"].value'] for side in ("Left", "Right")]
    return np.array([[point.co[1] for point in curve.keyframe_points] for curve in sides])


def has_keys() -> bool:
    return bool(keyframes.current_curves(bpy.data.objects["Face"].data.shape_keys))


def last_lines() -> list[str]:
    return [line.text for line in bpy.context.window_manager.facewright.lines]


def test_solving_again_changes_the_take_and_the_keys(shot):
    assert bpy.ops.facewright.apply_take() == {"FINISHED"}
    before = smiles()
    assert np.abs(before[0] - before[1]).max() > 0.02
    shot.solve.symmetry = 1.0
    assert bpy.ops.facewright.solve_take() == {"FINISHED"}
    after = smiles()
    np.testing.assert_allclose(after[0], after[1], atol=1e-5)
    assert after.max() > 0.3
    assert read_header(shot.take)["solve"]["symmetry"] == 1.0
    assert bpy.context.window_manager.facewright.result.startswith("52/52 shapes")
    assert last_lines()[0].startswith('72 of 72 frames with a face, solved by "facewright"')


def test_keys_are_left_alone_where_they_are_not_wanted(shot):
    shot.solve.write_keys, shot.solve.solver, shot.target = False, "raw", None
    assert bpy.ops.facewright.solve_take() == {"FINISHED"}
    assert not has_keys()
    assert read_header(shot.take)["solver"] == "raw"
    run = bpy.context.window_manager.facewright
    assert "72 of 72 frames" in run.result
    # The network's scores come without doubt; what the panel shows is of this solve.
    assert run.confidence.take == "clip"
    assert {region.confidence for region in run.confidence.regions} == {1.0}
    # The keys of the same take are others from now on.
    shot.target = bpy.data.objects["Face"]
    bpy.ops.facewright.apply_take()
    raw = smiles()
    shot.solve.solver = "facewright"
    bpy.ops.facewright.solve_take()
    bpy.ops.facewright.apply_take()
    assert np.abs(smiles() - raw).max() > 0.05


def test_a_profile_is_saved_and_used_in_another_take(shot, tmp_path):
    content = Path(shot.take).read_bytes()
    assert bpy.ops.facewright.save_performer(filepath=str(tmp_path / "anna")) == {"FINISHED"}
    profile = tmp_path / "anna.fwperformer"
    assert json.loads(profile.read_text())["frames"] == 72
    assert Path(shot.take).read_bytes() == content
    assert bpy.context.window_manager.facewright.result == "Performer saved: anna.fwperformer"
    shot.solve.performer = str(profile)
    assert bpy.ops.facewright.solve_take() == {"FINISHED"}
    assert read_header(shot.take)["solve"]["performer"] == str(profile)


def test_a_cancelled_job_leaves_take_and_keys_alone(shot):
    before = read_track(shot.take)
    job = Job(SolveRequest(shot.take, SolveSettings(symmetry=1.0)))
    assert running_job() is job
    job.cancel()
    while not job.ended:
        job.step()
    assert job.state is JobState.CANCELLED
    assert running_job() is None
    np.testing.assert_array_equal(read_track(shot.take).weights, before.weights)


def test_settings_are_the_engines_own_unless_changed_and_survive_saving(shot, tmp_path):
    assert solve_settings(shot.solve) == SolveSettings()
    blend = str(tmp_path / "shot.blend")
    solve = shot.solve
    solve.solver, solve.field_of_view, solve.performer = "raw", math.radians(55), "//a.fwperformer"
    solve.learn_range, solve.symmetry, solve.exclusive = 0.5, 0.25, False
    solve.write_keys = False
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert solve_settings(bpy.context.scene.facewright.solve) == SolveSettings()
    bpy.ops.wm.open_mainfile(filepath=blend)
    solve = bpy.context.scene.facewright.solve
    assert not solve.write_keys
    assert solve_settings(solve) == SolveSettings(
        "raw", 55.0, str(tmp_path / "a.fwperformer"), 0.5, 0.25, exclusive=False
    )


def test_tracking_uses_the_same_settings(shot, clip, tmp_path):
    shot.video, shot.solve.symmetry = str(clip("carphone_pristine.mp4")), 0.5
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.ops.facewright.track_video() == {"FINISHED"}
    take = bpy.context.scene.facewright.take
    assert Path(take).parent == tmp_path / "takes"
    assert read_header(take)["solve"]["symmetry"] == 0.5


def test_an_unfinished_take_is_told(shot):
    with TakeWriter(shot.take, {}, resume=True) as take:
        take.update_header(state="cancelled")
    assert bpy.ops.facewright.solve_take() == {"FINISHED"}
    assert "clip.fwtake was not tracked to its end; what it holds is 72 frames." in last_lines()


@pytest.mark.parametrize(
    ("operator", "take", "change", "sentence"),
    [
        ("solve_take", "", {}, "Track a clip or choose a take first"),
        ("save_performer", "", {}, "Track a clip or choose a take first"),
        ("solve_take", "/nowhere/a.fwtake", {}, "There is no take /nowhere/a.fwtake"),
        ("solve_take", None, {"target": None}, "Choose a target, or switch Write Keys Too off"),
        ("solve_take", None, {"performer": "/nowhere/a.fwperformer"}, "There is no performer pro"),
        ("save_performer", None, {"solver": "raw"}, "learn nothing about a performer"),
    ],
)
def test_what_is_missing_is_a_sentence(shot, operator, take, change, sentence):
    shot.take = shot.take if take is None else take
    for name, value in change.items():
        setattr(shot if name == "target" else shot.solve, name, value)
    with pytest.raises(RuntimeError, match=sentence):
        getattr(bpy.ops.facewright, operator)()
    assert not has_keys()


def test_a_profile_that_cannot_be_written_is_a_sentence(shot):
    with pytest.raises(RuntimeError, match=r"profile /nowhere/a\.fwperformer cannot be written"):
        bpy.ops.facewright.save_performer(filepath="/nowhere/a.fwperformer")


def test_the_command_solves_before_it_writes(shot, tmp_path):
    out, report = tmp_path / "out.blend", tmp_path / "r.json"
    words = ["apply", shot.take, "--out", str(out), "--json", str(report)]
    assert cli.main([*words, "--solve", "--symmetry", "1"]) == 0
    told = json.loads(report.read_text())
    assert (told["solve"]["solver"], told["solve"]["frames"]) == ("facewright", 72)
    weights = read_track(told["take"]).weights
    assert read_header(told["take"])["solve"]["symmetry"] == 1.0
    # Without --solve the take is as it was left, and an option that would do nothing is refused.
    assert cli.main(words) == 0
    assert "solve" not in json.loads(report.read_text())
    assert cli.main([*words, "--symmetry", "0.5"]) == 2
    np.testing.assert_array_equal(read_track(told["take"]).weights, weights)


def test_the_command_tells_a_profile_that_is_not_there(shot, tmp_path, capfd):
    take, out = Path(shot.take), tmp_path / "out.blend"
    words = ["apply", str(take), "--out", str(out), "--solve", "--performer", "/nowhere/a"]
    assert cli.main(words) == 1
    assert "There is no performer profile /nowhere/a." in capfd.readouterr().err
    assert not out.exists()
