# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of takes and what its buttons do; switching between two results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright import cli, registration
from facewright.engine.core.arkit import NAMES, region_of
from facewright.engine.core.types import Observations
from facewright.engine.takes.take_file import TakeWriter, read_header
from facewright.operators.takes import refresh_takes
from facewright.scene import compare, keyframes, takes
from facewright.scene.apply import apply_track
from facewright.scene.pose_channels import PoseSettings
from test_comping import path

TIME = np.arange(40) / 30


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def shot(scene, tmp_path):
    """The settings of a shot in a saved file with a face as target, smoothing off."""
    shot = scene.facewright
    shot.target = make_face()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    for name in ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head"):
        setattr(shot, f"smooth_{name}", 0.0)
    (tmp_path / "takes").mkdir()
    return shot


def make_take(folder, name, value, hour=12, state="complete", kind="video", placed=None):
    """A take of 40 frames at 30 a second in which every weight is ``value``."""
    observations = replace(Observations.empty(np.arange(40), TIME), valid=np.ones(40, bool))
    source = {
        "kind": kind,
        "file": f"{name}.wav" if kind == "live" else "clip.mp4",
        "path": "",
        "sha256": "a" * 64,
        "rate": [30, 1],
        "has_audio": False,
    }
    header = {
        "created": f"2026-11-21T{hour:02}:00:00+00:00",
        "source": source,
        "sound": {"offset_s": 0.0} if kind == "live" else None,
        "settings": {"face": 0},
        "state": state,
    }
    if placed is not None:
        header["placed"] = {"frame": placed, "fps": 30, "fps_base": 1.0}
    file = Path(folder) / "takes" / f"{name}.fwtake"
    with TakeWriter(file, header) as take:
        take.append(observations, make_track(TIME, dict.fromkeys(NAMES, value)))
    return file


def listed():
    return bpy.context.window_manager.facewright.takes


def names():
    return [item.name for item in listed().takes]


def select(name):
    bpy.ops.facewright.refresh_takes()
    listed().index = names().index(name)


def values_of(block, name="jawOpen"):
    return curve_keys(block)[path(name)]


def test_the_list_shows_what_is_in_the_folder_newest_first(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, hour=9)
    make_take(tmp_path, "two", 0.75, hour=11, state="cancelled")
    (tmp_path / "takes" / "broken.fwtake").write_text("no")
    assert bpy.ops.facewright.refresh_takes() == {"FINISHED"}
    two, one = (listed().takes[name] for name in ("two", "one"))
    assert names().index("two") < names().index("one")
    assert (one.length, one.is_complete, two.is_complete) == ("0:01.3", True, False)
    assert "not a Facewright take" in listed().takes["broken"].problem
    assert one.date.startswith("2026-11-2")


def test_the_selection_stays_on_its_take(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, hour=9)
    select("one")
    newest = make_take(tmp_path, "two", 0.75, hour=11)
    refresh_takes(bpy.context)
    assert names()[listed().index] == "one"
    refresh_takes(bpy.context, select=newest)
    assert names()[listed().index] == "two"


def test_refreshing_makes_no_folder(shot, tmp_path):
    (tmp_path / "takes").rmdir()
    bpy.ops.facewright.refresh_takes()
    assert not (tmp_path / "takes").exists()
    assert names() == []


def test_the_shots_take_is_listed_wherever_it_is(shot, tmp_path):
    (tmp_path / "elsewhere" / "takes").mkdir(parents=True)
    shot.take = str(make_take(tmp_path / "elsewhere", "far", 0.5))
    bpy.ops.facewright.refresh_takes()
    assert names() == ["far"]


def test_the_list_is_read_when_a_file_is_opened(shot, tmp_path):
    make_take(tmp_path, "one", 0.25)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert names() == ["one"]


def test_using_a_take_writes_its_keys_and_makes_it_the_shots(shot, tmp_path):
    one = make_take(tmp_path, "one", 0.25)
    select("one")
    assert bpy.ops.facewright.use_take() == {"FINISHED"}
    assert shot.take == str(one)
    keys = shot.target.data.shape_keys
    np.testing.assert_array_equal(values_of(keys)[:, 0], np.arange(1, 41))
    assert keyframes.current_action(keys).name == "one"


def test_a_recorded_take_lands_on_the_frame_it_was_recorded_on(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, kind="live", placed=101.0)
    select("one")
    bpy.ops.facewright.use_take()
    assert shot.start_frame == 101
    assert values_of(shot.target.data.shape_keys)[0, 0] == 101


def test_gains_scale_the_parts(shot, tmp_path):
    make_take(tmp_path, "one", 0.25)
    shot.gain.mouth, shot.gain.jaw = 2.0, 0.0
    select("one")
    bpy.ops.facewright.use_take()
    keys = shot.target.data.shape_keys
    assert values_of(keys, "mouthLeft")[0, 1] == pytest.approx(0.5, abs=1e-6)
    assert values_of(keys, "jawOpen")[0, 1] == 0
    assert values_of(keys, "browInnerUp")[0, 1] == 0.25


def test_parts_of_a_take_land_on_the_shots_animation(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, hour=9)
    make_take(tmp_path, "two", 0.75, hour=11)
    select("one")
    bpy.ops.facewright.use_take()
    select("two")
    shot.takes.regions = {"mouth", "brows"}
    assert bpy.ops.facewright.write_region() == {"FINISHED"}
    keys = shot.target.data.shape_keys
    for name in NAMES:
        wanted = 0.75 if region_of(name) in ("mouth", "brows") else 0.25
        assert set(values_of(keys, name)[:, 1]) == {wanted}, name
    assert len(bpy.data.actions) == 1
    assert Path(shot.take).stem == "one"


def test_a_punch_in_keeps_to_its_range(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, hour=9)
    make_take(tmp_path, "two", 0.75, hour=11)
    select("one")
    bpy.ops.facewright.use_take()
    select("two")
    shot.takes.punch_start, shot.takes.punch_end, shot.takes.punch_ease = 11, 20, 2
    assert bpy.ops.facewright.punch_in_take() == {"FINISHED"}
    jaw = values_of(shot.target.data.shape_keys)
    expected = [0.25] * 11 + [0.5] + [0.75] * 6 + [0.5] + [0.25] * 21
    np.testing.assert_allclose(jaw[:, 1], expected, atol=1e-6)
    shot.takes.punch_parts_only, shot.takes.regions = True, {"brows"}
    shot.takes.punch_start, shot.takes.punch_end = 25, 30
    bpy.ops.facewright.punch_in_take()
    np.testing.assert_allclose(values_of(shot.target.data.shape_keys), jaw)
    assert values_of(shot.target.data.shape_keys, "browInnerUp")[26, 1] == 0.75


def test_the_punch_range_comes_from_the_preview_range(shot, scene):
    scene.frame_start, scene.frame_end = 5, 90
    bpy.ops.facewright.punch_range_from_preview()
    assert (shot.takes.punch_start, shot.takes.punch_end) == (5, 90)
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 20, 33
    bpy.ops.facewright.punch_range_from_preview()
    assert (shot.takes.punch_start, shot.takes.punch_end) == (20, 33)


def test_one_undo_step_takes_a_punch_in_back(shot, tmp_path):
    make_take(tmp_path, "one", 0.25, hour=9)
    make_take(tmp_path, "two", 0.75, hour=11)
    select("one")
    bpy.ops.facewright.use_take()
    before = curve_keys(shot.target.data.shape_keys)
    select("two")
    shot.takes.punch_start, shot.takes.punch_end = 11, 20
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.facewright.punch_in_take()
    bpy.ops.ed.undo_push(message="punch in")
    bpy.ops.ed.undo()
    after = curve_keys(bpy.context.scene.facewright.target.data.shape_keys)
    for key, values in before.items():
        np.testing.assert_array_equal(after[key], values)


@pytest.mark.parametrize(
    "name",
    ["use_take", "write_region", "punch_in_take", "compare_takes", "punch_range_from_preview"],
)
def test_what_changes_the_scene_is_one_undo_step(name):
    kind = getattr(bpy.types, f"FACEWRIGHT_OT_{name}")
    assert "UNDO" in kind.bl_options


def test_notes_and_stars_are_kept_in_the_take(shot, tmp_path):
    one = make_take(tmp_path, "one", 0.25)
    select("one")
    bpy.ops.facewright.set_take_note(note="wider smile")
    bpy.ops.facewright.star_take()
    assert (read_header(one)["note"], read_header(one)["star"]) == ("wider smile", True)
    assert (listed().takes[0].note, listed().takes[0].star) == ("wider smile", True)
    bpy.ops.facewright.star_take(take=str(one))
    assert listed().takes[0].star is False


def test_renaming_takes_sound_and_shot_along_and_refuses_a_name_in_use(shot, tmp_path):
    one = make_take(tmp_path, "one", 0.25, kind="live")
    one.with_suffix(".wav").write_bytes(b"sound")
    make_take(tmp_path, "two", 0.75)
    shot.take = "//takes/one.fwtake"
    select("one")
    with pytest.raises(RuntimeError, match=r"two\.fwtake already"):
        bpy.ops.facewright.rename_take(name="two")
    assert one.is_file()
    bpy.ops.facewright.rename_take(name="best")
    assert shot.take == "//takes/best.fwtake"
    assert sorted(file.name for file in one.parent.iterdir()) == [
        "best.fwtake",
        "best.wav",
        "two.fwtake",
    ]
    assert names()[listed().index] == "best"


def test_deleting_takes_the_file_and_its_sound_and_leaves_the_keys(shot, tmp_path):
    one = make_take(tmp_path, "one", 0.25, kind="live")
    one.with_suffix(".wav").write_bytes(b"sound")
    select("one")
    bpy.ops.facewright.use_take()
    assert bpy.ops.facewright.delete_take() == {"FINISHED"}
    assert list(one.parent.iterdir()) == []
    assert (shot.take, names()) == ("", [])
    assert len(values_of(shot.target.data.shape_keys)) == 40


def test_a_take_that_is_being_written_is_neither_deleted_nor_renamed(shot, tmp_path, monkeypatch):
    one = make_take(tmp_path, "one", 0.25)
    job = SimpleNamespace(request=SimpleNamespace(take=str(one)))
    select("one")
    for name, value in (
        ("running_job", job),
        ("live_session", SimpleNamespace(recording=SimpleNamespace(take=one))),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(takes, name, lambda value=value: value)
            with pytest.raises(RuntimeError, match="being written"):
                bpy.ops.facewright.delete_take()
            with pytest.raises(RuntimeError, match="being written"):
                bpy.ops.facewright.rename_take(name="two")
    assert one.is_file()


def test_buttons_need_a_target_and_a_take(scene):
    assert not bpy.ops.facewright.use_take.poll()
    assert not bpy.ops.facewright.punch_in_take.poll()
    scene.facewright.target = make_face()
    assert bpy.ops.facewright.use_take.poll()
    listed().takes.clear()
    with pytest.raises(RuntimeError, match="No take is selected"):
        bpy.ops.facewright.use_take()
    scene.facewright.takes.regions = set()
    assert not bpy.ops.facewright.write_region.poll()
    bpy.context.window_manager.facewright.is_running = True
    assert not bpy.ops.facewright.delete_take.poll()
    bpy.context.window_manager.facewright.is_running = False


def test_a_live_preview_is_over_before_a_take_is_written(shot, tmp_path, monkeypatch):
    make_take(tmp_path, "one", 0.25)
    keys = shot.target.data.shape_keys
    other = keys.key_blocks["jawLeft"]
    bpy.context.scene.frame_set(1)
    other.value = 0.9  # the preview's; it was 0.5
    rig = SimpleNamespace(end=lambda: setattr(other, "value", 0.5))
    monkeypatch.setattr(
        "facewright.operators.keys.live_session", lambda: SimpleNamespace(rig=rig, recording=None)
    )
    apply_track(
        bpy.context.scene,
        make_track(TIME),
        [shot.target],
        replace(PLAIN_SETTINGS, regions=frozenset({"brows"})),
        take_name="brows",
    )
    select("one")
    shot.takes.punch_start, shot.takes.punch_end = 11, 20
    bpy.ops.facewright.punch_in_take()
    assert values_of(keys, "jawLeft")[[0, -1], 1].tolist() == [0.5, 0.5]


def test_a_take_that_cannot_be_read_is_said_in_words(shot, tmp_path):
    (tmp_path / "takes" / "broken.fwtake").write_text("no")
    select("broken")
    with pytest.raises(RuntimeError, match="not a Facewright take"):
        bpy.ops.facewright.use_take()
    assert not bpy.data.actions
    assert shot.take == ""


# A/B


def write(scene, objects, value, name, count=40, pose=None, **changes):
    track = make_track(
        TIME[:count], dict.fromkeys(NAMES, value), head_deg=np.full((count, 3), 20 * value)
    )
    pose = PoseSettings(head_object="Head") if pose is None else pose
    settings = replace(PLAIN_SETTINGS, pose=pose, **changes)
    return apply_track(scene, track, objects, settings, take_name=name)


@pytest.fixture
def actor(scene):
    """A face with a head object."""
    scene.collection.objects.link(bpy.data.objects.new("Head", None))
    return make_face()


def playing(actor):
    """What the jaw and the head do on frame 5."""
    bpy.context.scene.frame_set(5)
    keys = actor.data.shape_keys
    turn = bpy.data.objects["Head"].rotation_euler.to_quaternion().angle
    return round(keys.key_blocks["jawOpen"].value, 3), round(np.degrees(turn), 1)


def test_two_results_are_switched_with_head_and_all_and_nothing_is_rewritten(scene, actor):
    write(scene, [actor], 0.25, "one")
    first = playing(actor)
    write(scene, [actor], 0.75, "two")
    second = playing(actor)
    assert first[0] == 0.25 and second[0] == 0.75 and first[1] != second[1]
    stored = {
        action.name: len(action.fcurves) if not keyframes.has_slots() else len(action.slots)
        for action in bpy.data.actions
    }
    assert compare.switch_result([actor]) == ("one", "two")
    assert playing(actor) == first
    assert compare.switch_result([actor]) == ("two", "one")
    assert playing(actor) == second
    assert {
        action.name: len(action.fcurves) if not keyframes.has_slots() else len(action.slots)
        for action in bpy.data.actions
    } == stored
    assert all(action.use_fake_user or action.users for action in bpy.data.actions)


def test_of_three_results_the_last_two_are_compared(scene, actor):
    for value, name in ((0.25, "one"), (0.5, "two"), (0.75, "three")):
        write(scene, [actor], value, name)
    shown = [compare.switch_result([actor])[0] for _ in range(3)]
    assert shown == ["two", "three", "two"]


def test_what_is_written_onto_a_result_stays_with_it(scene, actor):
    write(scene, [actor], 0.25, "one")
    write(scene, [actor], 0.5, "two")
    compare.switch_result([actor])
    write(scene, [actor], 0.75, "three", regions=frozenset({"jaw"}), onto_existing=True)
    # "one" with the jaw of "three" is the newest result now, the head still its own.
    assert compare.switch_result([actor]) == ("two", "one + three")
    assert playing(actor)[0] == 0.5
    assert compare.switch_result([actor]) == ("one + three", "two")
    jaw, turn = playing(actor)
    assert jaw == 0.75
    write(scene, [actor], 0.25, "same head")
    assert turn == playing(actor)[1]


def test_another_character_is_none_of_the_results(scene, actor):
    other = make_face("Other")
    write(scene, [actor], 0.25, "one")
    write(scene, [other], 0.5, "two", pose=PoseSettings())
    assert len(compare.results([actor])) == 1
    assert len(compare.results([other])) == 1
    before = keyframes.current_action(other.data.shape_keys)
    write(scene, [actor], 0.75, "three")
    compare.switch_result([actor])
    assert keyframes.current_action(other.data.shape_keys) == before


def test_a_renamed_character_is_still_found(scene, actor):
    write(scene, [actor], 0.25, "one")
    actor.data.shape_keys.name, bpy.data.objects["Head"].name = "Renamed", "Skull"
    write(scene, [actor], 0.75, "two", pose=PoseSettings(head_object="Skull"))
    compare.switch_result([actor])
    bpy.context.scene.frame_set(5)
    assert actor.data.shape_keys.key_blocks["jawOpen"].value == 0.25
    assert keyframes.current_action(bpy.data.objects["Skull"]).name.startswith("one")


def test_a_head_that_a_result_does_not_have_goes_on(scene, actor):
    write(scene, [actor], 0.25, "one")
    write(scene, [actor], 0.75, "two", pose=PoseSettings())
    head = keyframes.current_action(bpy.data.objects["Head"])
    compare.switch_result([actor])
    assert keyframes.current_action(bpy.data.objects["Head"]) == head
    assert playing(actor)[0] == 0.25


def test_the_marks_survive_saving(scene, actor, tmp_path):
    write(scene, [actor], 0.25, "one")
    write(scene, [actor], 0.75, "two")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "f.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "f.blend"))
    actor = bpy.data.objects["Face"]
    assert compare.switch_result([actor]) == ("one", "two")
    assert playing(actor)[0] == 0.25


def test_the_button_switches_and_needs_two(scene, actor):
    scene.facewright.target = actor
    assert not bpy.ops.facewright.compare_takes.poll()
    write(scene, [actor], 0.25, "one")
    assert not bpy.ops.facewright.compare_takes.poll()
    write(scene, [actor], 0.75, "two")
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.facewright.compare_takes() == {"FINISHED"}
    assert playing(actor)[0] == 0.25
    bpy.ops.ed.undo_push(message="compare")
    bpy.ops.ed.undo()
    assert playing(bpy.data.objects["Face"])[0] == 0.75


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("onto_existing", [True, False])
def test_a_failed_write_leaves_no_marks(scene, actor, monkeypatch, marked, onto_existing):
    write(scene, [actor], 0.25, "one")
    action = keyframes.current_action(actor.data.shape_keys)
    if not marked:
        for name in list(action.keys()):
            del action[name]
    before = dict(action.items())
    assert bool(before) == marked

    def fail(*arguments):
        raise RuntimeError("boom")

    monkeypatch.setattr("facewright.scene.apply.widen_sliders", fail)
    with pytest.raises(RuntimeError, match="boom"):
        write(scene, [actor], 0.75, "two", onto_existing=onto_existing)
    assert dict(action.items()) == before
    assert all(other.name.startswith("one") for other in bpy.data.actions)


def test_the_command_line_writes_parts_spans_and_gains(tmp_path, capfd):
    (tmp_path / "takes").mkdir()
    one, two = make_take(tmp_path, "one", 0.25), make_take(tmp_path, "two", 0.75)
    first, second, third = (tmp_path / f"{name}.blend" for name in "abc")
    still = ("--smoothing", "0", "--no-head")
    assert cli.main(["apply", str(one), "--out", str(first), *still]) == 0
    words = ["--blend", str(first), "--onto-existing", "--regions", "jaw", "--span", "11:20"]
    words += ["--ease", "2", *still]
    assert cli.main(["apply", str(two), "--out", str(second), *words]) == 0, capfd.readouterr().err
    keys = next(iter(bpy.data.shape_keys))
    expected = [0.25] * 11 + [0.5] + [0.75] * 6 + [0.5] + [0.25] * 21
    np.testing.assert_allclose(values_of(keys)[:, 1], expected, atol=1e-6)
    assert set(values_of(keys, "mouthLeft")[:, 1]) == {0.25}
    words = ["--gain", "mouth=2", "--gain", "jaw=0", *still]
    assert cli.main(["apply", str(one), "--out", str(third), *words]) == 0, capfd.readouterr().err
    keys = next(iter(bpy.data.shape_keys))
    assert values_of(keys, "mouthLeft")[0, 1] == pytest.approx(0.5, abs=1e-6)
    assert values_of(keys, "jawOpen")[0, 1] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--regions", "ears"),
        ("--span", "11"),
        ("--span", "20:11"),
        ("--ease", "-1"),
        ("--gain", "mouth"),
        ("--gain", "ears=1"),
        ("--gain", "mouth=-1"),
    ],
)
def test_wrong_parts_spans_and_gains_are_wrong_usage(words, capfd):
    assert cli.main(["apply", "t.fwtake", "--out", "o.blend", *words]) == 2
    assert words[0] in capfd.readouterr().err
