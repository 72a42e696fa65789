# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a recording or a calibration that has come to its end: one undo step each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.run import run_of
from ..scene.live import News
from .keys import apply_settings, show_keys, target_objects, write_keys
from .take_keys import punch_in_changes
from .takes import refresh_takes


def finish_recording(
    context: bpy.types.Context, scene: bpy.types.Scene, news: News
) -> tuple[str, str]:
    """Write the keys of a take that was recorded.

    Returns:
        The level and the text of what is reported.
    """
    data, recording = news.data, news.recording
    if "message" in data or recording is None:
        refresh_takes(context)  # what was recorded until then is a take as well
        return "ERROR", f"{data.get('message', '')} {data.get('hint', '')}"
    shot, take = scene.facewright, Path(data["take"])
    shot.take, shot.start_frame = str(take), int(recording.clock.start_frame)
    refresh_takes(context, select=take)
    if not data["valid_frames"]:
        shows = "has no sound" if recording.speaks else "shows no face"
        return "WARNING", f"The take {take.name} {shows}, so no keys were written."
    try:
        objects = target_objects(context, scene)
        settings = apply_settings(shot, objects)
        if recording.punch:
            settings = replace(settings, **punch_in_changes(shot.takes, recording.punch))
        # Stopped at the scene's end, it always goes a little beyond it.
        may_extend = recording.last_frame is None
        report = write_keys(scene, objects, take, settings, may_extend=may_extend)
    except FacewrightError as error:
        return "ERROR", f"{error} The take is safe: {take}"
    bpy.ops.ed.undo_push(message="Record Take")
    with_what = "sound" if recording.speaks else "a face"
    lines = [
        f"{data['valid_frames']} of {data['frames']} frames with {with_what}, "
        f"{data['seconds']:.1f} s"
    ]
    show_keys(context, report, [*lines, *data["warnings"]])
    return "INFO", f"{take.stem}: {run_of(context).result}"


def finish_calibration(
    _context: bpy.types.Context, scene: bpy.types.Scene, news: News
) -> tuple[str, str]:
    """Let the shot go by the profile that was made.

    Returns:
        The level and the text of what is reported.
    """
    data = news.data
    if "message" in data:
        return "ERROR", f"{data['message']} {data['hint']}"
    scene.facewright.solve.performer = data["performer"]
    bpy.ops.ed.undo_push(message="Calibrate")
    return "INFO", f"Calibrated: {Path(data['performer']).name}"
