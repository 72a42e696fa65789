# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Doctor": what this machine can run."""

import bpy

from ..properties.doctor import draw_buttons
from ..properties.run import draw_progress, run_of
from .capture import FacewrightPanel
from .sentence import draw_sentence


class FACEWRIGHT_PT_doctor(FacewrightPanel, bpy.types.Panel):
    """The doctor and its last report."""

    bl_label = "Doctor"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons, the verdict and what is wrong."""
        layout, run = self.layout, run_of(context)
        doctor = run.doctor
        draw_buttons(layout, doctor)
        if run.is_running:
            draw_progress(layout, run)
        if not doctor.verdict:
            return
        box = layout.box()
        draw_sentence(box, context, doctor.verdict, "CHECKMARK" if doctor.ready else "ERROR")
        for line in doctor.lines:
            draw_sentence(box, context, line.text, "CANCEL" if line.blocks else "ERROR")
        draw_sentence(box, context, "The whole report was copied", "COPYDOWN")


CLASSES = (FACEWRIGHT_PT_doctor,)
