# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something cannot be done now: one sentence for an operator, its panel and a script."""

import bpy

from .capture import shot_of
from .live import speaks
from .models import engine_disabled_reason
from .run import run_of
from .speech import cues_shown, named_speakers
from .takes import selected_take, speech_of

_BUSY = "Facewright is at work; Esc cancels"
_LIVE = "Live capture is running; Esc or Stop ends it"
_LIVE_CUES = "A take that was spoken live has no cues: use Lip-Sync on its sound"


def busy_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with any take; empty if something can."""
    return _BUSY if run_of(context).is_running else ""


def _at_work_reason(context: bpy.types.Context) -> str:
    return busy_disabled_reason(context) or (_LIVE if run_of(context).live.is_live else "")


def track_disabled_reason(context: bpy.types.Context) -> str:
    """Why Track cannot be pressed; empty if it can. One sentence for poll, panel and script."""
    shot = shot_of(context)
    if reason := _at_work_reason(context):
        return reason
    if not shot.video:
        return "Choose a video"
    if shot.target is None:
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    return engine_disabled_reason(shot)


def take_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with the take; empty if something can."""
    if reason := busy_disabled_reason(context):
        return reason
    return "" if shot_of(context).take else "Track a clip or choose a take first"


def confidence_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be said of how sure the take is; empty if something can."""
    reason = take_disabled_reason(context)
    if not reason and speech_of(run_of(context), shot_of(context).take):
        reason = "The take was made of sound: no face was seen that could be in doubt"
    return reason


def calibrate_disabled_reason(context: bpy.types.Context) -> str:
    """Why no face can be calibrated; empty if one can."""
    live = run_of(context).live
    if not live.is_live:
        return "Start live capture first"
    if live.speaks:
        return "Only sound is captured: there is no face to calibrate"
    return "Stop recording first" if live.is_recording else ""


def apply_disabled_reason(context: bpy.types.Context) -> str:
    """Why keys cannot be written from the take; empty if they can."""
    return take_disabled_reason(context) or write_disabled_reason(context)


def write_disabled_reason(context: bpy.types.Context) -> str:
    """Why no take's keys can be written onto the target; empty if they can."""
    reason = busy_disabled_reason(context)
    if not reason and shot_of(context).target is None:
        reason = "Choose a target"
    return reason


def live_disabled_reason(context: bpy.types.Context) -> str:
    """Why live capture cannot start; empty if it can."""
    shot = shot_of(context)
    if reason := _at_work_reason(context):
        return reason
    if shot.live.source == "CLIP" and not shot.video:
        return "Choose a video or a sound file to play"
    if shot.target is None:
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    tracks = shot.live.source in ("CAMERA", "CLIP") and not speaks(shot)
    return engine_disabled_reason(shot) if tracks else ""


def lipsync_disabled_reason(context: bpy.types.Context) -> str:
    """Why Lip-Sync cannot be pressed; empty if it can."""
    shot = shot_of(context)
    if reason := _at_work_reason(context):
        return reason
    if shot.speech.source == "FILE" and not shot.speech.sound:
        return "Choose a sound file"
    if shot.speech.source == "STRIP" and context.scene.sequence_editor is None:
        return "Add a sound strip in the Sequencer"
    if shot.target is None and not named_speakers(shot.speech):
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    return ""


def learn_speech_disabled_reason(context: bpy.types.Context) -> str:
    """Why no performer can be learned; empty if one can."""
    run, learn = run_of(context), shot_of(context).speech.learn
    if reason := _at_work_reason(context):
        return reason
    if learn.source == "VIDEO":
        return "" if learn.video else "Choose a video of the performer speaking"
    if learn.source == "FOLDER":
        return "" if learn.folder else "Choose a folder with takes or videos"
    if learn.source == "SELECTED":
        take = selected_take(run)
        if take is None:
            return "Select a take in the list of takes"
        return "The take was made of sound: no face was seen" if take.speech else ""
    seen = [take for take in run.takes.takes if not take.speech]
    if learn.source == "STARRED":
        return "" if any(take.star for take in seen) else "Give takes of the list a star"
    return "" if seen else "The list of takes holds none of a face"


def show_cues_disabled_reason(context: bpy.types.Context) -> str:
    """Why no cues can be shown; empty if they can."""
    if reason := busy_disabled_reason(context):
        return reason
    shot = shot_of(context)
    if shot.speech.speakers:
        return ""
    if speech_of(run_of(context), shot.take) == "LIVE":
        return _LIVE_CUES
    return "" if shot.take else "Lip-Sync first"


def cues_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with cues on the timeline; empty if something can."""
    if reason := busy_disabled_reason(context):
        return reason
    return "" if cues_shown(shot_of(context).speech) else "No cues are shown: press Show Cues"


def shapes_disabled_reason(context: bpy.types.Context) -> str:
    """Why no shapes can be made on the target; empty if they can."""
    if reason := _at_work_reason(context):
        return reason
    if shot_of(context).target is None:
        return "Choose a target: the mesh of a head, or what its meshes hang below"
    return ""


def send_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be sent to another program; empty if it can."""
    if run_of(context).live.is_sending:
        return "Sending already"
    if shot_of(context).target is None:
        return "Choose a target"
    return ""
