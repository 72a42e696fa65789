# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers on the timeline where a person should check the face.

Blender's markers carry no custom properties, so the scene remembers which ones are ours. One
that was renamed or moved since then is the person's, and stays.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import bpy

from ..engine.core.clock import FrameClock
from ..engine.filters.stretches import Stretch

# Custom property of the scene: JSON, origin -> list of [name, frame].
_RECORD = "facewright_markers"
# Regions that fall into doubt within this time share a marker: side by side their names would
# cover each other.
_TOGETHER_S = 0.25


def mark_stretches(
    scene: bpy.types.Scene, stretches: Iterable[Stretch], clock: FrameClock, origin: str
) -> int:
    """Set a marker at the start of each stretch, in place of the earlier ones of this origin.

    Args:
        scene: Gets the markers.
        stretches: In order of time.
        clock: From the take's seconds to frames; markers stand on whole ones, the nearest.
        origin: What the stretches belong to; markers of another origin stay.

    Returns:
        The number of markers set.
    """
    remove_markers(scene, origin)
    groups: list[tuple[float, list[str]]] = []
    for stretch in stretches:
        if groups and stretch.first_s - groups[-1][0] <= _TOGETHER_S + 1e-6:
            if stretch.region not in groups[-1][1]:
                groups[-1][1].append(stretch.region)
        else:
            groups.append((stretch.first_s, [stretch.region]))
    mine = [
        (f"Check: {', '.join(regions)}", round(float(clock.frames(first_s))))
        for first_s, regions in groups
    ]
    for name, frame in mine:
        scene.timeline_markers.new(name, frame=frame)
    _remember(scene, _recorded(scene) | {origin: mine})
    return len(mine)


def remove_markers(scene: bpy.types.Scene, origin: str | None = None) -> int:
    """Remove our markers, of one origin or of all; the number of those that were still there."""
    recorded = _recorded(scene)
    origins = list(recorded) if origin is None else [origin]
    mine = [(name, frame) for key in origins for name, frame in recorded.pop(key, ())]
    removed = remove_these(scene, mine)
    _remember(scene, recorded)
    return removed


def remove_these(scene: bpy.types.Scene, marks: Iterable[tuple[str, int]]) -> int:
    """Remove markers by name and frame, one for each; the number of those that were there."""
    waiting, removed = Counter(marks), 0
    for marker in list(scene.timeline_markers):
        key = (marker.name, marker.frame)
        if waiting[key]:
            waiting[key] -= 1
            scene.timeline_markers.remove(marker)
            removed += 1
    return removed


def has_markers(scene: bpy.types.Scene) -> bool:
    """Whether there may be markers of ours."""
    return _RECORD in scene


def _recorded(scene: bpy.types.Scene) -> dict[str, list]:
    return json.loads(scene.get(_RECORD, "{}"))


def _remember(scene: bpy.types.Scene, recorded: dict[str, list]) -> None:
    recorded = {origin: mine for origin, mine in recorded.items() if mine}
    if recorded:
        scene[_RECORD] = json.dumps(recorded)
    elif _RECORD in scene:
        del scene[_RECORD]
