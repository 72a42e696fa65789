# SPDX-License-Identifier: GPL-3.0-or-later
"""Enabled, Blender calls each of our functions once; disabled, none is left behind."""

from __future__ import annotations

import bpy
from facewright import registration
from facewright.scene import handlers


def our_handlers():
    """All that Blender calls of ours: the list's name, and the function."""
    found = []
    for name in dir(bpy.app.handlers):
        called = getattr(bpy.app.handlers, name)
        if isinstance(called, list):
            found += [(name, one) for one in called if one.__module__.startswith("facewright")]
    return found


def test_each_function_is_called_once_and_with_the_next_file_too():
    registration.register()
    registration.unregister()
    registration.register()
    try:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        found = our_handlers()
        assert {"load_pre", "load_post", "undo_post", "save_pre"} <= {name for name, _ in found}
        assert len(found) == len(set(found))
    finally:
        registration.unregister()
    assert our_handlers() == []


def test_what_blender_has_dropped_is_no_matter():
    def told(*_arguments):
        """Not persistent: a new file drops it."""

    ours = (("load_post", told),)
    handlers.add_handlers(ours)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert told not in bpy.app.handlers.load_post
    handlers.remove_handlers(ours)
