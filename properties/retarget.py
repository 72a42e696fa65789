# SPDX-License-Identifier: GPL-3.0-or-later
"""A character's mapping, kept on its object: the channels, what they move, and how far."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

# What may be edited on a library override, too.
_OVERRIDE = {"LIBRARY_OVERRIDABLE"}
_OVERRIDE_LIST = {"LIBRARY_OVERRIDABLE", "USE_INSERTION"}


def _changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Lets a running preview know."""
    mapping = group.id_data.facewright_mapping
    mapping.revision = (mapping.revision + 1) % 1_000_000


def _chosen(_mapping: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """A channel that is being tried out is the chosen one."""
    edit = getattr(context.window_manager, "facewright_mapping", None)
    if edit is not None and edit.test > 0 and bpy.ops.facewright.test_channel.poll():
        bpy.ops.facewright.test_channel()


class FacewrightDrive(bpy.types.PropertyGroup):
    """One thing that a channel moves; see ``engine.retarget.mapping``."""

    kind: EnumProperty(
        name="Kind",
        description="What is moved",
        items=[
            ("KEY", "Shape Key", "A shape key of the character's meshes"),
            ("BONE", "Bone", "One number of a pose bone"),
            ("PROPERTY", "Property", "Any property that can be animated, by its data path"),
        ],
        update=_changed,
        override=_OVERRIDE,
    )
    target: StringProperty(
        name="Target",
        description="Name of the shape key or bone, or data path of the property",
        update=_changed,
        override=_OVERRIDE,
    )
    weight: FloatProperty(
        name="Weight",
        description="How far it goes when the channel is full: the key's value, the bone's "
        "location, degrees or scale, or the property's number",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        update=_changed,
        override=_OVERRIDE,
    )
    rest: FloatProperty(
        name="Rest",
        description="Where the bone or property is while the channel rests",
        update=_changed,
        override=_OVERRIDE,
    )
    object: PointerProperty(
        name="Object",
        description="The object that has it; without one, every mesh of the character that has "
        "the key, or the character's own armature",
        type=bpy.types.Object,
        update=_changed,
        override=_OVERRIDE,
    )
    transform: EnumProperty(
        name="Transform",
        description="Which of the bone's numbers moves",
        items=[
            ("location", "Location", "In the armature's units"),
            ("rotation", "Rotation", "In degrees"),
            ("scale", "Scale", "Added to 1"),
        ],
        default="rotation",
        update=_changed,
        override=_OVERRIDE,
    )
    axis: EnumProperty(
        name="Axis",
        description="About or along which of the bone's own axes",
        items=[(axis, axis, f"The bone's own {axis} axis") for axis in "XYZ"],
        update=_changed,
        override=_OVERRIDE,
    )


class FacewrightRow(bpy.types.PropertyGroup):
    """One channel; ``name`` is its ARKit name."""

    drives: CollectionProperty(type=FacewrightDrive, override=_OVERRIDE_LIST)
    gain: FloatProperty(
        name="Gain",
        description="How far the channel moves its targets: 1 as captured, 2 twice as far",
        default=1.0,
        soft_min=0.0,
        soft_max=2.0,
        update=_changed,
        override=_OVERRIDE,
    )
    offset: FloatProperty(
        name="Offset",
        description="Added to the channel after the gain",
        soft_min=-1.0,
        soft_max=1.0,
        update=_changed,
        override=_OVERRIDE,
    )
    invert: BoolProperty(
        name="Invert",
        description="Full while the face rests, and the reverse",
        update=_changed,
        override=_OVERRIDE,
    )
    low: FloatProperty(
        name="Minimum",
        description="The channel never goes below this",
        default=-10.0,
        min=-10.0,
        max=10.0,
        update=_changed,
        override=_OVERRIDE,
    )
    high: FloatProperty(
        name="Maximum",
        description="The channel never goes beyond this",
        default=10.0,
        min=-10.0,
        max=10.0,
        update=_changed,
        override=_OVERRIDE,
    )
    mute: BoolProperty(
        name="Mute", description="Move nothing for now", update=_changed, override=_OVERRIDE
    )
    # Points of the response, "x y" each, by "; ": see ``Row.curve``.
    curve: StringProperty(options={"HIDDEN"}, update=_changed, override=_OVERRIDE)
    # How the curve's widget shows it: see ``scene.response_widget``.
    handles: StringProperty(options={"HIDDEN"}, override=_OVERRIDE)
    approximate: BoolProperty(
        name="Approximate",
        description="It moves something alike, not the same movement",
        override=_OVERRIDE,
    )
    note: StringProperty(name="Note", description="Why, for the report", override=_OVERRIDE)


def _gain(region: str) -> FloatProperty:
    return FloatProperty(
        name=region.capitalize(),
        description=f"How far all channels of the {region} move their targets",
        default=1.0,
        soft_min=0.0,
        soft_max=2.0,
        update=_changed,
        override=_OVERRIDE,
    )


class FacewrightRegionGains(bpy.types.PropertyGroup):
    """A factor for each part of the face, ``core.arkit.REGIONS``."""

    brows: _gain("brows")
    eyelids: _gain("eyelids")
    gaze: _gain("gaze")
    cheeks: _gain("cheeks")
    jaw: _gain("jaw")
    mouth: _gain("mouth")
    tongue: _gain("tongue")


class FacewrightMapping(bpy.types.PropertyGroup):
    """A character's own mapping. Without rows the keys are matched anew each time."""

    title: StringProperty(
        name="Name", description="What this mapping is called", override=_OVERRIDE
    )
    notes: StringProperty(options={"HIDDEN"}, override=_OVERRIDE)
    rows: CollectionProperty(type=FacewrightRow, override=_OVERRIDE_LIST)
    active: IntProperty(
        name="Channel", description="The channel that is shown below the list", update=_chosen
    )
    gains: PointerProperty(type=FacewrightRegionGains, override=_OVERRIDE)
    mirror: BoolProperty(
        name="Mirror X",
        description="The character's left follows the actor's right, as in a mirror",
        update=_changed,
        override=_OVERRIDE,
    )
    # On a library override, whose library's rows cannot be removed: that they do not count.
    forgotten: BoolProperty(options={"HIDDEN"}, update=_changed, override=_OVERRIDE)
    # Name of the one channel that moves anything for now; empty is all.
    solo: StringProperty(options={"HIDDEN"}, update=_changed, override=_OVERRIDE)
    # Stored poses as JSON (``engine.retarget.poses``).
    poses: StringProperty(options={"HIDDEN"}, update=_changed, override=_OVERRIDE)
    poses_object: PointerProperty(
        name="Armature",
        description="The armature of the stored poses",
        type=bpy.types.Object,
        poll=lambda _mapping, ob: ob.type == "ARMATURE",
        update=_changed,
        override=_OVERRIDE,
    )
    # A least-squares fit as JSON (``engine.retarget.fit_file``).
    fit: StringProperty(options={"HIDDEN"}, update=_changed, override=_OVERRIDE)
    revision: IntProperty(options={"HIDDEN", "SKIP_SAVE"})


def add_pointers() -> None:
    """The mapping of each object."""
    bpy.types.Object.facewright_mapping = PointerProperty(
        type=FacewrightMapping, override={"LIBRARY_OVERRIDABLE"}
    )
    # The mapping as JSON, on library overrides alone: see ``scene.mapping_overrides``.
    bpy.types.Object.facewright_mapping_text = StringProperty(
        options={"HIDDEN"}, override=_OVERRIDE
    )


def remove_pointers() -> None:
    """The mirror image of ``add_pointers``."""
    del bpy.types.Object.facewright_mapping_text
    del bpy.types.Object.facewright_mapping


CLASSES = (FacewrightDrive, FacewrightRow, FacewrightRegionGains, FacewrightMapping)


def has_mapping(ob: bpy.types.Object) -> bool:
    """Whether an object keeps a mapping of its own."""
    kept = ob.facewright_mapping
    return not kept.forgotten and bool(kept.rows or kept.poses)
