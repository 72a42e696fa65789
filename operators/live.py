# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture in the window: start, stop, record, calibrate."""

from __future__ import annotations

import bpy

from ..engine.core.clock import now_s
from ..engine.core.errors import FacewrightError
from ..engine.core.requests import PERFORMER_SUFFIX
from ..properties.capture import shot_of
from ..properties.preferences import chosen_take_folder
from ..properties.run import run_of
from ..properties.solve import solve_settings
from ..properties.speech import mouth_style
from ..properties.why_not import calibrate_disabled_reason, live_disabled_reason
from ..scene.blocks import by_uid
from ..scene.capture import take_folder
from ..scene.free_path import free_path
from ..scene.live import LiveSession, LiveState, News, live_session
from .live_recording import start_recording
from .live_results import finish_calibration, finish_recording
from .live_session import filter_settings, head_mode, start_session
from .live_status import clear_status, show_status
from .takes import refresh_takes
from .why_not import TellsWhyNot

# The worker's values wait for half of this on average.
_TICK_S = 1 / 120
_PANEL_EVERY_S = 0.2


class FACEWRIGHT_OT_capture_webcam(TellsWhyNot, bpy.types.Operator):
    """Let the character follow the performer's face or voice, live. Blender stays usable; Esc or \
Stop ends it, and the character is as it was"""

    bl_idname = "facewright.capture_webcam"
    bl_label = "Start"

    why_not = staticmethod(live_disabled_reason)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """There is no window that a character could be watched in."""
        self.report(
            {"ERROR"},
            "Live capture needs Blender's window. Without one, use: python -m engine live",
        )
        return {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the worker and stay out of the way."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._session = start_session(context)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._scene = context.scene.session_uid
        self._performer = self._session.request.solve.performer
        self._drawn_s = 0.0
        run = run_of(context).live
        run.is_live, run.speaks = True, self._session.speaks
        manager = context.window_manager
        timer = manager.event_timer_add(_TICK_S, window=context.window)
        self._session.at_end = lambda: _clean_up(timer)
        manager.modal_handler_add(self)
        context.workspace.status_text_set("Facewright: live, Esc stops")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One tick; everything else passes through to Blender."""
        try:
            return self._turn(context, event)
        except Exception:  # a bug must not leave the preview's values and the worker behind
            self._session.close()
            raise

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender itself ends the operator, e.g. because its window closes."""
        self._session.close()

    def _turn(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        session = self._session
        if event.type == "ESC" and event.value == "PRESS":
            step_back(session)
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        session.tick()
        if session.recording and session.recording.is_over:
            session.keep()
        for sentence in session.take_warnings():
            self.report({"WARNING"}, sentence)
        for news in session.take_news():
            self._conclude(context, news)
        if session.ended:
            return self._finish(context)
        if now_s() - self._drawn_s > _PANEL_EVERY_S:
            self._drawn_s = now_s()
            self._follow_settings(context)
            show_status(context, session)
        return {"PASS_THROUGH"}

    def _conclude(self, context: bpy.types.Context, news: News) -> None:
        """A recording or a calibration has come to its end."""
        scene = by_uid(bpy.data.scenes, self._scene) or context.scene
        finish = finish_calibration if news.is_calibration else finish_recording
        level, text = finish(context, scene, news)
        if news.is_calibration and level == "INFO":  # the worker goes by it already
            self._performer = solve_settings(scene.facewright.solve).performer
        self.report({level}, text)

    def _follow_settings(self, context: bpy.types.Context) -> None:
        """What the artist, or undo, has changed in the panel."""
        scene = by_uid(bpy.data.scenes, self._scene)
        if scene is None:
            return
        shot, session = scene.facewright, self._session
        session.configure(filter_settings(shot, session.speaks), head_mode(shot))
        if session.speaks:
            session.use_mouth(mouth_style(shot.speech), shot.speech.emphasis)
        session.preview, session.while_playing = shot.live.preview, shot.live.while_playing
        self._show_picture(shot.live.show_picture and not session.speaks)
        performer = solve_settings(shot.solve).performer
        if performer != self._performer:
            self._performer = performer
            session.use_performer(performer)

    def _show_picture(self, wanted: bool) -> None:
        try:
            self._session.picture.show(wanted)
        except FacewrightError as error:
            self.report({"WARNING"}, str(error))

    def _finish(self, context: bpy.types.Context) -> set[str]:
        session = self._session
        left = ""
        if session.recording:
            left = f"What was recorded is in the take {session.recording.take}."
            refresh_takes(context, select=session.recording.take)
        if session.state is LiveState.FAILED:
            run_of(context).live.problem = session.error.message
            self.report({"ERROR"}, f"{session.error} {left}".rstrip())
            return {"CANCELLED"}
        if left:
            self.report({"WARNING"}, left)
        return {"FINISHED"}


class _WhileLive(TellsWhyNot):
    """Mixin: only while live."""

    @classmethod
    def why_not(cls, _context: bpy.types.Context) -> str:
        """Whether the capture itself is there."""
        return "" if live_session() else "Start live capture first"


class FACEWRIGHT_OT_stop_live(_WhileLive, bpy.types.Operator):
    """End live capture; a recording is completed first"""

    bl_idname = "facewright.stop_live"
    bl_label = "Stop"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask; the capture ends by itself."""
        live_session().stop()
        return {"FINISHED"}


class FACEWRIGHT_OT_record_take(_WhileLive, bpy.types.Operator):
    """Record a take at the playhead after the countdown; press again to stop and write its \
keyframes"""

    bl_idname = "facewright.record_take"
    bl_label = "Record"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the countdown, or end the recording."""
        session, live = live_session(), shot_of(context).live
        if session.counting:
            session.stop_counting()
        elif session.recording:
            session.keep()
        else:
            session.count_down(live.countdown, "Recording", start_recording)
        show_status(context, session)
        return {"FINISHED"}


class FACEWRIGHT_OT_calibrate_performer(_WhileLive, bpy.types.Operator):
    """Relax your face for some seconds: what it looks like at rest becomes a performer profile \
that live capture, takes and clips go by"""

    bl_idname = "facewright.calibrate_performer"
    bl_label = "Calibrate"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only while a face is seen live, and nothing else is going on."""
        return super().why_not(context) or calibrate_disabled_reason(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the countdown."""
        session, live = live_session(), shot_of(context).live
        try:
            folder = take_folder(chosen_take_folder(context))
            path = free_path(folder, bpy.path.clean_name(live.performer_name), PERFORMER_SUFFIX)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        seconds = live.calibrate_s
        session.count_down(
            live.countdown,
            "Relax your face",
            lambda: session.calibrate(str(path), seconds),
        )
        show_status(context, session)
        return {"FINISHED"}


def step_back(session: LiveSession) -> None:
    """Esc: the countdown ends, else the recording, else live capture."""
    if session.counting:
        session.stop_counting()
    elif session.recording:
        session.keep()
    else:
        session.stop()


def _clean_up(timer: bpy.types.Timer) -> None:
    """However live capture ends, also with the file or the add-on."""
    context = bpy.context
    context.window_manager.event_timer_remove(timer)
    if context.workspace:
        context.workspace.status_text_set(None)
    clear_status(context)


CLASSES = (
    FACEWRIGHT_OT_capture_webcam,
    FACEWRIGHT_OT_stop_live,
    FACEWRIGHT_OT_record_take,
    FACEWRIGHT_OT_calibrate_performer,
)
