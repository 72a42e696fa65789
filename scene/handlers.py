# SPDX-License-Identifier: GPL-3.0-or-later
"""Being told of what Blender does: frames, undo, saving, loading, rendering.

The functions must be ``bpy.app.handlers.persistent``, or Blender forgets them with the next file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy

# The name of a list in ``bpy.app.handlers``, and what is called.
Handler = tuple[str, Callable[..., None]]


def add_handlers(handlers: Sequence[Handler]) -> None:
    """Have these called, in this order, after those that are there."""
    for name, handler in handlers:
        getattr(bpy.app.handlers, name).append(handler)


def remove_handlers(handlers: Sequence[Handler]) -> None:
    """Have these called no more; one that Blender has dropped already is no matter."""
    for name, handler in handlers:
        called = getattr(bpy.app.handlers, name)
        if handler in called:
            called.remove(handler)
