# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender must be told of a path that may begin with ``//``, the .blend file's folder."""

import bpy

# Known from 4.5 on; without it, the file browser gives absolute paths alone.
PATH_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
