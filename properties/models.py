# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines, detectors and the models that a person adds, as the panels show them.

The rows are filled by ``operators/models.py``: draw code must neither read files nor wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy

from ..engine.core.engines import (
    BEST,
    DETECTORS,
    ENGINES,
    FAST,
    PartInfo,
    detector_info,
    engine_info,
)

# In the lists; neither is the id of a part.
OWN_ENGINE, ENGINES_DETECTOR = "OWN", "AUTO"
# What a .blend file stores for an engine of one's own: far from the numbers of the others.
_OWN_NUMBER = 1000


@dataclass(frozen=True)
class ModelRow:
    """One model that a person adds.

    Attributes:
        id, about, licence, terms, origin: See ``engine.models.optional.OptionalModel``.
        file: Its file name and size.
        sha256: Its hash, or that it is not known.
        can_fetch: Facewright may fetch it.
        accepted, there: Whether its terms were accepted, and its file is there.
    """

    id: str
    about: str
    licence: str
    terms: str
    origin: str
    file: str
    sha256: str
    can_fetch: bool
    accepted: bool
    there: bool

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return self.accepted and self.there


# Id -> row. What is happening to a file on disk belongs to no scene.
ROWS: dict[str, ModelRow] = {}
# Packages that engines ask for and this Python lacks.
MISSING_PACKAGES: set[str] = set()
# Blender keeps only pointers to the texts of a list that is computed.
_shown: dict[tuple, list[tuple]] = {}


def missing_rows(info: PartInfo | None) -> list[ModelRow]:
    """The models that an engine or detector still needs."""
    rows = [ROWS[one] for one in info.models if one in ROWS] if info else []
    return [row for row in rows if not row.is_ready]


def lack_of(*infos: PartInfo | None) -> str:
    """What keeps an engine or detector, or both together, from being used, e.g. "needs a model";
    empty if nothing."""
    for info in infos:
        for package in info.packages if info else ():
            if package in MISSING_PACKAGES:
                return f"needs the package {package}"
    rows = [row for info in infos for row in missing_rows(info)]
    if not rows:
        return ""
    if all(row.there for row in rows):
        return "needs its licence accepted"
    return "needs a model" if len(rows) == 1 else f"needs {len(rows)} models"


def draw_added(layout: bpy.types.UILayout) -> None:
    """The models that were added, each with its button to remove it, for the preferences."""
    rows = [row for row in ROWS.values() if row.there]
    if not rows:
        return
    box = layout.box()
    box.label(text="Added Models", icon="FILE_BLANK")
    for row in rows:
        line = box.row()
        line.label(text=f"{row.id}: {row.licence}")
        line.operator("facewright.remove_model", text="", icon="TRASH").model = row.id


def engine_items(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> list[tuple]:
    """All engines, with what is missing."""
    text = "An ONNX network that a .toml of yours describes"
    own = (OWN_ENGINE, "Own Model (TOML)", text, "NONE", _OWN_NUMBER)
    return _kept([*_items(ENGINES, 0), own])


def detector_items(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> list[tuple]:
    """The engine's own, then all detectors."""
    text = "The detector that the engine works with by itself"
    return _kept([(ENGINES_DETECTOR, "Engine's Own", text, "NONE", 0), *_items(DETECTORS, 1)])


def quality_items() -> list[tuple]:
    """Once or several times, and what that costs."""
    return [
        ("FAST", "Fast", "Look at every frame once", "NONE", 0),
        (
            "BEST",
            "Best",
            "Look at every frame six times, mirrored and from slightly different "
            "crops, and take the mean: steadier and closer, but about five times slower",
            "NONE",
            1,
        ),
    ]


def _items(infos: Iterable[PartInfo], first: int) -> list[tuple]:
    items = []
    for info in infos:
        # An engine needs its detector, too.
        lack = lack_of(info, detector_info(info.detector))
        label = f"{info.label} ({lack})" if lack else info.label
        # Blender ends tooltips with a full stop of its own.
        about = f"{info.about} {info.good_at}".removesuffix(".")
        items.append((info.id, label, about, "NONE", info.number + first))
    return items


def _kept(items: list[tuple]) -> list[tuple]:
    return _shown.setdefault(tuple(items), items)


def chosen_engine(shot: bpy.types.PropertyGroup) -> str:
    """What requests call the shot's engine: an id, or the path of a .toml."""
    return bpy.path.abspath(shot.engine_file) if shot.engine == OWN_ENGINE else shot.engine


def chosen_detector(shot: bpy.types.PropertyGroup) -> str:
    """What requests call the shot's detector: an id, or nothing for the engine's own."""
    return "" if shot.detector == ENGINES_DETECTOR or not takes_detector(shot) else shot.detector


def chosen_quality(shot: bpy.types.PropertyGroup) -> str:
    """What requests call the shot's quality; fast where the engine knows nothing else."""
    return BEST if shot.quality == "BEST" and takes_detector(shot) else FAST


def takes_detector(shot: bpy.types.PropertyGroup) -> bool:
    """Whether the shot's engine can work with another detector than its own."""
    info = engine_info(shot.engine)
    return info is None or bool(info.detector)


def chosen_parts(shot: bpy.types.PropertyGroup) -> list[PartInfo]:
    """The engine and the detector that the shot uses, as far as they are known."""
    engine = engine_info(shot.engine)
    detector = chosen_detector(shot) or (engine.detector if engine else "")
    return [info for info in (engine, detector_info(detector)) if info]


def engine_disabled_reason(shot: bpy.types.PropertyGroup) -> str:
    """Why the shot's engine cannot track; empty if it can."""
    if shot.engine == OWN_ENGINE and not shot.engine_file:
        return "Choose the .toml that describes your engine"
    # As Blender reads a number that no item has.
    for name in ("engine", "detector") if takes_detector(shot) else ("engine",):
        if not getattr(shot, name):
            return f"The file's {name} is not one of this Facewright's; choose another"
    parts = chosen_parts(shot)
    # As the list of engines counts: the engine's own detector is a part of it.
    for infos in [[info] for info in parts] if chosen_detector(shot) else [parts]:
        if lack := lack_of(*infos):
            # A package cannot be added from here.
            below = any(missing_rows(info) for info in infos)
            where = (
                "; see below the engine in the Capture panel" if below else " in Blender's Python"
            )
            return f"{infos[0].label} {lack}{where}"
    return ""
