# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the 52 shapes on a head that has none, and place the landmarks that guide it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import bpy

from ..engine.core.requests import ShapesRequest
from ..properties.capture import shot_of
from ..properties.preferences import preferences_of
from ..properties.run import run_of
from ..properties.why_not import shapes_disabled_reason
from ..scene.landmark_empties import (
    placed_landmarks,
    remove_landmarks,
    show_landmarks,
    sort_out_far,
)
from ..scene.make_shapes import (
    ShapesSettings,
    add_shapes,
    landmarks_in_world,
    prepare_request,
    shape_meshes,
)
from ..scene.sent_mesh import SentMesh
from .keys import show_result, target_objects
from .why_not import TellsWhyNot
from .worker_operator import WorkerOperator

# Size of a landmark's empty, in distances between the outer corners of the eyes.
_EMPTY_SIZE = 0.02


class _ShapesOperator(WorkerOperator):
    """What guessing landmarks and making shapes share: the meshes on their way to the worker."""

    only_landmarks = False

    why_not = staticmethod(shapes_disabled_reason)

    def prepare(self, context: bpy.types.Context) -> ShapesRequest:
        """The chosen meshes, written where the worker finds them."""
        meshes = shape_meshes(target_objects(context, context.scene))
        shot, preferences = shot_of(context), preferences_of(context)
        landmarks, self._far = {}, []
        if not self.only_landmarks:
            landmarks, self._far = sort_out_far(placed_landmarks(context.scene, meshes), meshes)
        self._settings = ShapesSettings(
            facing=shot.facing,
            landmarks=landmarks,
            symmetric=shot.shapes.symmetric,
            existing=shot.shapes.existing,
            amounts=shot.shapes.amounts,
            device=preferences.device if preferences else "auto",
        )
        self._sent = [SentMesh.of(ob) for ob in meshes]
        self._scratch = tempfile.mkdtemp(prefix="facewright-")
        return prepare_request(
            meshes, self._settings, Path(self._scratch), only_landmarks=self.only_landmarks
        )

    def cancelled(self, _context: bpy.types.Context, _request: ShapesRequest) -> str:
        """Nothing has been made yet."""
        return "the character is as it was"

    def clean_up(self) -> None:
        """The arrays are of no more use."""
        if scratch := getattr(self, "_scratch", ""):
            shutil.rmtree(scratch, ignore_errors=True)


class FACEWRIGHT_OT_guess_landmarks(_ShapesOperator, bpy.types.Operator):
    """Find the landmarks of the target's face by looking at it, and show them as empties that can \
be moved. Esc cancels"""

    bl_idname = "facewright.guess_landmarks"
    bl_label = "Guess Landmarks"
    bl_options = {"UNDO"}

    doing = "Looking for the face"
    did = "Found the face"
    only_landmarks = True

    def conclude(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        _request: ShapesRequest,
        report: dict,
    ) -> None:
        """An empty on each landmark."""
        places = landmarks_in_world(report, self._settings)
        # The largest mesh stands for the character, whether it or what is above it is chosen.
        there = [ob for sent in self._sent if (ob := sent.object()) is not None]
        mesh = max(there, key=lambda ob: len(ob.data.polygons), default=None)
        shown = show_landmarks(scene, places, _EMPTY_SIZE * _width(places), mesh)
        text = f"{len(shown)} landmarks; move those that are off, then press Make Shapes"
        show_result(context, text, report["warnings"])


class FACEWRIGHT_OT_make_shapes(_ShapesOperator, bpy.types.Operator):
    """Make the 52 ARKit shape keys on the target's meshes, from those of the Facewright Head. \
Landmarks that are placed guide it; otherwise they are guessed. Esc cancels"""

    bl_idname = "facewright.make_shapes"
    bl_label = "Make Shapes"
    # No REGISTER: adjusting it in the redo panel would make them again, at once, in the window.
    bl_options = {"UNDO"}

    doing = "Making shapes"
    did = "Made the shapes"

    def conclude(
        self,
        context: bpy.types.Context,
        _scene: bpy.types.Scene,
        request: ShapesRequest,
        report: dict,
    ) -> None:
        """The shapes as keys."""
        made = add_shapes(self._sent, Path(request.shapes), self._settings)
        lines = [f"{name}: {len(keys)} shape keys" for name, keys in made.made.items()]
        lines += [
            f"{name}: {len(keys)} were there already and stay as they are"
            for name, keys in made.kept.items()
        ]
        if self._far:
            names = ", ".join(self._far)
            lines.append(f"Landmarks far away from the target were not used: {names}")
        count = len({key for keys in made.made.values() for key in keys})
        show_result(
            context,
            f"{count} shapes in {report['seconds']:.0f} s",
            [*lines, *report["warnings"]],
        )
        run_of(context).result = f"{count} shapes in {report['seconds']:.0f} s"


class FACEWRIGHT_OT_remove_landmarks(TellsWhyNot, bpy.types.Operator):
    """Remove the landmarks from the scene; shapes that were made stay"""

    bl_idname = "facewright.remove_landmarks"
    bl_label = "Remove Landmarks"
    bl_options = {"UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only where there are some."""
        return "" if placed_landmarks(context.scene) else "There are no landmarks in the scene"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove all of them."""
        count = remove_landmarks(context.scene)
        self.report({"INFO"}, f"{count} landmarks removed")
        return {"FINISHED"}


def _width(places: dict[str, tuple[float, float, float]]) -> float:
    """Distance between the outer corners of the eyes."""
    left, right = places.get("eyeOuterLeft"), places.get("eyeOuterRight")
    if left is None or right is None:
        return 1.0
    return sum((a - b) ** 2 for a, b in zip(left, right, strict=True)) ** 0.5


CLASSES = (
    FACEWRIGHT_OT_guess_landmarks,
    FACEWRIGHT_OT_make_shapes,
    FACEWRIGHT_OT_remove_landmarks,
)
