# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: match the shipped head, edit its mapping, try a channel out, undo."""

import bpy
from bl_ext.user_default.facewright import registration

GROUP = ".facewright response"


def steps(gui):
    """What a person does in the panel "Mapping"."""
    show_mapping_open()
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with gui.override():
        bpy.ops.facewright.add_head("INVOKE_DEFAULT", True)
        name = bpy.context.object.name
    bpy.context.scene.facewright.target = bpy.data.objects[name]
    yield from gui.show_tab("Facewright")
    yield from widen(gui, 170)
    with gui.override():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    bpy.ops.ed.undo_push(message="Choose target")
    found = {"at_rest": values(name)}

    press(gui, bpy.ops.facewright.match_mapping)
    found["report"] = edit().result
    choose(name, "mouthSmileLeft")
    row(name, "mouthSmileLeft").gain = 1.2
    press(gui, bpy.ops.facewright.add_drive, kind="KEY")
    row(name, "mouthSmileLeft").drives[1].target = "cheekSquintLeft"
    row(name, "mouthSmileLeft").drives[1].weight = 0.4
    bpy.ops.ed.undo_push(message="Edit")
    press(gui, bpy.ops.facewright.response_preset, preset="EASE")
    press(gui, bpy.ops.facewright.edit_response)
    yield from gui.wait(0.5)

    # A slider that is dragged, and let go.
    with gui.override("UI"):
        edit().test = 0.75
    yield from gui.wait(0.3)
    found["tried"] = values(name)
    yield from gui.photograph("mapping")
    yield from let_go(gui)
    yield from gui.until(lambda: edit().test == 0, "the slider is let go")
    found["let_go"] = values(name)
    found["traces"] = traces()
    yield from scroll(gui, 12)
    yield from gui.photograph("response")

    # The curve is edited in its widget: in Blender that is one step of undo.
    before = row(name, "mouthSmileLeft").curve
    point = bpy.data.node_groups[GROUP].nodes[0].mapping.curves[0].points[1]
    point.location = (point.location[0], 0.5)
    bpy.ops.ed.undo_push(message="Curve")
    yield from gui.wait(0.4)
    found["curve_changed"] = row(name, "mouthSmileLeft").curve != before
    press(gui, bpy.ops.facewright.solo_channel, channel="jawOpen")
    press(gui, bpy.ops.ed.undo)
    yield from gui.wait(0.4)
    found["curve_kept"] = row(name, "mouthSmileLeft").curve != before
    press(gui, bpy.ops.ed.undo)
    yield from gui.wait(0.4)
    found["curve_undone"] = row(name, "mouthSmileLeft").curve == before

    with gui.override():
        bpy.ops.facewright.test_all_channels("INVOKE_DEFAULT")
    yield from gui.wait(1.0)
    found["sweeping"] = max(values(name).values()) > 0 or bool(traces())
    yield from gui.press("ESC")
    yield from gui.wait(0.3)
    found["swept"], found["traces_after"] = values(name), traces()
    spoil(name)
    press(gui, bpy.ops.facewright.check_mapping)
    found["spoiled"] = edit().result
    edit().show_report = True
    # All but those that are just mapped.
    edit().open = [False] + [True] * (len(edit().open) - 1)
    yield from scroll(gui, -20)
    yield from gui.wait(1.0)
    yield from gui.photograph("report")
    edit().show_report = False
    press(gui, bpy.ops.facewright.forget_mapping)
    yield from gui.photograph("forgotten")
    found["forgotten"] = len(bpy.data.objects[name].facewright_mapping.rows)
    press(gui, bpy.ops.ed.undo)
    found["unforgotten"] = len(bpy.data.objects[name].facewright_mapping.rows)
    return found


def widen(gui, by):
    """Drag the sidebar's edge."""
    bpy.context.preferences.system.use_region_overlap = False
    yield from gui.wait(0.5)
    region = gui.region("UI")
    x, y = region.x - 1, region.y + region.height // 2
    steps = [("MOUSEMOVE", "NOTHING", x + 40), ("MOUSEMOVE", "NOTHING", x)]
    steps += [("LEFTMOUSE", "PRESS", x)]
    steps += [("MOUSEMOVE", "NOTHING", x - by * i // 4) for i in range(1, 5)]
    steps += [("LEFTMOUSE", "RELEASE", x - by)]
    for kind, value, at in steps:
        gui.window().event_simulate(type=kind, value=value, x=at, y=y)
        yield from gui.wait(0.1)
    yield from gui.wait(0.5)


def scroll(gui, notches):
    """Turn the mouse wheel over the sidebar."""
    region = gui.region("UI")
    x, y = region.x + region.width // 2, region.y + 40
    gui.window().event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
    kind = "WHEELDOWNMOUSE" if notches > 0 else "WHEELUPMOUSE"
    for _ in range(abs(notches)):
        gui.window().event_simulate(type=kind, value="PRESS", x=x, y=y)
        yield from gui.wait(0.05)
    yield from gui.wait(0.5)


def show_mapping_open():
    """Let only the panel "Mapping" be open, as clicks would leave it."""
    bpy.context.preferences.view.ui_scale = 0.85
    ours = ("mapping", "mapping_channel", "mapping_response")
    panels = [cls for cls in registration.CLASSES if issubclass(cls, bpy.types.Panel)]
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    for panel in panels:
        if panel.bl_region_type == "UI":
            is_ours = panel.__name__.removeprefix("FACEWRIGHT_PT_") in ours
            panel.bl_options = set() if is_ours else {"DEFAULT_CLOSED"}
        bpy.utils.register_class(panel)


def spoil(name):
    """Put things in the way of some channels, for the report to tell."""
    blocks = bpy.data.objects[name].data.shape_keys.key_blocks
    blocks["jawLeft"].driver_add("value")
    blocks["jawRight"].lock_shape = True
    row(name, "tongueOut").drives.clear()
    row(name, "cheekPuff").approximate = True
    row(name, "cheekPuff").note = "Only the lower half of the cheeks."
    row(name, "mouthClose").mute = True


def press(gui, operator, **properties):
    """Press a button; what it asks for is given."""
    with gui.override():
        operator("EXEC_DEFAULT", True, **properties)


def let_go(gui):
    """The mouse button goes up."""
    region = gui.region()
    x, y = region.x + region.width // 2, region.y + region.height // 2
    for kind, value in (("MOUSEMOVE", "NOTHING"), ("LEFTMOUSE", "RELEASE")):
        gui.window().event_simulate(type=kind, value=value, x=x, y=y)
        yield


def choose(name, channel):
    """Click a line of the list."""
    mapping = bpy.data.objects[name].facewright_mapping
    mapping.active = mapping.rows.find(channel)


def row(name, channel):
    """A channel, looked up anew: undo replaces it."""
    return bpy.data.objects[name].facewright_mapping.rows[channel]


def values(name):
    """Values of the keys that are not at rest."""
    blocks = bpy.data.objects[name].data.shape_keys.key_blocks
    return {block.name: round(block.value, 4) for block in blocks if block.value}


def traces():
    """Data-blocks that remember a preview."""
    blocks = [*bpy.data.shape_keys, *bpy.data.objects]
    return [block.name for block in blocks if "facewright_before_preview" in block]


def edit():
    """The editor's state."""
    return bpy.context.window_manager.facewright_mapping
