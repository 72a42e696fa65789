# SPDX-License-Identifier: GPL-3.0-or-later
"""Facewright from a script of your own:

blender --background head.blend --python batch.py -- CLIP OBJECT OUT.blend
"""

import sys

import bpy

clip, target, out = sys.argv[sys.argv.index("--") + 1 :]

shot = bpy.context.scene.facewright
shot.video = clip
shot.target = bpy.data.objects[target]
shot.gap_policy = "EASE"

# In background mode the operator returns when the keys are written; an error raises RuntimeError.
bpy.ops.facewright.track_video()
for line in bpy.context.window_manager.facewright.lines:
    print(line.text)
bpy.ops.wm.save_as_mainfile(filepath=out)
