# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording that a shot's settings ask for."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.preferences import chosen_take_folder
from ..scene.blocks import by_uid
from ..scene.capture import take_folder
from ..scene.free_path import free_path
from ..scene.live import live_session
from ..scene.playback import Playback
from ..scene.recording import begin_recording, played_range


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
    # The sound that moves the mouth is recorded in any case.
    wanted = live.use_microphone and not session.speaks
    microphone = (live.microphone or "0") if wanted else ""
    recording = begin_recording(
        scene,
        free_path(folder, bpy.path.clean_name(name), ".fwtake", beside=".wav"),
        plays=plays,
        delay_s=live.delay,
        microphone=microphone,
        last_frame=last,
        punch=punch,
        speaks=session.speaks,
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
