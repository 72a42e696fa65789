# SPDX-License-Identifier: GPL-3.0-or-later
"""The live capture that a shot's settings ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.arkit import REGIONS
from ..engine.core.live_source import MICROPHONE
from ..engine.core.requests import LiveRequest
from ..engine.filters.live import LiveFilterSettings
from ..properties.capture import shot_of
from ..properties.live import PARTS, speaks, steadiness
from ..properties.models import chosen_detector, chosen_engine
from ..properties.preferences import chosen_device
from ..properties.run import run_of
from ..properties.solve import solve_settings
from ..properties.speech import mouth_style
from ..properties.takes import gains
from ..scene.live import LiveSession
from ..scene.live_rig import LiveRig
from ..scene.speech_take import MOUTH
from .keys import apply_settings, target_objects


def start_session(context: bpy.types.Context) -> LiveSession:
    """A live capture by the settings of the scene.

    Raises:
        FacewrightError: There is nothing that could follow the face, or the worker cannot start.
    """
    shot = shot_of(context)
    objects = target_objects(context, context.scene)
    settings = apply_settings(shot, objects)
    heard = speaks(shot)
    if heard:  # what sound does not tell stays as the artist has it
        settings = replace(settings, silent_parts=frozenset(PARTS) - frozenset(MOUTH))
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
        engine=chosen_engine(shot),
        detector=chosen_detector(shot),
        solve=solve_settings(shot.solve),
        face=shot.face,
        **chosen_device(context),
        mouth=mouth_style(shot.speech),
        emphasis=shot.speech.emphasis,
    )
    return LiveSession(
        request,
        LiveRig(context.scene, objects, settings.chosen_pose, MOUTH if heard else REGIONS),
        filter_settings(shot, heard),
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
    if live.source == "MICROPHONE":
        return f"{MICROPHONE}:{live.microphone.strip()}"
    port = f":{live.port}" if live.port else ""
    phone = f"@{live.phone.strip()}" if live.phone.strip() else ""
    return f"{live.transport.lower()}:{live.dialect}{port}{phone}"


def filter_settings(shot, heard: bool = False) -> LiveFilterSettings:
    """The live filter's settings of a shot.

    Args:
        heard: Sound moves the mouth: it does not tremble, and calming would part lips that meet.
    """
    live = shot.live
    return LiveFilterSettings(
        steadiness={} if heard else steadiness(live),
        gain=gains(shot.gain),
        keep_blinks=live.keep_blinks,
        gap_policy=live.gap_policy,
    )


def head_mode(shot) -> str:
    """What "straight ahead" is: found out, unless the shot says the camera."""
    return "CAMERA" if shot.head_center == "NONE" else "AUTO"
