# SPDX-License-Identifier: GPL-3.0-or-later
"""What a live capture must know of Blender's doings: undo, saving, loading, rendering, frames."""

from __future__ import annotations

import bpy

from . import preview_baseline
from .handlers import add_handlers, remove_handlers
from .live import end_live, live_session


@bpy.app.handlers.persistent
def _after_undo(*_arguments: object) -> None:
    """Undo has replaced the data-blocks, and may have brought back a preview's values."""
    preview_baseline.restore_all()
    if session := live_session():
        session.rig.forget_blocks()


@bpy.app.handlers.persistent
def _before_save(*_arguments: object) -> None:
    """A preview's values are not what the artist saves; the next tick shows them again."""
    if session := live_session():
        session.rig.end()


@bpy.app.handlers.persistent
def _before_load(*_arguments: object) -> None:
    end_live()


@bpy.app.handlers.persistent
def _after_load(*_arguments: object) -> None:
    """An autosave may have been made during a preview."""
    preview_baseline.restore_all()


@bpy.app.handlers.persistent
def _before_render(*_arguments: object) -> None:
    if session := live_session():
        session.pause_for_render()


@bpy.app.handlers.persistent
def _after_frame_change(scene: bpy.types.Scene, *_arguments: object) -> None:
    """The frame's animation has replaced what is previewed."""
    if session := live_session():
        session.frame_changed(scene)


_HANDLERS = (
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
    ("save_pre", _before_save),
    ("load_pre", _before_load),
    ("load_post", _after_load),
    ("render_init", _before_render),
    ("frame_change_post", _after_frame_change),
)


def register() -> None:
    """Be told."""
    add_handlers(_HANDLERS)


def unregister() -> None:
    """End what is live and be told no more."""
    end_live()
    remove_handlers(_HANDLERS)
