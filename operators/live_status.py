# SPDX-License-Identifier: GPL-3.0-or-later
"""How live capture is going, put where the panel reads it."""

from __future__ import annotations

import math

import bpy

from ..properties.run import run_of
from ..scene.live import LiveSession, LiveState
from ..scene.redraw import redraw_panels


def show_status(context: bpy.types.Context, session: LiveSession) -> None:
    """What is going on now."""
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
    redraw_panels()


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


def clear_status(context: bpy.types.Context) -> None:
    """Nothing is going on any more."""
    run = run_of(context).live
    run.is_live = run.is_recording = run.is_counting = run.is_finishing = False
    run.status = run.rate = run.problem = run.activity = ""
    run.picture, run.speaks = 0, False
    redraw_panels()
