# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: the camera's picture in the panel: on and off, moving, gone at each end."""

from pathlib import Path

import bpy
from parts import choose_clip_and_head, workers

ADDON = "bl_ext.user_default.facewright"


def files():
    """What the worker paints into."""
    return [path.name for path in Path(bpy.app.tempdir).glob("facewright_picture*")]


def steps(gui):
    """Live with the picture, without, recording; the end by Stop and by disabling the extension."""
    yield from choose_clip_and_head(gui)
    live = bpy.context.scene.facewright.live
    live.source, live.countdown, live.show_picture = "CLIP", 0, True
    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    run = bpy.context.window_manager.facewright.live
    yield from gui.until(lambda: run.picture, "a picture comes")
    yield from gui.wait(2.0)
    yield from gui.photograph("picture")
    yield from gui.wait(1.0)
    yield from gui.photograph("picture_later")
    sidebar = gui.region("UI")
    found = {"files": files(), "sidebar": [sidebar.x, sidebar.y, sidebar.width, sidebar.height]}

    live.show_picture = False
    yield from gui.until(lambda: not run.picture, "the picture goes")
    yield from gui.photograph("without")
    live.show_picture = True
    yield from gui.until(lambda: run.picture, "the picture comes back")

    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: run.is_recording, "it records")
    yield from gui.wait(2.5)
    yield from gui.photograph("recording")
    with gui.override():
        bpy.ops.facewright.stop_live()
    yield from gui.until(lambda: not run.is_live, "live capture ends")
    found["picture_after"] = run.picture
    yield from gui.until(lambda: not files() and not workers(), "the file goes")
    found["images"] = [image.name for image in bpy.data.images]

    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    yield from gui.until(lambda: run.picture, "a picture comes again")
    bpy.ops.preferences.addon_disable(module=ADDON)
    yield from gui.until(lambda: not files() and not workers(), "all goes")
    yield from gui.wait(0.5)
    return found
