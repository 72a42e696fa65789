# SPDX-License-Identifier: GPL-3.0-or-later
"""Data-blocks by what neither renaming nor undo changes."""

from __future__ import annotations

from collections.abc import Iterable

import bpy


def by_uid(collection: Iterable[bpy.types.ID], uid: int) -> bpy.types.ID | None:
    """The data-block of a collection with this ``session_uid``, or None."""
    return next((block for block in collection if block.session_uid == uid), None)
