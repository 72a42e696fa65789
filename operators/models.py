# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that a person adds: read the terms, fetch or add the file, remove it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import FetchModelRequest
from ..properties import models as shown
from ..scene.jobs import Job
from ..scene.models import (
    OptionalModel,
    accept,
    add,
    check_online,
    look_at_models,
    missing_packages,
    optional_model,
    remove,
)
from ..scene.redraw import redraw_panels
from .keys import show_result
from .why_not import TellsWhyNot
from .worker_operator import WorkerOperator

_WIDTH, _LETTERS = 520, 80


def look_again() -> None:
    """Look at the models again, for the panels as they are drawn next."""
    shown.MISSING_PACKAGES.clear()
    shown.MISSING_PACKAGES.update(missing_packages())
    shown.ROWS.clear()
    for model, accepted, there in look_at_models():
        shown.ROWS[model.id] = shown.ModelRow(
            model.id,
            model.about,
            model.licence,
            model.terms,
            model.origin,
            f"{model.file}, {_size(model)}",
            model.sha256 or "kept when you add it",
            bool(model.url),
            accepted,
            there,
        )


def refresh_models() -> None:
    """Look at the models again and tell the panels."""
    look_again()
    redraw_panels()


def _size(model: OptionalModel) -> str:
    return f"{model.bytes / 1e6:.1f} MB" if model.bytes else "any size"


class _ModelOperator(TellsWhyNot):
    """Mixin: an operator on one model."""

    model: StringProperty(name="Model", description="Id of the model", options={"SKIP_SAVE"})


class FACEWRIGHT_OT_accept_model(_ModelOperator, bpy.types.Operator):
    """Read a model's licence, and agree to it with OK. Nothing is used before"""

    bl_idname = "facewright.accept_model"
    bl_label = "Licence"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the terms."""
        try:
            self._terms = optional_model(self.model)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        title = f"Licence of {self.model}"
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, title=title)

    def draw(self, _context: bpy.types.Context) -> None:
        """The terms, where the model comes from, and what file it is."""
        model = self._terms
        column = self.layout.column(align=True)
        for sentence in (
            model.about,
            f"Licence: {model.licence}",
            model.terms,
            f"From: {model.origin}",
            f"File: {model.file}, {_size(model)}",
            f"sha256: {model.sha256 or 'kept when you add it'}",
        ):
            for line in textwrap.wrap(sentence, _LETTERS):
                column.label(text=line)
        column.separator()
        column.label(text="OK means that you agree to these terms.", icon="CHECKMARK")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Agree."""
        try:
            model = accept(self.model)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        refresh_models()
        self.report({"INFO"}, f"The licence of {model.id} was accepted")
        return {"FINISHED"}


class FACEWRIGHT_OT_fetch_model(_ModelOperator, WorkerOperator, bpy.types.Operator):
    """Fetch a model from its authors in the background. Its size and hash are checked. Esc \
cancels"""

    bl_idname = "facewright.fetch_model"
    bl_label = "Fetch"

    doing = "Fetching"
    did = "Fetched"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only with the person's permission."""
        if not bpy.app.online_access:
            return "Allow Online Access in Preferences > System, or add the file"
        return super().why_not(context)

    def prepare(self, _context: bpy.types.Context) -> FetchModelRequest:
        """One model, whose terms were accepted."""
        check_online()
        return FetchModelRequest(optional_model(self.model).id)

    def conclude(
        self,
        context: bpy.types.Context,
        _scene: bpy.types.Scene,
        request: FetchModelRequest,
        report: dict,
    ) -> None:
        """The model is there."""
        refresh_models()
        show_result(context, f"{request.model} is there", [f"{report['bytes'] / 1e6:.1f} MB"])

    def cancelled(self, _context: bpy.types.Context, _request: FetchModelRequest) -> str:
        """A part of a file is of no use."""
        return "nothing was kept"

    def status(self, job: Job) -> str:
        """Megabytes."""
        return f"{job.done / 1e6:.1f} of {job.total / 1e6:.1f} MB" if job.total else self.doing


class FACEWRIGHT_OT_add_model(_ModelOperator, bpy.types.Operator):
    """Add a model's file that you have. It is copied to Facewright's own folder"""

    bl_idname = "facewright.add_model"
    bl_label = "Add File"

    filepath: StringProperty(
        name="File", description="The model's file", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="*", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Choose the file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Copy it."""
        try:
            path = add(self.model, Path(bpy.path.abspath(self.filepath)))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        refresh_models()
        self.report({"INFO"}, f"{self.model} was added as {path.name}")
        return {"FINISHED"}


class FACEWRIGHT_OT_remove_model(_ModelOperator, bpy.types.Operator):
    """Delete a model that you added, and forget that its licence was accepted"""

    bl_idname = "facewright.remove_model"
    bl_label = "Remove"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Remove {self.model}?",
            message="The copy that Facewright keeps is deleted",
            confirm_text="Remove",
        )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete it."""
        try:
            gone = remove(self.model)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        refresh_models()
        self.report({"INFO"}, f"{self.model} {'was removed' if gone else 'was not there'}")
        return {"FINISHED"}


CLASSES = (
    FACEWRIGHT_OT_accept_model,
    FACEWRIGHT_OT_fetch_model,
    FACEWRIGHT_OT_add_model,
    FACEWRIGHT_OT_remove_model,
)
