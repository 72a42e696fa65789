# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: a strip of the Sequencer is spoken, a cue is moved, the curves follow, undo."""

import bpy
from parts import curves_of, watch, workers

JAW = 'key_blocks["jawOpen"].value'
SHIFT = 3
OPEN = ("FACEWRIGHT_PT_cues",)


def steps(gui):
    """What an animator does with a line of dialogue."""
    show_speech_alone()
    raise_timeline(gui)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with gui.override():
        bpy.ops.facewright.add_head("INVOKE_DEFAULT", True)
        mesh = bpy.context.object
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    name = mesh.name
    scene = bpy.context.scene
    strips = scene.sequence_editor_create().strips
    strip = strips.new_sound("Line", str(gui.workdir / "line.wav"), 1, 21)
    # So long that it is not done before Esc arrives, in a window that hardly gets to run.
    speech = strips.new_sound("Speech", str(gui.workdir / "speech.wav"), 2, 21)
    shot().target = mesh
    shot().speech.source, shot().speech.strip = "STRIP", speech.name
    bpy.ops.ed.undo_push(message="Add the line")
    yield from gui.show_tab("Facewright")
    yield from gui.photograph("before")

    start(gui, bpy.ops.facewright.lipsync_audio)
    yield from gui.press("ESC")
    yield from watch(gui)
    found = {"after_esc": run().result, "keys_after_esc": len(jaw(name))}
    yield from gui.until(lambda: not workers(), "the cancelled worker leaves")
    strips.remove(speech)
    shot().speech.strip = strip.name

    start(gui, bpy.ops.facewright.lipsync_audio)
    found["longest_pause_s"] = yield from watch(gui)
    found |= {"result": run().result, "frames": list(jaw(name))[:1] + list(jaw(name))[-1:]}
    found["strip"] = [strip.left_handle, strip.right_handle]
    found["strips"] = len(scene.sequence_editor.strips)
    found["takes"] = len(run().takes.takes)

    start(gui, bpy.ops.facewright.show_cues)
    found["markers"] = sorted({marker.name for marker in scene.timeline_markers})
    scene.frame_set(open_frame(name))
    # The subpanels glide open.
    yield from gui.wait(1.5)
    yield from gui.photograph("speech")
    before = jaw(name)
    moved = vowel(name)
    # A drag in the timeline ends with an undo step.
    moved.frame += SHIFT
    where = moved.frame
    bpy.ops.ed.undo_push(message="Move marker")
    yield from gui.until(lambda: jaw(name) != before, "the curves follow")
    after = jaw(name)
    changed = [frame for frame in after if abs(after[frame] - before.get(frame, 9)) > 1e-4]
    found["changed_near"] = [min(changed) - where, max(changed) - where]
    found["frames_kept"] = sorted(before) == sorted(after)
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(1.5)
    found["undone"] = jaw(name) == before
    with gui.override():
        bpy.ops.facewright.update_from_cues("EXEC_DEFAULT", True)
    found["redone"] = jaw(name) == after
    start(gui, bpy.ops.facewright.hide_cues)
    found["markers_left"] = len(bpy.context.scene.timeline_markers)
    return found


def open_frame(name):
    """The frame on which the jaw is widest open."""
    values = jaw(name)
    return int(max(values, key=values.get))


def vowel(name):
    """The marker of the vowel nearest before the widest opening."""
    frame = open_frame(name)
    before = [m for m in bpy.context.scene.timeline_markers if m.frame <= frame]
    return max(before, key=lambda marker: marker.frame)


def jaw(name):
    """Value by frame of the jaw's keys."""
    curve = curves_of(bpy.data.objects[name]).get(JAW)
    return {round(p.co.x, 3): round(p.co.y, 5) for p in curve.keyframe_points} if curve else {}


def start(gui, operator):
    """Press a button."""
    with gui.override():
        operator("INVOKE_DEFAULT", True)


def show_speech_alone():
    """Let the panel be the first and open, the others closed, as clicks and drags would have it."""
    bpy.context.preferences.view.ui_scale = 0.85
    panels = [
        getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("FACEWRIGHT_PT_")
    ]
    panels.sort(key=rank)
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    for panel in panels:
        is_open = "speech" in panel.__name__ or panel.__name__ in OPEN
        panel.bl_options = set() if is_open else {"DEFAULT_CLOSED"}
        bpy.utils.register_class(panel)


def raise_timeline(gui):
    """Drag the upper edge of the timeline upwards, so that there is room for markers."""
    area = gui.area("DOPESHEET_EDITOR")
    with gui.override():
        bpy.ops.screen.area_move(x=area.x + 99, y=area.y + area.height, delta=90)


def rank(panel):
    """Parents before children, Speech before all others."""
    parent = getattr(panel, "bl_parent_id", "")
    depth = 0 if not parent else 1 + bool(getattr(getattr(bpy.types, parent), "bl_parent_id", ""))
    name = panel.__name__
    return depth, "speech" not in name and name not in OPEN, name != "FACEWRIGHT_PT_cues", name


def shot():
    """The shot's settings."""
    return bpy.context.scene.facewright


def run():
    """Facewright's run-time state."""
    return bpy.context.window_manager.facewright
