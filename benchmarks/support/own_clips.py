# SPDX-License-Identifier: GPL-3.0-or-later
"""Films the head that ships with known weights: clips to measure accuracy on, made anywhere.

    python -m benchmarks.support.own_clips FOLDER SET

Each clip is a .mp4 and a .csv with the columns that ``truth.py`` reads. Needs bpy. A film takes
minutes, so ``own_clips`` keeps it until the head, the light or the motion change.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.support import motion
from engine.core.arkit import INDEX, NAMES

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "accuracy"
# What the pictures depend on, besides the motion and the numbers below.
_INGREDIENTS = (
    *("assets/facewright_head.npz", "assets/facewright_head_skin.jpg"),
    *("scene/head_materials.py", "scene/portrait_stage.py"),
)
_SIZE = 288
_LENS_MM, _DISTANCE_M = 65.0, 0.45
_FACE_M = (0.0, -0.07, 0.034)  # what the camera looks at, in the head's frame
# Where the canonical face's origin lies in the head, cm in its own axes (x to the actor's left, y
# up, z out of the face): the eyeballs of both faces at the same place.
_ORIGIN_CM = np.array([0.0, 1.2, 5.7])


@dataclass(frozen=True)
class Motion:
    """What a clip shows.

    Attributes:
        weights: float64 (T, 52), ARKit order.
        head_deg: float64 (T, 3), as ``FaceTrack.head_deg``.
        shift_cm: float64 (T, 3), how far the neck's joint moves, camera frame.
    """

    weights: np.ndarray
    head_deg: np.ndarray
    shift_cm: np.ndarray


def motions() -> dict[str, Motion]:
    """The clips by name."""
    alone = motion.one_at_a_time()
    still = np.zeros((len(alone), 3))
    mixed = motion.mixture(165, seed=45)
    return {
        "head_one_at_a_time": Motion(alone, still, still),
        "head_mixture_turning": Motion(
            mixed,
            motion.sway(len(mixed), (12.0, 22.0, 8.0), seed=12),
            motion.sway(len(mixed), (2.0, 1.5, 4.0), seed=13),
        ),
    }


def turned_motions() -> dict[str, Motion]:
    """A head that turns until one side of the face is hidden: for engines, not for solvers."""
    mixed = motion.mixture(165, seed=46)
    turned = motion.sway(len(mixed), (18.0, 62.0, 8.0), seed=14)
    return {"head_turned_far": Motion(mixed, turned, np.zeros((len(mixed), 3)))}


SETS = {"usual": motions, "turned": turned_motions}


def own_clips() -> list[Path]:
    """The .mp4 files, filmed now if they are not there."""
    return _filmed("usual")


def turned_clips() -> list[Path]:
    """The same of ``turned_motions``."""
    return _filmed("turned")


def _filmed(which: str) -> list[Path]:
    shown = SETS[which]()
    folder = CACHE / f"clips_{_digest(shown)}"
    names = list(shown)
    if not all((folder / f"{name}.csv").exists() for name in names):
        folder.mkdir(parents=True, exist_ok=True)
        print("Filming the head that ships with known weights, once, for minutes …", flush=True)
        # In a process of its own: bpy may not be loaded twice, nor with another program's numpy.
        command = [sys.executable, "-m", "benchmarks.support.own_clips", str(folder), which]
        subprocess.run(command, cwd=ROOT, check=True)
    return [folder / f"{name}.mp4" for name in names]


def _digest(motions: dict[str, Motion]) -> str:
    """Twelve letters that change with anything that the films show."""
    digest = hashlib.sha256(repr((_SIZE, _LENS_MM, _DISTANCE_M, _FACE_M)).encode())
    for name in _INGREDIENTS:
        digest.update((ROOT / name).read_bytes())
    for name, shown in motions.items():
        digest.update(name.encode())
        for values in (shown.weights, shown.head_deg, shown.shift_cm):
            digest.update(values.round(4).tobytes())
    return digest.hexdigest()[:12]


def film(folder: Path, which: str = "usual") -> None:
    """Render every clip that is not in the folder yet; the .csv is written last."""
    from tools.extension import load_extension

    load_extension()
    from facewright.engine.core.progress import Progress
    from facewright.scene.render import render_movie

    from engine.console import ProgressBar

    for name, shown in SETS[which]().items():
        table = folder / f"{name}.csv"
        if table.exists():
            continue
        bar = ProgressBar(f"Filming {name}")
        scene = _studio(shown)
        render_movie(scene, folder / f"{name}.mp4", Progress(bar))
        bar.close()
        write_truth(table, shown)


def _studio(shown: Motion):
    """A scene with the head moving as told, from frame 1 on."""
    import bpy
    from facewright.scene.head import create_head
    from facewright.scene.portrait_stage import create_portrait_stage, use_portrait_render

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    head = create_head(bpy.context)
    camera = create_portrait_stage(bpy.context, head)
    use_portrait_render(scene, size=_SIZE)
    camera.data.lens = _LENS_MM
    camera.location = (_FACE_M[0], _FACE_M[1] - _DISTANCE_M, _FACE_M[2])
    camera.rotation_euler = (np.pi / 2, 0, 0)  # level: the camera's axes are the head's at rest
    scene.render.fps, scene.render.fps_base = motion.RATE, 1.0
    scene.frame_start, scene.frame_end = 1, len(shown.weights)
    _animate(head, shown)
    return scene


def _animate(head, shown: Motion) -> None:
    import bpy
    from facewright.engine.retarget.channels import Channel
    from facewright.scene import keyframes
    from facewright.scene.targets import key_path

    pitch, yaw, roll = np.radians(shown.head_deg).T
    x, y, z = shown.shift_cm.T / 100
    # Camera x, y, z are the world's x, z and -y. Rz(roll) Ry(yaw) Rx(pitch) in camera axes turns
    # about the world's x, then z, then y.
    head.parent.rotation_mode = "XZY"
    curves = {
        head.data.shape_keys: [
            (key_path(name), 0, shown.weights[:, INDEX[name]]) for name in NAMES
        ],
        head.parent: [
            *(("rotation_euler", i, values) for i, values in enumerate((pitch, -roll, yaw))),
            *(("location", i, values) for i, values in enumerate((x, -z, y))),
        ],
    }
    frames = np.arange(1, len(shown.weights) + 1, dtype=np.float64)
    for block, channels in curves.items():
        action = keyframes.create_action("Motion")
        slot, target = keyframes.add_curves(action, block)
        for path, index, values in channels:
            keyframes.write_curve(target, Channel(path, index, frames, values), "LINEAR")
        keyframes.assign(block, action, slot)
    bpy.context.view_layer.update()


def write_truth(path: Path, shown: Motion) -> None:
    """The .csv beside a film; see ``truth.py``."""
    angles = ("headPitchDeg", "headYawDeg", "headRollDeg")
    place = ("headXCm", "headYCm", "headZCm")
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "time_s", *NAMES, *angles, *place])
        values = np.concatenate([shown.weights, shown.head_deg, head_cm(shown)], axis=1)
        for frame, row in enumerate(values):
            cells = (f"{value:.4f}" for value in row)
            writer.writerow([frame, f"{frame / motion.RATE:.6f}", *cells])
    partial.replace(path)


def head_cm(shown: Motion) -> np.ndarray:
    """float64 (T, 3): the canonical face's origin in the camera frame, as ``FaceTrack.head_cm``."""
    from engine.core.axes import rotation_from_euler_deg

    turned = rotation_from_euler_deg(shown.head_deg) @ _ORIGIN_CM
    camera = 100 * np.array([_FACE_M[0], _FACE_M[2], _DISTANCE_M - _FACE_M[1]])
    return turned + shown.shift_cm - camera


if __name__ == "__main__":
    film(Path(sys.argv[1]), sys.argv[2])
