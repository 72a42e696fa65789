# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panel "Learn This Performer": from what, where to, the button, and what was measured."""

import bpy

from ..properties.capture import shot_of
from ..properties.learn_speech import FacewrightLearned
from ..properties.run import run_of
from ..properties.why_not import learn_speech_disabled_reason
from .capture import FacewrightPanel
from .sentence import draw_sentence

_OF_SOURCE = {"VIDEO": "video", "FOLDER": "folder"}


class FACEWRIGHT_PT_learn_speech(FacewrightPanel, bpy.types.Panel):
    """A performer's own way to speak."""

    bl_label = "Learn This Performer"
    bl_parent_id = "FACEWRIGHT_PT_speech"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw settings, button and report. Progress is drawn by the panel above."""
        layout = self.settings_layout()
        run, learn = run_of(context), shot_of(context).speech.learn
        settings = layout.column()
        settings.enabled = not (run.is_running or run.live.is_live)
        settings.prop(learn, "source")
        if name := _OF_SOURCE.get(learn.source):
            settings.prop(learn, name)
        settings.prop(learn, "performer")
        settings.prop(learn, "voice", placeholder="Beside the Takes")
        if learn.voice:
            settings.prop(learn, "replace")
        settings.prop(learn, "keep_anyway")
        layout.operator("facewright.learn_speech", icon="OUTLINER_OB_SPEAKER")
        if reason := learn_speech_disabled_reason(context):
            draw_sentence(layout, context, reason, "INFO")
        if run.learned.verdict:
            _draw_learned(layout.box(), context, run.learned)


def _draw_learned(
    box: bpy.types.UILayout, context: bpy.types.Context, learned: FacewrightLearned
) -> None:
    draw_sentence(box, context, learned.verdict, "CHECKMARK" if learned.is_better else "ERROR")
    rows = [("", "Error", "Likeness")]
    rows += [(one.name, f"{one.error:.4f}", f"{one.likeness:.2f}") for one in learned.figures]
    column = box.column(align=True)
    for name, error, likeness in rows:
        # Names need more room than figures.
        parts = column.split(factor=0.5)
        parts.label(text=name)
        figures = parts.row()
        figures.label(text=error)
        figures.label(text=likeness)


CLASSES = (FACEWRIGHT_PT_learn_speech,)
