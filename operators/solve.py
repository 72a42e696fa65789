# SPDX-License-Identifier: GPL-3.0-or-later
"""Solve the take anew with other settings, and write what it teaches about the performer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import PERFORMER_SUFFIX, SolveRequest
from ..properties.capture import shot_of
from ..properties.solve import is_raw, solve_settings
from ..properties.why_not import take_disabled_reason
from ..scene.capture import take_doubt
from .keys import show_doubt
from .worker_job import JobOperator


class FACEWRIGHT_OT_solve_take(JobOperator, bpy.types.Operator):
    """Solve the take anew with these settings, without tracking again. Esc cancels; undo brings \
the keys back, not the take's values"""

    bl_idname = "facewright.solve_take"
    bl_label = "Solve Again"
    # No REGISTER: adjusting it in the redo panel would solve again, at once, in the window.
    bl_options = {"UNDO"}

    doing = "Solving"
    did = "Solved"
    if_cancelled = "the take is as it was"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """It needs a take, and a target for keys."""
        reason, shot = take_disabled_reason(context), shot_of(context)
        if not reason and shot.solve.write_keys and shot.target is None:
            reason = "Choose a target, or switch Write Keys Too off"
        return reason

    def wants_keys(self, context: bpy.types.Context) -> bool:
        """If the settings say so."""
        return shot_of(context).solve.write_keys

    def request(self, context: bpy.types.Context) -> SolveRequest:
        """The shot's take by the shot's settings."""
        shot = shot_of(context)
        return SolveRequest(str(_chosen_take(context)), solve_settings(shot.solve))

    def remember(
        self, context: bpy.types.Context, scene: bpy.types.Scene, request: SolveRequest
    ) -> None:
        """The confidence is another one now; writing keys would read it anyway."""
        shot, take = scene.facewright, Path(request.take)
        if not shot.solve.write_keys:
            show_doubt(context, take.stem, take_doubt(take, shot.doubt.threshold))

    def lines(self, report: dict) -> list[str]:
        """By what, and how much of the take."""
        return [
            f"{report['valid_frames']} of {report['frames']} frames with a face, "
            f'solved by "{report["solver"]}" in {report["seconds"]:.1f} s'
        ]


class FACEWRIGHT_OT_save_performer(JobOperator, bpy.types.Operator):
    """Save the performer's face at rest and range, learned from the take, for other clips"""

    bl_idname = "facewright.save_performer"
    bl_label = "Save Performer"

    doing = "Learning"
    did = "Learned"
    if_cancelled = "no profile was written"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(
        default=f"*{PERFORMER_SUFFIX}", options={"HIDDEN", "SKIP_SAVE"}
    )
    # The file browser asks before a file is replaced.
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """It needs a take, and a solver that learns."""
        reason = take_disabled_reason(context)
        if not reason and is_raw(shot_of(context)):
            reason = "Network Scores learn nothing about a performer; choose another solver"
        return reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a name beside the take, unless a script gave one; then start the job."""
        if self.filepath:
            return super().invoke(context, event)
        take = Path(bpy.path.abspath(shot_of(context).take))
        self.filepath = str(take.with_suffix(PERFORMER_SUFFIX))
        self._was_asked = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Whether the name typed into the file browser had to be completed."""
        complete = bpy.path.ensure_ext(self.filepath, PERFORMER_SUFFIX)
        changed, self.filepath = complete != self.filepath, complete
        return changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the profile."""
        if getattr(self, "_was_asked", False):
            # An operator that the file browser ends cannot go on as a job; a second one can.
            bpy.ops.facewright.save_performer("INVOKE_DEFAULT", filepath=self.filepath)
            return {"FINISHED"}
        return super().execute(context)

    def wants_keys(self, _context: bpy.types.Context) -> bool:
        """Never: the take's values stay as they are."""
        return False

    def request(self, context: bpy.types.Context) -> SolveRequest:
        """Learn from the take alone, whatever profile is chosen for solving."""
        path = bpy.path.ensure_ext(bpy.path.abspath(self.filepath), PERFORMER_SUFFIX)
        settings = replace(solve_settings(shot_of(context).solve), performer="")
        return SolveRequest(str(_chosen_take(context)), settings, path, keep_values=True)

    def lines(self, report: dict) -> list[str]:
        """From how much, and where to."""
        return [
            f"Performer saved: {Path(report['performer']).name}",
            f"Learned from {report['valid_frames']} frames: {report['performer']}",
        ]


def _chosen_take(context: bpy.types.Context) -> Path:
    take = Path(bpy.path.abspath(shot_of(context).take)).absolute()
    if not take.is_file():
        raise FacewrightError(f"There is no take {take}.", "Check the path.", "take-missing")
    return take


CLASSES = (FACEWRIGHT_OT_solve_take, FACEWRIGHT_OT_save_performer)
