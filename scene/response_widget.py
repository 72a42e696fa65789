# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve widget of a channel's response.

Blender draws a curve only where it owns one, so a node group that nothing uses, and that is
therefore never saved, lends its own. ``sync`` compares both sides: the row's points are the truth,
unless the widget was loaded from those very points and has been edited since. Both that and what it
was loaded from are in the node group, so it holds over undo as well: Blender's step of an edit has
the widget's new curve and the row's old points, and the next ``sync`` brings them together.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..engine.retarget.response import Points, preset, simplify, without_line
from .mapping_store import curve_from_text, curve_to_text

__all__ = ["preset", "start", "stop", "sync"]

_PERIOD_S = 0.1
# A smooth curve is read at this many places, and told by fewer points.
_STEPS = 128
_NODE = "Response"
# On the node group: which row it shows, the row's points, and the widget's as it was loaded.
_ROW, _POINTS, _SHOWN = "row", "points", "shown"
_LINE: Points = ((0.0, 0.0), (1.0, 1.0))

_editing: list[Callable[[], bpy.types.PropertyGroup | None]] = []


def start(name: str, find_row: Callable[[], bpy.types.PropertyGroup | None]) -> None:
    """Show the response of the active channel, and keep both in step from now on.

    Args:
        name: Of the node group; it is made if need be.
        find_row: Gives the active channel's row, or None.
    """
    stop(name)
    _editing.append(find_row)
    _group(name)
    sync(name, find_row())

    def tick() -> float | None:
        if find_row not in _editing or name not in bpy.data.node_groups:
            return None
        sync(name, find_row())
        return _PERIOD_S

    if not bpy.app.background:
        bpy.app.timers.register(tick, first_interval=_PERIOD_S)


def stop(name: str) -> None:
    """Show no response any more."""
    _editing.clear()
    if group := bpy.data.node_groups.get(name):
        bpy.data.node_groups.remove(group)


def sync(name: str, row: bpy.types.PropertyGroup | None) -> None:
    """Bring widget and row together; does nothing while no widget is there."""
    group = bpy.data.node_groups.get(name)
    if group is None or row is None:
        return
    mapping = group.nodes[_NODE].mapping
    identity = f"{row.id_data.session_uid} {row.name}"
    if group.get(_ROW) != identity or group.get(_POINTS) != row.curve:
        _load(mapping, row)
        group[_ROW], group[_POINTS], group[_SHOWN] = identity, row.curve, _handles(mapping)
        return
    shown = _handles(mapping)
    if shown != group[_SHOWN]:
        # Written when it differs alone: each writing has a running preview look anew.
        row.curve = curve_to_text(_points(mapping))
        row.handles = f"{row.curve}|{shown}"
        group[_POINTS], group[_SHOWN] = row.curve, shown


def _group(name: str) -> bpy.types.NodeTree:
    group = bpy.data.node_groups.get(name)
    if group is None:
        group = bpy.data.node_groups.new(name, "ShaderNodeTree")
        node = group.nodes.new("ShaderNodeFloatCurve")
        node.name = _NODE
        # A response goes on level, where its points end.
        node.mapping.extend = "HORIZONTAL"
    return group


def _load(mapping: bpy.types.CurveMapping, row: bpy.types.PropertyGroup) -> None:
    """The row's points in the widget, as it was left if nothing else has changed them since."""
    kept, _, handles = row.handles.partition("|")
    points = _from_handles(handles) if handles and kept == row.curve else None
    if points is None:
        straight = curve_from_text(row.curve) or _LINE
        # Between two points both kinds are straight; points that are added shall be smooth.
        kind = "VECTOR" if len(straight) > 2 else "AUTO"
        points = [(x, y, kind) for x, y in straight]
    if len(points) == 1:
        points = [points[0], (points[0][0] + 1.0, points[0][1], "VECTOR")]
    curve = mapping.curves[0]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    mapping.clip_min_x, mapping.clip_max_x = min(0.0, *xs), max(1.0, *xs)
    mapping.clip_min_y, mapping.clip_max_y = min(0.0, *ys), max(1.0, *ys)
    while len(curve.points) > 2:
        curve.points.remove(curve.points[1])
    while len(curve.points) < len(points):
        curve.points.new(0.5, 0.5)
    for point, (x, y, kind) in zip(curve.points, points, strict=True):
        point.location, point.handle_type = (x, y), kind
    mapping.update()
    mapping.reset_view()


def _handles(mapping: bpy.types.CurveMapping) -> str:
    """What the widget shows: ``"x y KIND; ..."``."""
    return "; ".join(
        f"{p.location[0]:.6g} {p.location[1]:.6g} {p.handle_type}" for p in mapping.curves[0].points
    )


def _from_handles(text: str) -> list[tuple[float, float, str]] | None:
    try:
        parts = [point.split() for point in text.split(";")]
        return [(float(x), float(y), kind) for x, y, kind in parts]
    except ValueError:
        return None


def _points(mapping: bpy.types.CurveMapping) -> Points:
    """The points of the widget: as they are where all is straight, else enough of them."""
    curve = mapping.curves[0]
    own = [(round(p.location[0], 6), round(p.location[1], 6)) for p in curve.points]
    is_straight = len(own) == 2 or all(p.handle_type == "VECTOR" for p in curve.points)
    if is_straight:
        return without_line(tuple(_rising(own)))
    mapping.update()
    first, last = own[0][0], own[-1][0]
    xs = {first + (last - first) * i / _STEPS for i in range(_STEPS + 1)} | {x for x, _ in own}
    return without_line(simplify(_rising([(x, mapping.evaluate(curve, x)) for x in sorted(xs)])))


def _rising(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points that stand above each other, as the mapping wants them."""
    kept = points[:1]
    for x, y in points[1:]:
        if x > kept[-1][0] + 1e-6:
            kept.append((x, y))
    return kept
