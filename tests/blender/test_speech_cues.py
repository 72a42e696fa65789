# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues as markers: an artist moves one, the curves follow, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import bpy
import numpy as np
import pytest
import spoken
from faces import curve_keys, make_face
from facewright.engine.core.arkit import INDEX
from facewright.engine.core.clock import FrameClock
from facewright.engine.core.cues import Cue, read_cues, write_cues
from facewright.engine.core.mouth_style import MouthStyle
from facewright.engine.speech.mouth import curves
from facewright.engine.takes.manage import delete_take
from facewright.engine.takes.speech import cues_path
from facewright.engine.takes.take_file import read_header, read_track
from facewright.operators import cue_follow
from facewright.scene import cue_edit, cue_update
from facewright.scene.speech_take import contact_times
from facewright.scene.takes import rename_take
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ["sil", "PP", "aa", "PP", "aa", "DD", "E", "PP", "aa", "nn", "ih", "sil"]

pytestmark = pytest.mark.usefixtures("heard_speech")


@pytest.fixture
def face(scene, tmp_path):
    """A face that speaks at 30 frames a second from frame 11 on, its cues shown."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    face = make_face()
    shot = bpy.context.scene.facewright
    shot.target, shot.start_frame, shot.use_sound = face, 11, False
    shot.speech.sound = str(spoken.write_sound(tmp_path / "line.wav"))
    bpy.ops.facewright.lipsync_audio("EXEC_DEFAULT")
    bpy.ops.facewright.show_cues("EXEC_DEFAULT")
    return face


def speech():
    return bpy.context.scene.facewright.speech


def take():
    return bpy.context.scene.facewright.take


def markers():
    return sorted(bpy.context.scene.timeline_markers, key=lambda m: m.frame)


def marks():
    return [(marker.name, marker.frame) for marker in markers()]


def all_keys(face):
    return curve_keys(face.data.shape_keys)


def keys(face, name="jawOpen"):
    return all_keys(face)[f'key_blocks["{name}"].value', 0]


def update():
    return bpy.ops.facewright.update_from_cues("EXEC_DEFAULT")


def wanted(cues, face, name="jawOpen", style=spoken.USUAL):
    """What the keys must be by these cues."""
    seconds = (keys(face, name)[:, 0] - 11) / 30
    return curves(cues, contact_times(cues, seconds), style)[:, INDEX[name]]


def stored():
    return read_cues(cues_path(take()))


def test_every_cue_has_a_marker_and_hiding_leaves_the_others(face):
    scene = bpy.context.scene
    assert [name for name, _ in marks()] == NAMES
    assert marks()[1] == ("PP", 15) and marks()[-1] == ("sil", 52)
    scene.timeline_markers.new("Anna:", frame=15)
    bpy.ops.facewright.hide_cues("EXEC_DEFAULT")
    assert marks() == [("Anna:", 15)]
    assert not bpy.ops.facewright.hide_cues.poll()


def test_nothing_changed_writes_nothing(face):
    before = all_keys(face)
    update()
    after = all_keys(face)
    assert all(after[path] == pytest.approx(before[path]) for path in before)


def test_a_moved_cue_moves_the_mouth_there_alone(face):
    before = keys(face)
    markers()[5].frame += 2
    update()
    cues = stored()
    assert cues[5].start == pytest.approx(5 * spoken.STEP_S + 2 / 30, abs=1e-4)
    assert cues[4].end == pytest.approx(cues[5].start)
    after = keys(face)
    assert after[:, 0] == pytest.approx(before[:, 0])
    assert after[:, 1] == pytest.approx(wanted(cues, face), abs=1e-4)
    # Half a second away nothing has moved.
    far = np.abs(after[:, 0] - markers()[5].frame) > 15
    assert far.any() and after[far, 1] == pytest.approx(before[far, 1], abs=2e-3)


def test_hand_made_keys_stay(face):
    block = face.data.shape_keys.key_blocks["browInnerUp"]
    block.value = 0.7
    block.keyframe_insert("value", frame=30)
    path = 'key_blocks["jawOpen"].value', 0
    action = face.data.shape_keys.animation_data.action
    from facewright.scene import keyframes

    curve = next(
        c for c in keyframes.current_curves(face.data.shape_keys) if c.data_path == path[0]
    )
    # The last key of the mouth is far from what changes.
    curve.keyframe_points[-1].co.y = 0.5
    markers()[1].frame -= 1
    update()
    assert face.data.shape_keys.animation_data.action == action
    assert keys(face, "browInnerUp")[:, 1] == pytest.approx([0.7])
    assert keys(face)[-1, 1] == pytest.approx(0.5)


def test_a_renamed_cue_is_another_sound(face):
    markers()[3].name = "FF"
    update()
    cues = stored()
    assert (cues[3].viseme, cues[3].spoken) == ("FF", "f")
    assert keys(face, "mouthClose")[:, 1] == pytest.approx(
        wanted(cues, face, "mouthClose"), abs=1e-4
    )


def test_a_number_behind_the_name_is_its_strength(face):
    markers()[2].name = "aa 0.2"
    update()
    assert stored()[2].strength == pytest.approx(0.2)
    assert keys(face)[:, 1] == pytest.approx(wanted(stored(), face), abs=1e-4)
    markers()[2].name = "aa"
    update()
    assert stored()[2].strength == 1.0


def test_removed_and_added_cues(face):
    scene = bpy.context.scene
    gone = markers()[3]
    scene.timeline_markers.remove(gone)
    update()
    assert [cue.viseme for cue in stored()] == [*NAMES[:3], *NAMES[4:]]
    scene.timeline_markers.new("PP", frame=37)
    update()
    cues = stored()
    added = next(cue for cue in cues if cue.start == pytest.approx(26 / 30, abs=1e-3))
    assert added.spoken == "p"
    # Each of the two updates leaves what it changes by less than 1e-4.
    assert keys(face)[:, 1] == pytest.approx(wanted(cues, face), abs=2e-4)
    assert all(a.end == pytest.approx(b.start) for a, b in pairwise(cues))


def test_a_name_that_is_no_viseme_changes_nothing(face, capfd):
    before = stored()
    markers()[3].name = "Pop"
    update()
    assert stored() == before
    assert '"Pop" on frame' in capfd.readouterr().out
    markers()[3].name = "PP"
    update()
    assert stored() == before


def test_amounts_are_followed(face):
    speech().visemes.viseme_aa = 0.3
    speech().jaw = 1.4
    update()
    style = MouthStyle(jaw=1.4, viseme_strength={"aa": 0.3})
    assert keys(face)[:, 1] == pytest.approx(wanted(stored(), face, style=style), abs=1e-4)
    made = read_header(take())["speech"]
    assert made["viseme_strength"] == {"aa": 0.3} and made["jaw"] == pytest.approx(1.4)
    # Written again from the take it stays so.
    before = keys(face)
    bpy.ops.facewright.apply_take("EXEC_DEFAULT")
    assert keys(face) == pytest.approx(before, abs=1e-4)


def test_the_take_beside_the_file_follows(face):
    markers()[5].name = "oh"
    update()
    track = read_track(take())
    assert track.weights == pytest.approx(curves(stored(), track.time_s), abs=2e-4)


def test_undo_is_one_step_and_the_files_follow_it(face):
    before, cues = keys(face), stored()
    bpy.ops.ed.undo_push(message="Show cues")
    markers()[5].frame += 2
    bpy.ops.ed.undo_push(message="Move marker")
    update()
    bpy.ops.ed.undo_push(message="Update from Cues")
    assert stored() != cues
    bpy.ops.ed.undo()
    face = bpy.data.objects["Face"]
    assert keys(face) == pytest.approx(before)
    cue_update.sync_shown(bpy.context.scene)
    assert stored() == cues
    bpy.ops.ed.redo()
    assert cue_update.sync_shown(bpy.context.scene) and stored() != cues


def test_hiding_lets_the_curves_follow_first(face):
    markers()[5].frame += 2
    bpy.ops.facewright.hide_cues("EXEC_DEFAULT")
    assert marks() == [] and stored()[5].start == pytest.approx(0.6917, abs=1e-3)
    bpy.ops.facewright.show_cues("EXEC_DEFAULT")
    assert marks()[5] == ("DD", 32)


def test_a_changed_frame_rate_is_told(face):
    bpy.context.scene.render.fps = 24
    markers()[5].frame += 2
    with pytest.raises(RuntimeError, match="frame rate has changed"):
        update()


def test_a_face_without_its_action_is_told(face):
    face.data.shape_keys.animation_data.action = None
    markers()[5].frame += 2
    with pytest.raises(RuntimeError, match="Write the take's keys first"):
        update()


def test_all_markers_gone_is_told_and_nothing_is_lost(face):
    before = keys(face)
    for marker in list(bpy.context.scene.timeline_markers):
        bpy.context.scene.timeline_markers.remove(marker)
    with pytest.raises(RuntimeError, match="All markers of cues are gone"):
        update()
    assert keys(face) == pytest.approx(before)
    bpy.ops.facewright.hide_cues("EXEC_DEFAULT")
    assert len(stored()) == len(NAMES)


def test_a_preview_range_shows_a_part(face):
    bpy.ops.facewright.hide_cues("EXEC_DEFAULT")
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 20, 40
    bpy.ops.facewright.show_cues("EXEC_DEFAULT")
    shown = [name for name, _ in marks()]
    assert shown == ["PP", "aa", "DD", "E", "PP"]
    before = stored()
    markers()[0].frame -= 50
    markers()[2].name = "SS"
    update()
    after = stored()
    assert [cue.viseme for cue in after] == [*NAMES[:5], "SS", *NAMES[6:]]
    assert after[:2] == before[:2] and after[8:] == before[8:]
    assert all(cue.end > cue.start for cue in after)
    markers()[0].frame += 50
    update()
    assert stored()[3].start == pytest.approx(before[3].start, abs=0.5 / 30)


def test_a_renamed_take_keeps_its_cues_and_a_deleted_one_takes_them_along(face):
    path = rename_take(Path(take()), "other")
    assert cues_path(path).is_file()
    markers()[5].frame += 2
    update()
    assert read_cues(cues_path(path))[5].start == pytest.approx(0.6917, abs=1e-3)
    assert set(delete_take(path)) >= {path, cues_path(path)}


def test_the_watch_follows_a_still_hand_once(face, monkeypatch):
    class Window:
        scene = bpy.context.scene
        modal_operators = ()

    calls = []
    monkeypatch.setattr(cue_follow, "_follow", lambda *_: calls.append(marks()[5]))
    watched = cue_follow._watched
    watched.clear()
    look = lambda undone=False: cue_follow._look(Window, Window.scene, undone)  # noqa: E731
    look()
    look()
    assert calls == []
    markers()[5].frame += 1
    look()
    markers()[5].frame += 1
    look()
    assert calls == []
    look()
    look()
    assert calls == [("DD", 32)]
    # What an undo brought about is not followed.
    markers()[5].frame -= 2
    look(undone=True)
    look()
    look()
    assert len(calls) == 1
    speech().follow_cues = False
    markers()[5].frame += 2
    look()
    look()
    assert len(calls) == 1


CLOCK = FrameClock(24, 1.001, 5)
PHONES = ("sil", "p", "a", "t", "s", "i", "o")
SOUNDS = st.lists(st.sampled_from(PHONES), min_size=1, max_size=25)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(("move", "rename", "remove", "add")),
        st.integers(0, 30),
        st.integers(-40, 40),
        st.sampled_from(("PP", "aa", "ou 1.5", "sil", "schwa")),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(SOUNDS, st.floats(0.02, 0.2), EDITS)
def test_any_edit_leaves_cues_without_gaps(phones, step, edits):
    cues = cue_edit.without_gaps(spoken.cues_of(phones, step))
    before = cue_edit.marks_of(cues, CLOCK)
    after = list(before)
    for what, place, by, name in edits:
        if what == "add":
            after.append((name, place + 5))
        elif after:
            i = place % len(after)
            if what == "remove":
                del after[i]
            elif what == "move":
                after[i] = (after[i][0], after[i][1] + by)
            else:
                after[i] = (name, after[i][1])
    new, new_marks = cue_edit.edited_cues(cues, before, after, CLOCK)
    assert len(new) == len(after) == len(new_marks)
    assert sorted(new_marks) == sorted(after)
    assert all(cue.end > cue.start for cue in new)
    assert all(a.end == b.start for a, b in pairwise(new))
    for cue, (name, _) in zip(new, new_marks, strict=True):
        assert cue.viseme == cue_edit.meaning(name).viseme
    if sorted(after) == sorted(before):
        assert new == cues


def test_a_whole_line_that_is_moved_keeps_its_timing():
    cues = cue_edit.without_gaps(spoken.cues_of(step_s=0.031))
    before = cue_edit.marks_of(cues, CLOCK)
    after = [(name, frame + 100) for name, frame in before]
    new, _ = cue_edit.edited_cues(cues, before, after, CLOCK)
    shift = 100 / CLOCK.rate
    assert [c.start for c in new] == pytest.approx([c.start + shift for c in cues])
    assert [c.phone for c in new] == [c.phone for c in cues]


def test_gaps_and_overlaps_are_made_silence():
    cues = [Cue.of_phone("p", 0.0, 0.2), Cue.of_phone("a", 0.1, 0.3), Cue.of_phone("i", 0.5, 0.6)]
    filled = cue_edit.without_gaps(cues)
    assert [(c.spoken, c.start, c.end) for c in filled[:-1]] == [
        ("p", 0.0, 0.1),
        ("a", 0.1, 0.3),
        ("sil", 0.3, 0.5),
        ("i", 0.5, 0.6),
    ]
    assert filled[-1].spoken == "sil"


@pytest.mark.parametrize(
    ("name", "viseme", "strength"),
    [("PP", "PP", None), ("pp", "PP", None), ("aa 1,5", "aa", 1.5), ("e", "ih", None)],
)
def test_names_that_mean_a_cue(name, viseme, strength):
    found = cue_edit.meaning(name)
    assert (found.viseme, found.strength) == (viseme, strength)


@pytest.mark.parametrize("name", ["", "Anna:", "PP !", "aa 99", "F_12", "Marker", "PP nan"])
def test_names_that_mean_none(name):
    assert cue_edit.meaning(name) is None


def test_cues_that_were_edited_elsewhere_are_shown(face):
    bpy.ops.facewright.hide_cues("EXEC_DEFAULT")
    cues = stored()
    write_cues(cues_path(take()), [replace(cues[0], end=cues[-1].end)])
    bpy.ops.facewright.show_cues("EXEC_DEFAULT")
    assert marks() == [("sil", 11)]
