# SPDX-License-Identifier: GPL-3.0-or-later
"""Facewright for Blender: the two functions that Blender calls.

Nothing is imported here at module level, so that ``python -m engine`` and the tests can run from
this folder where there is no ``bpy``.
"""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    from . import registration

    registration.unregister()
