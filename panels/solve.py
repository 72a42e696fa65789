# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panel "Solver": how the tracked face becomes weights, again and again."""

import bpy

from ..properties.capture import shot_of
from ..properties.run import run_of
from ..properties.solve import is_raw
from .capture import FacewrightPanel


class FACEWRIGHT_PT_solver(FacewrightPanel, bpy.types.Panel):
    """How the tracked face becomes weights."""

    bl_label = "Solver"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings, which Track uses as well, and what can be done with a take."""
        layout = self.settings_layout()
        run = run_of(context)
        # Live capture goes by what it was started with.
        layout.enabled = not (run.is_running or run.live.is_live)
        shot = shot_of(context)
        solve = shot.solve
        layout.prop(solve, "solver")
        own = layout.column()
        own.active = not is_raw(shot)
        own.prop(solve, "field_of_view")
        own.prop(solve, "performer")
        column = own.column(align=True)
        column.prop(solve, "learn_range")
        column.prop(solve, "symmetry")
        own.prop(solve, "exclusive")
        layout.prop(solve, "sound_helps")
        layout.separator()
        layout.prop(solve, "write_keys")
        layout.operator("facewright.solve_take", icon="FILE_REFRESH")
        layout.operator("facewright.save_performer", text="Save Performer...", icon="USER")


CLASSES = (FACEWRIGHT_PT_solver,)
