# SPDX-License-Identifier: GPL-3.0-or-later
"""The test slider of a channel: the character follows while it is dragged."""

from __future__ import annotations

import bpy

from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..properties.mapping_edit import active_row, edit_disabled_reason, edit_of, mapped_object
from ..scene import channel_test
from ..scene.channel_test import ChannelTest
from ..scene.live import live_session
from .keys import target_objects
from .retarget import test_disabled_reason
from .why_not import TellsWhyNot

# What ends a drag or a number that was typed.
_LET_GO = {("LEFTMOUSE", "RELEASE"), ("RET", "PRESS"), ("NUMPAD_ENTER", "PRESS")}
_GIVE_UP = {("ESC", "PRESS"), ("RIGHTMOUSE", "PRESS")}
_SWEEP_RATE, _STEPS = 1 / 60, 12

_watching: list[bool] = []


def show_test(context: bpy.types.Context) -> None:
    """The character takes the slider's value, or what it was before where that is 0.

    Raises:
        FacewrightError: Nothing of the character can be moved.
    """
    edit = edit_of(context)
    if edit.test == 0:
        channel_test.end_test()
        return
    test = channel_test.channel_test()
    if test is None:
        test = ChannelTest(context.scene, target_objects(context, context.scene))
    test.show(active_row(mapped_object(context).facewright_mapping).name, edit.test)


class FACEWRIGHT_OT_test_channel(TellsWhyNot, bpy.types.Operator):
    """Let the character follow the test slider until that is let go"""

    bl_idname = "facewright.test_channel"
    bl_label = "Test Channel"
    bl_options = {"INTERNAL"}

    why_not = staticmethod(test_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show the slider's value."""
        try:
            show_test(context)
        except FacewrightError as error:
            channel_test.end_test()
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show it, and watch for the mouse button."""
        done = self.execute(context)
        has_window = context.window is not None and not bpy.app.background
        if done == {"CANCELLED"} or _watching or not has_window or edit_of(context).test == 0:
            return done
        _watching.append(True)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """See each event before the slider does, and leave it to the slider."""
        happened = event.type, event.value
        if happened in _GIVE_UP or happened in _LET_GO:
            _watching.clear()
            if not edit_of(context).hold:
                # The slider itself takes the event now, and only then lets its value go.
                bpy.app.timers.register(channel_test.end_test, first_interval=0.05)
            return {"FINISHED", "PASS_THROUGH"}
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """The window closes or another file is loaded."""
        _watching.clear()


class FACEWRIGHT_OT_test_all_channels(TellsWhyNot, bpy.types.Operator):
    """Let the character make each channel's face, one after the other. Esc ends it; nothing is \
left behind"""

    bl_idname = "facewright.test_all_channels"
    bl_label = "Test All"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Not during live capture."""
        reason = edit_disabled_reason(context)
        if not reason and live_session() is not None:
            reason = "Live capture moves the character; stop it first"
        return reason

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin with the first channel."""
        try:
            self._test = ChannelTest(context.scene, target_objects(context, context.scene))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._step = 0
        manager = context.window_manager
        self._timer = manager.event_timer_add(_SWEEP_RATE, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Without a window there is nobody who would see it."""
        self.report({"ERROR"}, "Testing all channels needs a window")
        return {"CANCELLED"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One step; up and down again for each channel."""
        ended = channel_test.channel_test() is not self._test
        if ended or event.type == "ESC" or self._step >= 2 * _STEPS * len(NAMES):
            self.cancel(context)
            return {"FINISHED"}
        if event.type == "TIMER":
            number, step = divmod(self._step, 2 * _STEPS)
            context.workspace.status_text_set(f"{NAMES[number]}   Esc: end")
            try:
                self._test.show(NAMES[number], 1 - abs(step - _STEPS) / _STEPS)
            except FacewrightError as error:
                self.report({"ERROR"}, str(error))
                self.cancel(context)
                return {"CANCELLED"}
            self._step += 1
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Put everything back."""
        context.window_manager.event_timer_remove(self._timer)
        if context.workspace:
            context.workspace.status_text_set(None)
        if channel_test.channel_test() is self._test:
            channel_test.end_test()


CLASSES = (FACEWRIGHT_OT_test_channel, FACEWRIGHT_OT_test_all_channels)
