# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the shipped head beside the actor: one sheet of stills for each clip, to look at.

    python tools/likeness.py CLIP... [--out FOLDER] [--frames 8] [--solver facewright]

A sheet's columns are frames of the clip: those in which jaw, lids, smile, brows and gaze are
strongest, and others spread evenly between them. Its rows are the actor's face and the head as each
solver moves it. Which frames are shown depends on the tracker's own scores alone, so sheets of two
solvers or of two trainings show the same. Beside each sheet lies the take. Needs the ``bpy`` wheel.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.console import ProgressBar, guarded, make_folder, result_names  # noqa: E402
from engine.core.arkit import INDEX  # noqa: E402
from engine.core.errors import FacewrightError  # noqa: E402
from engine.core.progress import Progress  # noqa: E402
from engine.core.requests import SolveRequest, SolveSettings, TrackRequest  # noqa: E402
from engine.core.types import Observations  # noqa: E402
from engine.pipeline.solve import solve_take  # noqa: E402
from engine.pipeline.track import track_video  # noqa: E402
from engine.solve.catalog import SOLVERS  # noqa: E402
from engine.sources.media import VideoSource  # noqa: E402
from engine.takes.take_file import read_header, read_observations  # noqa: E402

# Side of the crop, in longer sides of the box around the landmarks: room for a turned head.
_MARGIN = 1.35
# The stage's camera shows shoulders; a longer lens shows as much of the head as the crop does.
_LENS_MM, _SHIFT_Y = 122.0, -0.1


@dataclass(frozen=True)
class Still:
    """A frame to look at.

    Attributes:
        frame: Its number in the clip, from 0.
        time_s: Its presentation time.
        why: The movement that is strongest in it, or empty.
    """

    frame: int
    time_s: float
    why: str


def main(argv: list[str]) -> int:
    """Make the sheets; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "demo" / "likeness", help="folder (%(default)s)"
    )
    parser.add_argument("--frames", type=int, default=8, help="stills for each clip (%(default)s)")
    parser.add_argument(
        "--solver", nargs="+", choices=tuple(SOLVERS), default=("raw", "facewright"),
        help="a row of heads for each (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--take", type=Path, help="the take of a single clip, instead of tracking")
    parser.add_argument("--size", type=int, default=256, help="side of a still, pixels")
    options = parser.parse_args(argv)
    if options.take and len(options.clips) > 1:
        parser.error("--take goes with one clip")
    for clip, name in zip(options.clips, result_names(options.clips), strict=True):
        take = options.take or _track(clip, make_folder(options.out) / f"{name}.fwtake")
        picture = sheet(clip, take, options.solver, options.frames, options.size)
        path = make_folder(options.out) / f"{name}.png"
        cv2.imwrite(str(path), picture)
        print(path)
    return 0


def sheet(clip: Path, take: Path, solvers: list[str], count: int, size: int) -> np.ndarray:
    """The sheet of a clip.

    Args:
        clip: The video.
        take: Its take; stays as it is.
        solvers: Their ids, one row of heads for each.
        count: Columns.
        size: Side of a still, pixels.

    Returns:
        uint8 (height, width, 3), BGR.

    Raises:
        FacewrightError: Where the take or the clip cannot be read, or shows no face.
    """
    from tools.contact_sheet import label

    observations = read_observations(take)
    stills = pick_stills(observations, count)
    if not stills:
        raise FacewrightError(f"{take.name} shows no face.", "", "no-face")
    crops = _actor(clip, stills, observations, size)
    captions = [f"{still.frame}   {still.time_s:.2f} s   {still.why}" for still in stills]
    rows = [[label(crop, text) for crop, text in zip(crops, captions, strict=True)]]
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        for solver in solvers:
            solved = Path(scratch, f"{solver}.fwtake")
            shutil.copyfile(take, solved)
            solve_take(SolveRequest(str(solved), SolveSettings(solver=solver)))
            heads = _heads(solved, stills, size)
            rows.append([label(head, solver) for head in heads])
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def pick_stills(observations: Observations, count: int) -> list[Still]:
    """The frames that tell most about a clip.

    Args:
        observations: The whole clip.
        count: How many are wanted. Fewer come where the face is seen in fewer.

    Returns:
        In order of time; none without the face, none twice, no two of the same moment.
    """
    frames = np.flatnonzero(observations.valid)
    if not len(frames):
        return []
    chosen: dict[int, str] = {}
    # Two movements are often strongest in the same moment: it is shown once.
    moment = max(1, len(frames) // (4 * count))
    for name, strength in _movements(observations.scores[frames]).items():
        apart = [all(abs(frame - other) >= moment for other in chosen) for frame in frames]
        if len(chosen) < count and any(apart):
            chosen[int(frames[np.where(apart, strength, -np.inf).argmax()])] = name
    while len(chosen) < min(count, len(frames)):
        distance = np.abs(frames[:, None] - np.array(list(chosen))).min(axis=1)
        chosen[int(frames[distance.argmax()])] = ""
    return [
        Still(int(observations.index[row]), float(observations.time_s[row]), why)
        for row, why in sorted(chosen.items())
    ]


def _movements(scores: np.ndarray) -> dict[str, np.ndarray]:
    """How strong each movement is in every frame (n,), from the tracker's scores (n, 52)."""

    def mean(*names: str) -> np.ndarray:
        return scores[:, [INDEX[name] for name in names]].mean(axis=1)

    lids = mean("eyeBlinkLeft", "eyeBlinkRight")
    glance = mean("eyeLookOutLeft", "eyeLookInRight") - mean("eyeLookInLeft", "eyeLookOutRight")
    return {
        "jaw": mean("jawOpen"),
        "lids": lids,
        "smile": mean("mouthSmileLeft", "mouthSmileRight"),
        "brows": mean("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
        # Where a closed eye looks is a guess.
        "gaze": np.abs(glance - np.median(glance)) * (1 - lids),
    }


def square_crop(image: np.ndarray, points: np.ndarray, side: float, size: int) -> np.ndarray:
    """A square around a face.

    Args:
        image: uint8 (height, width, 3).
        points: float (n, 2), landmarks in image pixels; the middle of their box is the square's.
        side: Of the square, image pixels.
        size: Of the result, pixels.

    Returns:
        uint8 (size, size, 3); beyond the picture its edge is repeated.
    """
    whole = max(1, round(side))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    left, top = np.round(middle - whole / 2).astype(int)
    rows = np.clip(np.arange(top, top + whole), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left, left + whole), 0, image.shape[1] - 1)
    shrink = cv2.INTER_AREA if whole > size else cv2.INTER_CUBIC
    return cv2.resize(image[rows[:, None], columns], (size, size), interpolation=shrink)


def _actor(
    clip: Path, stills: list[Still], observations: Observations, size: int
) -> list[np.ndarray]:
    """The faces of the stills, BGR; one scale for the whole clip, as the head has one."""
    points = {still.frame: observations.landmarks[still.frame, :, :2] for still in stills}
    side = _MARGIN * float(np.median([np.ptp(face, axis=0).max() for face in points.values()]))
    crops = []
    with VideoSource(clip) as source:
        for frame in source.frames():
            if frame.index in points:
                crop = square_crop(frame.image, points[frame.index], side, size)
                crops.append(cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
            if len(crops) == len(stills):
                return crops
    raise FacewrightError(
        f"{clip.name} has fewer frames than its take.", "Is it the take of this clip?", "other-clip"
    )


def _heads(take: Path, stills: list[Still], size: int) -> list[np.ndarray]:
    """The shipped head in the stills, BGR, with the keyframes that the demo writes."""
    import bpy

    from tools.contact_sheet import render_still
    from tools.extension import load_extension

    load_extension()
    from facewright.scene.apply import ApplySettings
    from facewright.scene.capture import apply_take, guess_head
    from facewright.scene.clock import scene_clock
    from facewright.scene.portrait_stage import use_portrait_render
    from facewright.scene.pose_channels import PoseSettings
    from facewright.scene.stage import new_stage

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    head = new_stage(bpy.context, Fraction(*read_header(take)["source"]["rate"]))
    use_portrait_render(scene, size)
    scene.camera.data.lens, scene.camera.data.shift_y = _LENS_MM, _SHIFT_Y
    rig, bone = guess_head([head])
    pose = PoseSettings(head_object=rig, head_bone=bone, eye_object=rig)
    apply_take(scene, take, [head], ApplySettings(pose=pose, place_sound=False))
    pictures = []
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        for still in stills:
            scene.frame_set(round(float(scene_clock(scene).frames(still.time_s))))
            pictures.append(render_still(scene, Path(scratch, "head.png")))
    return pictures


def _track(clip: Path, take: Path) -> Path:
    bar = ProgressBar(f"Tracking {clip.name}")
    track_video(TrackRequest(str(clip), str(take), overwrite=True), Progress(bar))
    bar.close()
    return take


if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
