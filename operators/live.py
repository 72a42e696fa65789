# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture in the window: start, stop, record, calibrate."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

from ..engine.core.clock import now_s
from ..engine.core.errors import FacewrightError
from ..engine.core.requests import PERFORMER_SUFFIX, LiveRequest
from ..engine.filters.live import LiveFilterSettings
from ..properties.capture import live_disabled_reason, run_of, shot_of
from ..properties.live import steadiness
from ..properties.preferences import chosen_take_folder, preferences_of
from ..properties.solve import solve_settings
from ..properties.takes import gains
from ..scene.blocks import by_uid
from ..scene.capture import take_folder
from ..scene.free_path import free_path
from ..scene.live import LiveSession, LiveState, News, live_session
from ..scene.live_rig import LiveRig
from ..scene.playback import Playback
from ..scene.recording import begin_recording, played_range
from ..scene.redraw import redraw_sidebars
from .keys import apply_settings, target_objects
from .live_results import finish_calibration, finish_recording
from .takes import refresh_takes

# The worker's values wait for half of this on average.
_TICK_S = 1 / 120
_PANEL_EVERY_S = 0.2


class FACEWRIGHT_OT_capture_webcam(bpy.types.Operator):
    """Let the character follow the performer's face, live. Blender stays usable; Esc or Stop \
ends it, and the character is as it was"""

    bl_idname = "facewright.capture_webcam"
    bl_label = "Start"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With the reason as the tooltip."""
        reason = live_disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

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
        run_of(context).live.is_live = True
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
        session.configure(filter_settings(shot), head_mode(shot))
        session.preview, session.while_playing = shot.live.preview, shot.live.while_playing
        self._show_picture(shot.live.show_picture)
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


class FACEWRIGHT_OT_stop_live(bpy.types.Operator):
    """End live capture; a recording is completed first"""

    bl_idname = "facewright.stop_live"
    bl_label = "Stop"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while live."""
        return _poll_live(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask; the capture ends by itself."""
        live_session().stop()
        return {"FINISHED"}


class FACEWRIGHT_OT_record_take(bpy.types.Operator):
    """Record a take at the playhead after the countdown; press again to stop and write its \
keyframes"""

    bl_idname = "facewright.record_take"
    bl_label = "Record"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while live."""
        return _poll_live(cls)

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


class FACEWRIGHT_OT_calibrate_performer(bpy.types.Operator):
    """Relax your face for some seconds: what it looks like at rest becomes a performer profile \
that live capture, takes and clips go by"""

    bl_idname = "facewright.calibrate_performer"
    bl_label = "Calibrate"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while live, and nothing else is going on."""
        if not _poll_live(cls):
            return False
        if run_of(context).live.is_recording:
            cls.poll_message_set("Stop recording first")
            return False
        return True

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


def start_session(context: bpy.types.Context) -> LiveSession:
    """A live capture by the settings of the scene.

    Raises:
        FacewrightError: There is nothing that could follow the face, or the worker cannot start.
    """
    shot, preferences = shot_of(context), preferences_of(context)
    objects = target_objects(context, context.scene)
    pose = apply_settings(shot, objects).pose
    live = shot.live
    width, height = map(int, live.size.split("x"))
    request = LiveRequest(
        source=source_spec(shot),
        network=run_of(context).live.network,
        repeat=True,
        width=width,
        height=height,
        rate=live.rate,
        mirror=live.mirror,
        engine=shot.engine,
        solve=solve_settings(shot.solve),
        face=shot.face,
        device=preferences.device if preferences else "auto",
    )
    return LiveSession(
        request,
        LiveRig(context.scene, objects, pose),
        filter_settings(shot),
        head_mode(shot),
        preview=live.preview,
        while_playing=live.while_playing,
    )


def source_spec(shot) -> str:
    """The SPEC of what the shot captures from; see ``LiveRequest``."""
    live = shot.live
    if live.source == "CLIP":
        return f"file:{Path(bpy.path.abspath(shot.video)).absolute()}"
    if live.source == "CAMERA":
        return f"webcam:{live.camera or 0}"
    port = f":{live.port}" if live.port else ""
    phone = f"@{live.phone.strip()}" if live.phone.strip() else ""
    return f"{live.transport.lower()}:{live.dialect}{port}{phone}"


def filter_settings(shot) -> LiveFilterSettings:
    """The live filter's settings of a shot."""
    live = shot.live
    return LiveFilterSettings(
        steadiness=steadiness(live),
        gain=gains(shot.gain),
        keep_blinks=live.keep_blinks,
        gap_policy=live.gap_policy,
    )


def head_mode(shot) -> str:
    """What "straight ahead" is: found out, unless the shot says the camera."""
    return "CAMERA" if shot.head_center == "NONE" else "AUTO"


def start_recording() -> None:
    """Begin to write a take, at the playhead of the scene that live capture was started in.

    Raises:
        FacewrightError: The take's folder cannot be made, or the timeline shall play along but the
            window shows another scene.
    """
    session = live_session()
    scene = by_uid(bpy.data.scenes, session.rig.scene_uid)
    if scene is None:
        return
    shot, live = scene.facewright, scene.facewright.live
    if (live.play or live.punch) and bpy.context.scene != scene:
        raise FacewrightError(
            f'The window does not show "{scene.name}", where live capture runs, so its timeline '
            "cannot play along.",
            "Choose that scene in the window, then record again.",
            "other-scene",
        )
    folder = take_folder(chosen_take_folder(bpy.context))
    name = shot.target.name if shot.target else "take"
    plays, last, punch = live.play, None, None
    begin, end = played_range(scene)
    if live.punch:
        plays, punch = True, (float(shot.takes.punch_start), float(shot.takes.punch_end))
        _check_punch(punch, begin, end)
        scene.frame_set(max(begin, shot.takes.punch_start - live.preroll))
        last = min(float(end), punch[1] + live.preroll)
    elif plays:
        last = float(end) if live.stop_at_end else None
        if scene.frame_current >= end:  # where the recording before has ended
            scene.frame_set(begin)
    microphone = (live.microphone or "0") if live.use_microphone else ""
    recording = begin_recording(
        scene,
        free_path(folder, bpy.path.clean_name(name), ".fwtake", beside=".wav"),
        plays=plays,
        delay_s=live.delay,
        microphone=microphone,
        last_frame=last,
        punch=punch,
    )
    session.record(recording)
    if plays:
        recording.playback = Playback(scene)


def _check_punch(punch: tuple[float, float], begin: int, end: int) -> None:
    """Only what is played can be punched in."""
    if not begin <= punch[0] < punch[1] <= end:
        raise FacewrightError(
            f"The punch range, {punch[0]:g} to {punch[1]:g}, is not within the frames that are "
            f"played, {begin} to {end}.",
            "Change the punch range, or the scene's or preview range.",
            "punch-range",
        )


def step_back(session: LiveSession) -> None:
    """Esc: the countdown ends, else the recording, else live capture."""
    if session.counting:
        session.stop_counting()
    elif session.recording:
        session.keep()
    else:
        session.stop()


def show_status(context: bpy.types.Context, session: LiveSession) -> None:
    """Put how it is going where the panel reads it."""
    run, status = run_of(context).live, session.status
    recording = session.recording
    run.is_counting = session.counting
    run.is_recording = recording is not None and not recording.kept
    run.is_finishing = recording is not None and recording.kept
    run.problem = status.get("problem", "")
    if session.state is LiveState.STARTING:
        run.status, run.rate = "Starting", ""
    else:
        width, height = status.get("width", 0), status.get("height", 0)
        size = f", {width} x {height}" if width else ""
        run.status = f"{status.get('name', '')}{size}"
        run.rate = (
            f"{status.get('frames_per_second', 0):.1f} frames/s, {session.delay_ms:.0f} ms, "
            f"{status.get('dropped', 0)} dropped"
        )
    run.activity = _activity(session)
    run.picture = session.picture.icon
    redraw_sidebars()


def _activity(session: LiveSession) -> str:
    recording = session.recording
    if session.counting:
        return f"{session.counting_for} in {math.ceil(session.countdown_left_s)}"
    if recording:
        doing = "Finishing the take" if recording.kept else "Recording"
        return f"{doing}: {recording.seconds():.1f} s"
    if session.calibrating:
        return "Relax your face"
    return ""


def _clean_up(timer: bpy.types.Timer) -> None:
    """However live capture ends, also with the file or the add-on."""
    context = bpy.context
    context.window_manager.event_timer_remove(timer)
    run = run_of(context).live
    run.is_live = run.is_recording = run.is_counting = run.is_finishing = False
    run.status = run.rate = run.problem = run.activity = ""
    run.picture = 0
    if context.workspace:
        context.workspace.status_text_set(None)
    redraw_sidebars()


def _poll_live(cls: type) -> bool:
    if live_session() is None:
        cls.poll_message_set("Start live capture first")
        return False
    return True


CLASSES = (
    FACEWRIGHT_OT_capture_webcam,
    FACEWRIGHT_OT_stop_live,
    FACEWRIGHT_OT_record_take,
    FACEWRIGHT_OT_calibrate_performer,
)
