# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches the markers of cues, and lets the curves follow a moment after a change.

Blender tells nobody that a marker was moved, so the markers are looked at a few times a second
while cues are shown. An update is an undo step of its own; after an undo nothing follows until a
marker changes again, or undoing would never get anywhere.
"""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.speech import cues_shown, mouth_style
from ..scene import cue_markers, cue_update
from ..scene.handlers import add_handlers, remove_handlers

_TICK_S = 0.3
# While one of these runs, markers are in a person's hand.
_HANDS = ("MARKER_OT_", "TRANSFORM_OT_", "GRAPH_OT_", "ACTION_OT_", "ANIM_OT_")


class _Watch:
    """What was seen of a scene at the last tick, and what the curves followed last."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self.seen = self.followed = _signature(scene)


_watched: dict[int, _Watch] = {}
_undone = False


@bpy.app.handlers.persistent
def _after_undo(*_arguments: object) -> None:
    global _undone
    _undone = True


@bpy.app.handlers.persistent
def _after_load(*_arguments: object) -> None:
    _watched.clear()


_HANDLERS = (
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
    ("load_post", _after_load),
)


def register() -> None:
    """Begin to watch."""
    bpy.app.timers.register(_tick, first_interval=_TICK_S, persistent=True)
    add_handlers(_HANDLERS)


def unregister() -> None:
    """Watch no more."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    remove_handlers(_HANDLERS)
    _watched.clear()


def _tick() -> float:
    """Look at the scene of every window."""
    global _undone
    undone, _undone = _undone, False
    scenes = set()
    for window in bpy.context.window_manager.windows if bpy.context.window_manager else ():
        scene = window.scene
        if scene.session_uid in scenes or not cues_shown(scene.facewright.speech):
            continue
        scenes.add(scene.session_uid)
        _look(window, scene, undone)
    for uid in set(_watched) - scenes:
        del _watched[uid]
    return _TICK_S


def _look(window: bpy.types.Window, scene: bpy.types.Scene, undone: bool) -> None:
    watch = _watched.get(scene.session_uid)
    if watch is None or undone:
        _watched[scene.session_uid] = _Watch(scene)
        if undone:
            _sync_files(scene)
        return
    now = _signature(scene)
    still, watch.seen = now == watch.seen, now
    if now == watch.followed or not still or not scene.facewright.speech.follow_cues:
        return
    if any(one.bl_idname.startswith(_HANDS) for one in window.modal_operators):
        return
    # Whatever comes of it is told once.
    watch.followed = now
    _follow(window, scene)


def _follow(window: bpy.types.Window, scene: bpy.types.Scene) -> None:
    with bpy.context.temp_override(window=window, scene=scene):
        if bpy.ops.facewright.update_from_cues.poll():
            try:
                bpy.ops.facewright.update_from_cues("EXEC_DEFAULT", True)
            except RuntimeError:
                return  # the operator has reported what is wrong


def _signature(scene: bpy.types.Scene) -> int:
    """Markers and amounts: a change of either is followed."""
    return hash((cue_markers.signature(scene), repr(mouth_style(scene.facewright.speech))))


def _sync_files(scene: bpy.types.Scene) -> None:
    """Undo brings back what the scene knows of the cues; the files beside the take follow."""
    try:
        cue_update.sync_shown(scene)
    except FacewrightError:
        return  # the next update tells
