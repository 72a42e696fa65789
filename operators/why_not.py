# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that are disabled tell why."""

from __future__ import annotations

import bpy

from ..properties.why_not import busy_disabled_reason


class TellsWhyNot:
    """Mixin: where an operator cannot be pressed, the reason is its tooltip."""

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Why it cannot be pressed now; empty if it can. By default, that Facewright is at work.

        A cheap look only: panels ask with every drawing.
        """
        return busy_disabled_reason(context)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Blender asks; with the reason as the tooltip."""
        reason = cls.why_not(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason
