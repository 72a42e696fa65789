# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn This Performer: what it learns from and where the profile goes, which belongs to the shot,
and what came of it, which is not saved."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    StringProperty,
)

from .paths import PATH_OPTIONS


class FacewrightLearnSpeech(bpy.types.PropertyGroup):
    """Settings of Learn This Performer."""

    source: EnumProperty(
        name="Learn From",
        description="What shows the performer speaking; five to ten minutes are a good amount",
        items=[
            ("SELECTED", "Selected Take", "The selected take of the list of takes"),
            ("STARRED", "Starred Takes", "All takes of the list with a star, and with sound"),
            ("LISTED", "All Takes", "All takes of the list that were captured with sound"),
            ("VIDEO", "Video", "A video with sound; it is tracked first"),
            ("FOLDER", "Folder", "All takes of a folder, or its videos where it holds no takes"),
        ],
    )
    video: StringProperty(
        name="Video",
        description="A video with sound, of the performer speaking",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    folder: StringProperty(
        name="Folder",
        description="A folder with takes, or with videos of the performer speaking",
        subtype="DIR_PATH",
        options=PATH_OPTIONS,
    )
    performer: StringProperty(
        name="Performer", description="Name of the performer; empty is that of the profile's file"
    )
    voice: StringProperty(
        name="Save As",
        description="The profile to write, a .fwvoice file; empty is a new one beside the takes, "
        "named after the performer",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    replace: BoolProperty(
        name="Replace",
        description="Replace a profile of that name once the new one is complete. This cannot be "
        "undone",
    )
    keep_anyway: BoolProperty(
        name="Keep Anyway",
        description="Write the profile even where it is not better than the general model",
    )


class FacewrightLearnFigure(bpy.types.PropertyGroup):
    """How near one way to speak came to what was captured; ``name`` is that of the way."""

    error: FloatProperty()
    likeness: FloatProperty()


class FacewrightLearned(bpy.types.PropertyGroup):
    """What the last learning has told. Not saved."""

    verdict: StringProperty()
    is_better: BoolProperty()
    figures: CollectionProperty(type=FacewrightLearnFigure)


CLASSES = (FacewrightLearnSpeech, FacewrightLearnFigure, FacewrightLearned)

_WAYS = (
    ("general", "General Model"),
    ("network", "Network"),
    ("retrieval", "Captured Motion"),
    ("mean_face", "Mean Face"),
)


def clear_learned(learned: FacewrightLearned) -> None:
    """Forget what the last learning has told."""
    learned.verdict, learned.is_better = "", False
    learned.figures.clear()


def show_learned(learned: FacewrightLearned, report: dict) -> None:
    """Keep a worker's report (``engine.pipeline.learn_speech.LearnSpeechReport``) for the panel."""
    clear_learned(learned)
    learned.verdict, learned.is_better = report["verdict"], report["better"]
    for way, name in _WAYS:
        if score := report["scores"].get(way):
            figure = learned.figures.add()
            figure.name = name
            figure.error, figure.likeness = score["mae"], score["likeness"]
