# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a take can be trusted: what the shot does about doubt, and what was last read."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, StringProperty


class FacewrightDoubt(bpy.types.PropertyGroup):
    """What happens to values that the solver is not sure of; belongs to the shot."""

    policy: EnumProperty(
        name="Unsure Values",
        description="What happens to values that the solver is not sure of, each by itself",
        items=[
            ("KEEP", "As Solved", "Write them as they are"),
            ("HOLD", "Hold", "Keep the last sure value until there is a sure one again"),
            ("EASE", "Ease to Neutral", "Relax to neutral and come back"),
        ],
    )
    threshold: FloatProperty(
        name="Unsure Below",
        description="Confidence below which a value counts as unsure and a stretch is to be "
        "checked",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    mark: BoolProperty(
        name="Mark with Keys",
        description="Set markers on the timeline where the face should be checked, whenever "
        "keys are written",
    )


class FacewrightRegion(bpy.types.PropertyGroup):
    """How sure one part of the face is in a take: its ``name``, and the mean."""

    confidence: FloatProperty(min=0.0, max=1.0, subtype="FACTOR")


class FacewrightStretch(bpy.types.PropertyGroup):
    """A part of a take to be checked."""

    text: StringProperty()


class FacewrightConfidence(bpy.types.PropertyGroup):
    """How far the take that was read last can be trusted. Not saved."""

    take: StringProperty()
    regions: CollectionProperty(type=FacewrightRegion)
    stretches: CollectionProperty(type=FacewrightStretch)


CLASSES = (FacewrightDoubt, FacewrightRegion, FacewrightStretch, FacewrightConfidence)
