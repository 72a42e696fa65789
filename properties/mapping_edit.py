# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mapping editor shows and tests right now, which is not saved, and whose mapping it is.

The mapping itself is in ``retarget.py``.
"""

import bpy
from bpy.props import (
    BoolProperty,
    BoolVectorProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    PointerProperty,
    StringProperty,
)

from ..engine.core.arkit import region_of
from .retarget import FacewrightMapping, FacewrightRow, has_mapping

# Name of the node group whose curve is the response of the active channel; see
# ``scene.response_widget``.
RESPONSE_GROUP = ".facewright response"

# Statuses of a channel in the report, in the order in which they are shown.
STATUSES = (
    ("mapped", "Mapped", "What it moves is there"),
    ("approximate", "Approximate", "It moves something alike, not the same"),
    ("missing", "Missing", "Nothing was found for it"),
    ("duplicate", "Duplicate", "Several keys could stand for it"),
    ("driven", "Driven", "A driver moves its target, so keyframes would have no effect"),
    ("muted", "Muted", "Its shape key or its line of the mapping is muted"),
    ("locked", "Locked", "Its target is locked or linked"),
    ("beyond", "Beyond Slider", "It goes beyond the range of the shape key's slider"),
    ("left-out", "Left Out", "Something else does this already"),
)


def _test(edit: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """The slider drives the character; the operator knows when it is let go."""
    if edit.is_settling:
        return
    if bpy.ops.facewright.test_channel.poll():
        bpy.ops.facewright.test_channel("INVOKE_DEFAULT")


def _hold(edit: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Let go."""
    if not edit.hold and not edit.is_settling:
        edit.test = 0.0


class FacewrightReportLine(bpy.types.PropertyGroup):
    """A line of the report; ``name`` is the channel's."""

    status: StringProperty()
    text: StringProperty()


class FacewrightMappingEdit(bpy.types.PropertyGroup):
    """The state of the mapping editor. Not saved."""

    search: StringProperty(
        name="Search",
        description="Show channels whose name or target has this in it",
        options={"TEXTEDIT_UPDATE"},
    )
    shown: EnumProperty(
        name="Show",
        description="Which channels are listed",
        items=[
            ("ALL", "All", "All 52 channels"),
            ("UNMAPPED", "Unmapped", "Channels that move nothing"),
            ("APPROXIMATE", "Approximate", "Channels that move something alike, not the same"),
        ],
    )
    region: EnumProperty(
        name="Part",
        description="Which part of the face is listed",
        items=[
            ("ALL", "Whole Face", "All parts"),
            ("brows", "Brows", "The eyebrows"),
            ("eyelids", "Eyelids", "Blinking, squinting, wide eyes"),
            ("gaze", "Gaze", "Where the eyes look"),
            ("cheeks", "Cheeks", "Cheeks and nose"),
            ("jaw", "Jaw", "The jaw"),
            ("mouth", "Mouth", "Lips and corners of the mouth"),
            ("tongue", "Tongue", "The tongue"),
        ],
    )
    test: FloatProperty(
        name="Test",
        description="Drag to see what the channel does, through the mapping, with all others at "
        "rest. The character is as it was when it is let go",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options={"SKIP_SAVE"},
        update=_test,
    )
    hold: BoolProperty(
        name="Hold",
        description="Keep the tested value when the slider is let go, until this is switched off",
        update=_hold,
    )
    # The test's own changes of the slider, which test nothing.
    is_settling: BoolProperty()
    result: StringProperty()
    owner: StringProperty()
    open: BoolVectorProperty(
        name="Details",
        description="Show the channels of this status, each with its reason",
        size=len(STATUSES),
    )
    show_report: BoolProperty(name="Details", description="Show each channel with its reason")
    report: CollectionProperty(type=FacewrightReportLine)
    mirror_pose: BoolProperty(
        name="Mirrored Too",
        description="Store the mirrored pose for the channel of the other side as well",
        default=True,
    )


CLASSES = (FacewrightReportLine, FacewrightMappingEdit)


def add_pointers() -> None:
    """Hang the editor's state on the window manager, which is not saved."""
    bpy.types.WindowManager.facewright_mapping = PointerProperty(type=FacewrightMappingEdit)


def remove_pointers() -> None:
    """The mirror image of ``add_pointers``."""
    del bpy.types.WindowManager.facewright_mapping


def edit_of(context: bpy.types.Context) -> FacewrightMappingEdit:
    """The editor's state."""
    return context.window_manager.facewright_mapping


def mapped_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The object that keeps the mapping of the shot's target; None where none is kept.

    The target, what it hangs below, or a mesh below it, as ``scene.mapping_store`` looks for it.
    """
    target = context.scene.facewright.target
    if target is None:
        return None
    above = target
    while above is not None:
        if has_mapping(above):
            return above
        above = above.parent
    if getattr(target.data, "shape_keys", None):
        return None
    below = target.children_recursive
    return next((ob for ob in below if has_mapping(ob) and _has_keys(ob)), None)


def active_row(mapping: FacewrightMapping) -> FacewrightRow | None:
    """The channel that is shown below the list, or None."""
    return mapping.rows[mapping.active] if 0 <= mapping.active < len(mapping.rows) else None


def key_owner(context: bpy.types.Context) -> bpy.types.Object | None:
    """A mesh of the target whose shape keys can be searched for names; the one with most keys."""
    target = context.scene.facewright.target
    if target is None or _has_keys(target):
        return target
    meshes = [ob for ob in target.children_recursive if _has_keys(ob)]
    return max(meshes, key=lambda ob: len(ob.data.shape_keys.key_blocks), default=None)


def rig_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """An armature whose bones can be searched for names: the target, its modifier's, its parent."""
    ob = context.scene.facewright.target
    while ob is not None:
        if ob.type == "ARMATURE":
            return ob
        for modifier in ob.modifiers:
            if modifier.type == "ARMATURE" and modifier.object:
                return modifier.object
        ob = ob.parent
    return None


def has_pose(mapping: FacewrightMapping, name: str) -> bool:
    """Whether a pose is stored for a channel, told without reading all of them."""
    return f'"{name}": {{' in mapping.poses


def is_listed(edit: FacewrightMappingEdit, row: FacewrightRow, has_pose: bool) -> bool:
    """Whether the list shows a channel, by search, part and filter."""
    if edit.region not in ("ALL", region_of(row.name)):
        return False
    if edit.shown == "UNMAPPED" and (has_pose or any(drive.target for drive in row.drives)):
        return False
    if edit.shown == "APPROXIMATE" and not row.approximate:
        return False
    wanted = edit.search.casefold()
    names = (row.name, *(drive.target for drive in row.drives))
    return not wanted or any(wanted in name.casefold() for name in names)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why no mapping can be made or changed; empty if it can."""
    target = context.scene.facewright.target
    if target is None:
        return "Choose a target"
    owner = mapped_object(context) or target
    if not owner.is_editable:
        return f'"{owner.name}" is linked from another file; make a library override of it'
    return ""


def edit_disabled_reason(context: bpy.types.Context) -> str:
    """Why the character's own mapping cannot be edited; empty if it can."""
    reason = disabled_reason(context)
    if not reason and mapped_object(context) is None:
        reason = "Match first: the character keeps no mapping of its own yet"
    return reason


def channel_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with the active channel; empty if something can."""
    reason = edit_disabled_reason(context)
    if not reason and active_row(mapped_object(context).facewright_mapping) is None:
        reason = "Choose a channel in the list"
    return reason


def _has_keys(ob: bpy.types.Object) -> bool:
    return bool(getattr(ob.data, "shape_keys", None))
