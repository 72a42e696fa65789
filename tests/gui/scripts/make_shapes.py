# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: a bare head gets landmarks, one is moved, shapes are made, sliders drive them."""

import bpy
from parts import watch, workers

MOVED = (0.0, 0.0, 0.002)


def steps(gui):
    """What a person does whose character has no shapes."""
    show_panel_open()
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with gui.override():
        bpy.ops.facewright.add_head("INVOKE_DEFAULT", True)
        mesh = bpy.context.object
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    name = mesh.name
    mesh.shape_key_clear()
    bpy.context.scene.facewright.target = mesh
    bpy.ops.ed.undo_push(message="A bare head")
    yield from gui.show_tab("Facewright")

    start(gui, bpy.ops.facewright.guess_landmarks)
    yield from watch(gui)
    found = {"landmarks": len(landmarks()), "guessed": run().result}
    landmarks()["mouthCornerLeft"].location.z += MOVED[2]
    bpy.ops.ed.undo_push(message="Move a landmark")
    yield from gui.photograph("landmarks")

    yield from gui.until(lambda: not workers(), "the first worker leaves")
    start(gui, bpy.ops.facewright.make_shapes)
    yield from gui.press("ESC")
    yield from watch(gui)
    found["after_esc"] = run().result
    found["keys_after_esc"] = keys(name)

    yield from gui.until(lambda: not workers(), "the cancelled worker leaves")
    start(gui, bpy.ops.facewright.make_shapes)
    longest = yield from watch(gui)
    found |= {"made": run().result, "keys": keys(name), "longest_pause_s": longest}
    with gui.override():
        bpy.ops.facewright.remove_landmarks("EXEC_DEFAULT", True)
        bpy.ops.facewright.add_control_panel("EXEC_DEFAULT", True)
    sliders = bpy.data.objects[f"{name} Controls"].pose.bones
    for channel, value in {"jawOpen": 0.6, "mouthSmileLeft": 1.0, "browInnerUp": 0.8}.items():
        sliders[channel].location.y = value
    bpy.data.objects[f"{name} Controls"].select_set(True)
    with gui.override():
        bpy.ops.view3d.view_selected()
    yield from gui.wait(0.5)
    found["driven"] = bpy.data.objects[name].data.shape_keys.key_blocks["jawOpen"].value
    yield from gui.photograph("control_panel")
    with gui.override():
        bpy.ops.ed.undo()
        bpy.ops.ed.undo()
        bpy.ops.ed.undo()
    yield from gui.wait(0.5)
    found["keys_after_undo"] = keys(name)
    return found


def show_panel_open():
    """Let the sub-panel start open, as a click would leave it."""
    bpy.context.preferences.view.ui_scale = 0.85
    for panel in (bpy.types.FACEWRIGHT_PT_shapes,):
        bpy.utils.unregister_class(panel)
        panel.bl_options = set()
        bpy.utils.register_class(panel)


def start(gui, operator):
    """Press a button."""
    with gui.override():
        operator("INVOKE_DEFAULT", True)


def landmarks():
    """The empties by landmark."""
    return {ob["facewright_landmark"]: ob for ob in bpy.data.objects if "facewright_landmark" in ob}


def keys(name):
    """How many shape keys the head has."""
    found = bpy.data.objects[name].data.shape_keys
    return len(found.key_blocks) if found else 0


def run():
    """Facewright's run-time state."""
    return bpy.context.window_manager.facewright
