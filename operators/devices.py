# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for cameras and microphones."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.capture import run_of
from ..scene.devices import find_devices
from .keys import redraw


class FACEWRIGHT_OT_find_devices(bpy.types.Operator):
    """List the cameras and microphones of this computer"""

    bl_idname = "facewright.find_devices"
    bl_label = "Find Cameras"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker; the lists fill a moment later."""
        try:
            find_devices(_show)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        run_of(context).live.devices_status = "Looking for cameras"
        return {"FINISHED"}


def _show(devices: dict, problem: str) -> None:
    run = run_of(bpy.context).live
    for kind, listed in (("cameras", run.cameras), ("microphones", run.microphones)):
        listed.clear()
        for device in devices.get(kind, ()):
            item = listed.add()
            item.name, item.device_id = device["name"], device["id"]
    found = len(run.cameras)
    run.devices_status = problem or ("" if found else "No camera was found")
    redraw(bpy.context)


CLASSES = (FACEWRIGHT_OT_find_devices,)
