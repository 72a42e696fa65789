# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Speech": a recording, what is said in it, Lip-Sync, and its cues."""

import bpy

from ..properties.capture import shot_of
from ..properties.run import draw_progress, run_of
from ..properties.speech import VISEMES, cues_shown, viseme_property
from ..properties.why_not import lipsync_disabled_reason, show_cues_disabled_reason
from .capture import FacewrightPanel, draw_result
from .sentence import draw_sentence

_OF_TRANSCRIPT = {"TYPED": "text", "BLOCK": "text_block", "FILE": "text_file"}


class FACEWRIGHT_PT_speech(FacewrightPanel, bpy.types.Panel):
    """Recording, text, target and the button."""

    bl_label = "Speech"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw settings, or progress while the recording is being heard."""
        layout = self.settings_layout()
        run, shot = run_of(context), shot_of(context)
        speech = shot.speech
        settings = layout.column()
        settings.enabled = not (run.is_running or run.live.is_live)
        settings.prop(speech, "source")
        if speech.source == "FILE":
            settings.prop(speech, "sound")
            settings.prop(shot, "start_frame")
        else:
            row = settings.row(align=True)
            row.prop(speech, "strip", placeholder="Active Strip")
            row.operator("facewright.use_active_strip", text="", icon="EYEDROPPER")
        settings.prop(speech, "transcript")
        if name := _OF_TRANSCRIPT.get(speech.transcript):
            settings.prop(speech, name)
        if speech.transcript != "NONE":
            settings.prop(speech, "language")
        if not speech.speakers:
            settings.prop(shot, "target")
        if run.is_running:
            draw_progress(layout, run)
        else:
            column = layout.column()
            column.scale_y = 1.4
            column.operator("facewright.lipsync_audio", icon="PLAY_SOUND")
            if reason := lipsync_disabled_reason(context):
                draw_sentence(layout, context, reason, "INFO")
        if run.result:
            draw_result(layout, context, run)


class _SpeechPart(FacewrightPanel):
    """Mixin: a sub-panel."""

    bl_parent_id = "FACEWRIGHT_PT_speech"
    bl_options = {"DEFAULT_CLOSED"}


class FACEWRIGHT_PT_cues(_SpeechPart, bpy.types.Panel):
    """Markers that move the mouth."""

    bl_label = "Cues"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons."""
        layout = self.settings_layout()
        speech = shot_of(context).speech
        row = layout.row(align=True)
        row.operator("facewright.show_cues", icon="MARKER_HLT")
        row.operator("facewright.hide_cues", icon="MARKER")
        if reason := show_cues_disabled_reason(context):
            draw_sentence(layout, context, reason, "INFO")
        column = layout.column()
        column.active = cues_shown(speech)
        column.operator("facewright.update_from_cues", icon="FILE_REFRESH")
        column.prop(speech, "follow_cues")


class FACEWRIGHT_PT_speech_amounts(_SpeechPart, bpy.types.Panel):
    """How far the mouth goes."""

    bl_label = "Amounts"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the sliders."""
        layout = self.settings_layout()
        speech = shot_of(context).speech
        column = layout.column(align=True)
        for name in ("strength", "jaw", "lips", "tongue", "emphasis"):
            column.prop(speech, name, slider=True)
        layout.prop(speech, "offset")
        layout.prop(speech, "profile")
        if speech.profile:
            layout.prop(speech, "method")


class FACEWRIGHT_PT_visemes(_SpeechPart, bpy.types.Panel):
    """How far the mouth goes for each kind of sound."""

    bl_label = "Visemes"
    bl_parent_id = "FACEWRIGHT_PT_speech_amounts"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a slider for each."""
        column = self.settings_layout().column(align=True)
        visemes = shot_of(context).speech.visemes
        for name in VISEMES:
            column.prop(visemes, viseme_property(name), text=name, slider=True)


class FACEWRIGHT_PT_gestures(_SpeechPart, bpy.types.Panel):
    """What the rest of the face does."""

    bl_label = "Gestures"

    def draw_header(self, context: bpy.types.Context) -> None:
        """Draw the switch."""
        self.layout.prop(shot_of(context).speech, "use_gestures", text="")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the seed and the amounts."""
        layout = self.settings_layout()
        speech = shot_of(context).speech
        layout.active = speech.use_gestures
        layout.prop(speech, "seed")
        column = layout.column(align=True)
        for name in ("brows", "blinks", "gaze", "head"):
            column.prop(speech, name, slider=True)


class FACEWRIGHT_PT_speakers(_SpeechPart, bpy.types.Panel):
    """Several people in one recording."""

    bl_label = "Speakers"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a name and a character for each."""
        layout = self.layout
        speakers = shot_of(context).speech.speakers
        for index, speaker in enumerate(speakers):
            row = layout.row(align=True)
            row.prop(speaker, "name", text="")
            row.prop(speaker, "target", text="")
            if speaker.take:
                show = row.operator("facewright.show_cues", text="", icon="MARKER_HLT")
                show.take = speaker.take
            remove = row.operator("facewright.remove_speaker", text="", icon="X")
            remove.index = index
        layout.operator("facewright.add_speaker", icon="ADD")
        if len(speakers):
            layout.label(text="Timeline markers with these names", icon="INFO")
            layout.label(text="say who speaks from there on", icon="BLANK1")


CLASSES = (
    FACEWRIGHT_PT_speech,
    FACEWRIGHT_PT_cues,
    FACEWRIGHT_PT_speech_amounts,
    FACEWRIGHT_PT_visemes,
    FACEWRIGHT_PT_gestures,
    FACEWRIGHT_PT_speakers,
)
