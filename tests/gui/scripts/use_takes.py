# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: two takes of a clip; parts, punch-in, A/B, each undone; note, star, delete."""

import bpy
from parts import choose_clip_and_head, curves_of, watch

JAW, BROW = 'key_blocks["jawOpen"].value', 'key_blocks["browInnerUp"].value'


def steps(gui):
    """What a person does who has two takes and wants the best of both."""
    show_parts_open()
    mesh = yield from choose_clip_and_head(gui)
    name = mesh.name
    for gain in (1.0, 0.0):
        shot().gain.brows = shot().gain.jaw = gain
        bpy.ops.ed.undo_push(message="Gain")
        with gui.override():
            bpy.ops.facewright.track_video("INVOKE_DEFAULT", True)
        yield from watch(gui)
    found = {"listed": [item.name for item in listed().takes], "selected": listed().index}
    found["still"] = spread(name, JAW)

    press(gui, bpy.ops.facewright.compare_takes)
    found["other_jaw"] = spread(name, JAW)
    press(gui, bpy.ops.ed.undo)
    found["undone_jaw"] = spread(name, JAW)

    # The second take was written with jaw and brows still; they come back part by part.
    shot().gain.brows = shot().gain.jaw = 1.0
    shot().takes.regions = {"jaw"}
    bpy.ops.ed.undo_push(message="Parts")
    press(gui, bpy.ops.facewright.write_region)
    found["jaw"], found["brow"] = spread(name, JAW), spread(name, BROW)

    shot().takes.punch_start, shot().takes.punch_end = 20, 40
    bpy.ops.ed.undo_push(message="Range")
    before = keys(name, BROW)
    press(gui, bpy.ops.facewright.punch_in_take)
    after = keys(name, BROW)
    moved = [frame for frame in before if before[frame] != after[frame]]
    found["moved"] = [min(moved), max(moved)]
    press(gui, bpy.ops.facewright.set_take_note, note="jaw of this one")
    press(gui, bpy.ops.facewright.star_take)
    yield from gui.photograph("takes")
    press(gui, bpy.ops.ed.undo)
    found["brow_after_undo"] = spread(name, BROW)
    found["jaw_after_undo"] = spread(name, JAW)
    first = listed().takes[listed().index]
    found["note"], found["star"] = first.note, first.star
    with gui.override():
        bpy.ops.facewright.delete_take("INVOKE_DEFAULT")
    yield from gui.photograph("asked")
    yield from gui.press("ESC")
    yield from gui.wait(0.5)
    found["after_asking"] = len(listed().takes)
    press(gui, bpy.ops.facewright.delete_take)
    found["left"] = [item.name for item in listed().takes]
    found["files"] = sorted(path.name for path in gui.workdir.rglob("*.fwtake"))
    return found


def show_parts_open():
    """Let the sub-panel start open, as a click would leave it, and all of it fit the screen."""
    bpy.context.preferences.view.ui_scale = 0.85
    live = [bpy.types.FACEWRIGHT_PT_live, bpy.types.FACEWRIGHT_PT_live_record]
    live.append(bpy.types.FACEWRIGHT_PT_live_smoothing)
    for panel in reversed(live):
        bpy.utils.unregister_class(panel)
    live[0].bl_options = {"DEFAULT_CLOSED"}
    for panel in live:
        bpy.utils.register_class(panel)
    panel = bpy.types.FACEWRIGHT_PT_take_parts
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)


def press(gui, operator, **properties):
    """Press a button; what it asks for is given."""
    with gui.override():
        operator("EXEC_DEFAULT", True, **properties)


def keys(name, path):
    """Value by frame of a curve."""
    curve = curves_of(bpy.data.objects[name])[path]
    return {point.co.x: point.co.y for point in curve.keyframe_points}


def spread(name, path):
    """How far a curve moves."""
    values = keys(name, path).values()
    return max(values) - min(values)


def shot():
    """The settings, looked up anew: undo replaces them."""
    return bpy.context.scene.facewright


def listed():
    """The list of takes."""
    return bpy.context.window_manager.facewright.takes
