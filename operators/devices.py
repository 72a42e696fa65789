# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for cameras and microphones."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.run import run_of
from ..scene.devices import find_devices
from ..scene.redraw import redraw_panels


class FACEWRIGHT_OT_find_devices(bpy.types.Operator):
    """List the cameras and microphones of this computer"""

    bl_idname = "facewright.find_devices"
    bl_label = "Find Devices"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker; the lists fill a moment later."""
        try:
            find_devices(_show)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        run = run_of(context).live
        run.devices_status = "Looking for cameras"
        run.microphones_status = "Looking for microphones"
        return {"FINISHED"}


def _show(devices: dict, problem: str) -> None:
    run = run_of(bpy.context).live
    for kind, listed in (("cameras", run.cameras), ("microphones", run.microphones)):
        listed.clear()
        names = [device["name"] for device in devices.get(kind, ())]
        for device in devices.get(kind, ()):
            item = listed.add()
            # Of two of the same name, each is told by its id.
            item.name = device["name"] if names.count(device["name"]) == 1 else device["id"]
    run.devices_status = problem or ("" if run.cameras else "No camera was found")
    run.microphones_status = problem or ("" if run.microphones else "No microphone was found")
    redraw_panels()


CLASSES = (FACEWRIGHT_OT_find_devices,)
