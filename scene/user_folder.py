# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that Facewright has for a person's own files."""

from __future__ import annotations

from pathlib import Path

import bpy

_PACKAGE = __package__.rpartition(".")[0]


def user_folder(*, make: bool) -> Path:
    """The extension's own folder; Blender has one for installed extensions alone.

    Args:
        make: Make it where it is missing.
    """
    try:
        return Path(bpy.utils.extension_path_user(_PACKAGE, create=make))
    except ValueError:
        return Path(bpy.utils.user_resource("DATAFILES", path="facewright", create=make))
