# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit a character whose keys are not ARKit's one by one."""

from __future__ import annotations

import bpy
import numpy as np

from ..scene.fitting import fit_character
from ..scene.mapping_store import mapping_owner, store_mapping
from .retarget import MappingOperator


class FACEWRIGHT_OT_fit_mapping(MappingOperator, bpy.types.Operator):
    """Find for each frame the shape keys that together move the face as the channels would: for \
split shapes, visemes, and rigs of other kinds. With another mesh selected that has the ARKit keys \
its shapes count, otherwise those of the shipped head"""

    bl_idname = "facewright.fit_mapping"
    bl_label = "Fit by Least Squares"
    bl_options = {"REGISTER", "UNDO"}

    everything: bpy.props.BoolProperty(
        name="All Channels",
        description="Fit channels that have their own shape keys, too",
    )
    smoothness: bpy.props.FloatProperty(
        name="Smoothness",
        description="How calm over time the keys are that the meshes do not decide",
        default=0.01,
        min=0.0,
        soft_max=1.0,
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Fit, and keep it on the character."""
        own = {below for ob in objects for below in (ob, *ob.children_recursive)}
        source = [ob for ob in context.selected_objects if ob not in own and ob.type == "MESH"]
        mapping, report = fit_character(
            objects, source, everything=self.everything, smoothness=self.smoothness
        )
        store_mapping(mapping_owner(objects) or objects[0], mapping)
        for sentence in report.warnings:
            self.report({"WARNING"}, sentence)
        missed = np.median(list(report.channels.values()))
        return (
            f"{len(report.keys)} shape keys follow {len(report.channels)} channels together; "
            f"{100 * missed:.0f} % of a channel's motion is missed"
        )


CLASSES = (FACEWRIGHT_OT_fit_mapping,)
