# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's last report. Not saved."""

import textwrap

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

# Letters in a line of the preferences' page, which is as wide as people make it.
_ROOM = 110


class FacewrightDoctorLine(bpy.types.PropertyGroup):
    """Something that is wrong, with what to do about it."""

    text: StringProperty()
    blocks: BoolProperty()


class FacewrightDoctor(bpy.types.PropertyGroup):
    """What the doctor found."""

    text: StringProperty()
    verdict: StringProperty()
    ready: BoolProperty()
    lines: CollectionProperty(type=FacewrightDoctorLine)


def show_report(doctor: FacewrightDoctor, report: dict) -> None:
    """Keep a ``core.findings.DoctorReport`` for the panels."""
    doctor.text, doctor.ready = report["text"], report["ready"]
    doctor.verdict = report["text"].partition("\n")[0].partition(": ")[2].capitalize()
    doctor.lines.clear()
    for wanted in ("blocked", "problem"):
        for finding in report["findings"]:
            if finding["state"] == wanted:
                line = doctor.lines.add()
                text = finding["text"].rstrip(".")
                line.text = f"{finding['name']}: {text}. {finding['advice']}".strip()
                line.blocks = wanted == "blocked"


def draw_doctor(layout: bpy.types.UILayout, doctor: FacewrightDoctor) -> None:
    """The buttons and the result, for a page that is wide enough."""
    draw_buttons(layout, doctor)
    if not doctor.verdict:
        return
    box = layout.box()
    box.label(text=doctor.verdict, icon="CHECKMARK" if doctor.ready else "ERROR")
    for line in doctor.lines:
        icon = "CANCEL" if line.blocks else "ERROR"
        for text in textwrap.wrap(line.text, _ROOM):
            box.label(text=text, icon=icon)
            icon = "BLANK1"


def draw_buttons(layout: bpy.types.UILayout, doctor: FacewrightDoctor) -> None:
    """Run, with and without cameras, and copy."""
    row = layout.row(align=True)
    row.operator("facewright.doctor", icon="HEART")
    row.operator("facewright.doctor", text="With Cameras", icon="OUTLINER_OB_CAMERA").cameras = True
    if doctor.text:
        row.operator("facewright.copy_report", text="", icon="COPYDOWN")


CLASSES = (FacewrightDoctorLine, FacewrightDoctor)
