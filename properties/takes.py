# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: the list of them, which is not saved, and what of a take is written, which belongs to the
shot."""

from pathlib import Path

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    StringProperty,
)

# The parts of the face of ``engine.core.arkit.REGIONS``, and the head.
_PARTS = (
    ("brows", "Brows", "The eyebrows"),
    ("eyelids", "Eyelids", "Blinking, squinting, wide eyes"),
    ("gaze", "Gaze", "Where the eyes look: eyeLook keys, or the eye bones"),
    ("cheeks", "Cheeks", "Cheeks and nose"),
    ("jaw", "Jaw", "The jaw"),
    ("mouth", "Mouth", "Lips and corners of the mouth"),
    ("tongue", "Tongue", "The tongue"),
    ("head", "Head", "Rotation and position of the head"),
)


def _gain(part: str, label: str) -> FloatProperty:
    return FloatProperty(
        name=label,
        description=f"How far the {part} move compared with the take: 1 as measured, 0 not at all",
        default=1.0,
        min=0.0,
        max=3.0,
        precision=2,
    )


class FacewrightGain(bpy.types.PropertyGroup):
    """How strongly each part of the face moves; belongs to the shot."""

    brows: _gain("brows", "Brows")
    eyelids: _gain("eyelids", "Eyelids")
    gaze: _gain("eyes", "Gaze")
    cheeks: _gain("cheeks", "Cheeks")
    jaw: _gain("jaw's movements", "Jaw")
    mouth: _gain("mouth's movements", "Mouth")
    tongue: _gain("tongue's movements", "Tongue")
    head: _gain("head's movements", "Head")


class FacewrightTakes(bpy.types.PropertyGroup):
    """What of a take is written over what is animated already; belongs to the shot."""

    regions: EnumProperty(
        name="Parts",
        description="The parts of the face that Write Parts takes from the selected take. Click "
        "with Shift to choose several",
        items=[(name, label, text, 1 << bit) for bit, (name, label, text) in enumerate(_PARTS)],
        options={"ENUM_FLAG"},
        default={"jaw", "mouth", "tongue"},
    )
    punch_start: IntProperty(
        name="Punch In",
        description="First frame of the punch range. On it the animation is as it was",
        default=1,
    )
    punch_end: IntProperty(
        name="Out",
        description="Last frame of the punch range. On it the animation is as it was",
        default=48,
    )
    punch_ease: IntProperty(
        name="Ease",
        description="Frames inside the range, at both of its ends, in which what is animated "
        "already goes over into the take and back",
        default=4,
        min=0,
        soft_max=24,
    )
    punch_parts_only: BoolProperty(
        name="Chosen Parts Only",
        description="Punch in the parts of the face chosen above, and leave the others",
    )


class FacewrightTake(bpy.types.PropertyGroup):
    """One take of the list; ``name`` is its file's, without the suffix."""

    path: StringProperty()
    date: StringProperty()
    length: StringProperty()
    is_complete: BoolProperty()
    star: BoolProperty()
    note: StringProperty()
    # As ``engine.takes.manage.TakeSummary.speech``.
    speech: StringProperty()
    problem: StringProperty()


class FacewrightTakeList(bpy.types.PropertyGroup):
    """The takes in the take folder as they were last read, newest first. Not saved."""

    takes: CollectionProperty(type=FacewrightTake)
    index: IntProperty(name="Take", description="The selected take", min=0)


CLASSES = (FacewrightGain, FacewrightTakes, FacewrightTake, FacewrightTakeList)


def chosen_parts(takes: FacewrightTakes) -> frozenset[str]:
    """The parts of the face that are chosen."""
    return frozenset(takes.regions)


def gains(gain: FacewrightGain) -> dict[str, float]:
    """Factors by part of the face, without those that change nothing."""
    found = {name: round(getattr(gain, name), 6) for name, _, _ in _PARTS}
    return {name: factor for name, factor in found.items() if factor != 1}


def selected_take(run: bpy.types.PropertyGroup) -> FacewrightTake | None:
    """The selected take of the list, or None."""
    listed = run.takes
    return listed.takes[listed.index] if listed.index < len(listed.takes) else None


def speech_of(run: bpy.types.PropertyGroup, path: str) -> str:
    """How a take of the list was spoken: "MADE", "LIVE", or empty where a face was seen."""
    if not path:
        return ""
    whole = str(Path(bpy.path.abspath(path)).absolute())
    return next((take.speech for take in run.takes.takes if take.path == whole), "")
