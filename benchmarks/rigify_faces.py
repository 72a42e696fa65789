# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the 52 poses of a Rigify face take, and how near the skin comes to where it shall go.

    python benchmarks/rigify_faces.py [--save FOLDER]

Generates the human meta-rig with the faces of both generations. Needs the ``bpy`` wheel, in which
Rigify is. ``error`` is the largest distance, over the controls, between the skin's bone and its
goal, as a share of the largest way of the channel. ``--save`` keeps the rigs as .blend files, with
the poses as a text block.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.extension import load_extension

load_extension()

from facewright.engine.retarget.mapping_file import mapping_to_json  # noqa: E402
from facewright.scene.rigify import LEGACY, NEW, make_rigify_poses  # noqa: E402


def generate(generation: str) -> bpy.types.Object:
    """A generated human rig with a face of one of the two generations."""
    import addon_utils  # there once bpy is

    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    if generation == NEW:
        bpy.ops.object.mode_set(mode="POSE")
        bpy.ops.pose.rigify_upgrade_face()
        bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.pose.rigify_generate()
    return bpy.context.object


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    for generation in (LEGACY, NEW):
        rig = generate(generation)
        start, used = time.perf_counter(), time.process_time()
        face = make_rigify_poses(rig)
        seconds, used = time.perf_counter() - start, time.process_time() - used
        errors = np.array(list(face.errors.values()))
        worst = max(face.errors, key=face.errors.get)
        print(
            f"{generation}: {len(face.mapping.poses)} poses of {len(face.controls)} controls in "
            f"{seconds:.1f} s ({used:.1f} s of processor), error mean {errors.mean():.1%}, "
            f"largest {errors.max():.1%} ({worst})"
        )
        if options.save:
            text = bpy.data.texts.new("poses.json")
            text.write(json.dumps(mapping_to_json(face.mapping), indent=1))
            path = options.save / f"rigify_{generation}.blend"
            bpy.ops.wm.save_as_mainfile(filepath=str(path.absolute()))


if __name__ == "__main__":
    main()
