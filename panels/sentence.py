# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences in a panel: a label of Blender's is one line, and the sidebar is narrow."""

from collections.abc import Callable

import blf
import bpy

# Pixels beside a sentence at a scale of 1: the panel's edges and a box's, the tabs, the icon.
_BESIDE = 108.0
_NARROWEST = 80.0
_FONT = 0


def draw_sentence(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str
) -> None:
    """Draw a text on as many lines as the region's width asks for, the icon before the first."""
    preferences = context.preferences
    scale = preferences.system.ui_scale
    blf.size(_FONT, preferences.ui_styles[0].widget.points * scale)
    room = max(context.region.width - _BESIDE * scale, _NARROWEST * scale)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for line in split_lines(text, room, lambda words: blf.dimensions(_FONT, words)[0]):
        column.label(text=line, icon=icon)
        icon = "NONE" if icon == "NONE" else "BLANK1"


def split_lines(text: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """Lines of whole words that fit.

    Args:
        text: One or more lines.
        room: Width of a line; a longer word stays whole.
        measure: Width of a text, in the unit of ``room``.
    """
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and measure(longer) > room:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines
