# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues of speech as timeline markers: show them, hide them, and let the curves follow them."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.capture import shot_of
from ..properties.speech import cues_shown, mouth_style, set_mouth_style
from ..properties.why_not import cues_disabled_reason, show_cues_disabled_reason
from ..scene import cue_markers, cue_update
from ..scene.live import live_session
from ..scene.speech_take import read_speech_take
from .keys import apply_settings, show_result
from .why_not import TellsWhyNot


class _CueOperator(TellsWhyNot):
    """Mixin: something that is done with cues, and told in the panel and the status bar."""

    bl_options = {"REGISTER", "UNDO"}
    why_not = staticmethod(cues_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or say what is wrong."""
        try:
            result, notes = self.run(context)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        show_result(context, result, notes)
        self.report({"INFO"}, result)
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}

    def run(self, context: bpy.types.Context) -> tuple[str, list[str]]:
        """What the operator does; raises FacewrightError.

        Returns:
            What came of it, and sentences for the artist.
        """
        raise NotImplementedError


class FACEWRIGHT_OT_show_cues(_CueOperator, bpy.types.Operator):
    """Show the sounds of the shot's take as timeline markers. Move, rename, remove or add them, \
and the curves follow. With a preview range, those inside it are shown"""

    bl_idname = "facewright.show_cues"
    bl_label = "Show Cues"
    why_not = staticmethod(show_cues_disabled_reason)

    take: bpy.props.StringProperty(
        name="Take",
        description="Path of a take of speech; empty is the shot's take",
        subtype="FILE_PATH",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def run(self, context: bpy.types.Context) -> tuple[str, list[str]]:
        """Set the markers, those of another take away."""
        scene, shot = context.scene, shot_of(context)
        path = Path(bpy.path.abspath(self.take or shot.take)).absolute()
        speech = read_speech_take(path)
        notes = _settle(context) if cues_shown(shot.speech) else []
        placed = speech.placed
        frame = placed.get("frame")
        if frame is None or (not self.take and round(frame) != shot.start_frame):
            frame = shot.start_frame
        target = _character_of(shot, path)
        cue_markers.hide(scene)
        record = cue_markers.show(scene, speech, frame, placed.get("speed", 1.0), target)
        # The amounts in the panel are from now on those of the shown take.
        set_mouth_style(shot.speech, record.style)
        return f"{len(record.marks)} cues of {path.stem}", notes


class FACEWRIGHT_OT_hide_cues(_CueOperator, bpy.types.Operator):
    """Remove the markers of the cues, after the curves have followed them; other markers stay"""

    bl_idname = "facewright.hide_cues"
    bl_label = "Hide Cues"

    def run(self, context: bpy.types.Context) -> tuple[str, list[str]]:
        """Follow what was not followed yet, then remove them."""
        notes = _settle(context)
        return f"{cue_markers.hide(context.scene)} markers removed", notes


class FACEWRIGHT_OT_update_from_cues(_CueOperator, bpy.types.Operator):
    """Write the mouth's keys anew where the markers of the cues, or the amounts, were changed"""

    bl_idname = "facewright.update_from_cues"
    bl_label = "Update from Cues"

    def run(self, context: bpy.types.Context) -> tuple[str, list[str]]:
        """Write what changes."""
        done = _update(context)
        if not done.spans:
            return "The curves are as the cues say", done.notes
        where = ", ".join(f"{first:g} to {last:g}" for first, last in done.spans[:3])
        more = f" and {len(done.spans) - 3} more" if len(done.spans) > 3 else ""
        return f"Frames {where}{more} follow the cues", done.notes


def _update(context: bpy.types.Context) -> cue_update.CueUpdate:
    scene, shot = context.scene, shot_of(context)
    target = shot.speech.cues_target or shot.target
    if target is None or target.name not in scene.objects:
        raise FacewrightError(
            "The character of the cues is not in the scene any more.",
            "Hide the cues, choose a target and show them again.",
            "target-missing",
        )
    if session := live_session():
        # The character as it was before the preview: keys and undo start from there.
        session.rig.end()
    objects = [target]
    settings = apply_settings(shot, objects)
    return cue_update.update_from_cues(scene, objects, settings, mouth_style(shot.speech))


def _settle(context: bpy.types.Context) -> list[str]:
    """Let the curves follow before the markers go; sentences where they cannot."""
    try:
        return _update(context).notes
    except FacewrightError as error:
        return [f"What was changed last did not reach the curves: {error}"]


def _character_of(shot: bpy.types.PropertyGroup, take: Path) -> bpy.types.Object | None:
    for speaker in shot.speech.speakers:
        if speaker.take and Path(bpy.path.abspath(speaker.take)).absolute() == take:
            return speaker.target
    return shot.target


CLASSES = (FACEWRIGHT_OT_show_cues, FACEWRIGHT_OT_hide_cues, FACEWRIGHT_OT_update_from_cues)
