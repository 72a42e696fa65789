# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures where another network's landmarks lie on MediaPipe's face, and writes the table.

    python tools/fit_correspondence.py openseeface --clips VIDEO ... [--every 3]

Both networks look at the same faces. MediaPipe's says how the head is turned; turned to the front
with it, each point's distance from its place in ``engine/tracking/correspondence.py`` is taken:
the median over the frames of a clip, the mean over the clips, and the mean of both sides of the
face. What is left is what the two networks mean by a lid's middle or a brow's end. Clips that the
benchmarks measure accuracy on must not be among them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.face_geometry import load_geometry  # noqa: E402
from engine.models.catalog import model_path  # noqa: E402
from engine.solve.frontal import Frontal, turn_to_front  # noqa: E402
from engine.sources.media import VideoSource  # noqa: E402
from engine.tracking.base import TrackerOptions  # noqa: E402
from engine.tracking.catalog import create_tracker  # noqa: E402
from engine.tracking.correspondence import (  # noqa: E402
    MIRROR,
    OPENSEEFACE_66,
    VERTICES,
    Correspondence,
)
from engine.tracking.landmarkers.openseeface import OpenSeeFaceLandmarker  # noqa: E402
from engine.tracking.regions import from_landmarks  # noqa: E402

# Name -> what finds the points, what they stand for, which file keeps the table.
NETWORKS = {"openseeface": (OpenSeeFaceLandmarker, OPENSEEFACE_66, "openseeface_offsets.py")}
_IRISES = (468, 473)
# Frames in which the head is turned further (degrees) say little about where points lie.
_MOST_TURNED = 30.0
# An eye counts where its lids are this far apart, as a share of the eyes' distance.
_OPEN = 0.06
_LIDS = ((159, 145), (386, 374))


def main() -> int:
    """Measure and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--clips", nargs="+", type=Path, required=True, metavar="VIDEO")
    parser.add_argument("--every", type=int, default=3, metavar="N", help="look at each Nth frame")
    options = parser.parse_args()
    landmarker, scheme, file = NETWORKS[options.network]
    tracking = TrackerOptions(model_path, device="cpu", streams=1)
    network = landmarker(tracking)
    found = []
    for clip in options.clips:
        rows = list(_rows(clip, options.every, network, tracking))
        if len(rows) < 5:
            print(f"{clip.name}: {len(rows)} frames are not enough")
            continue
        found.append(_offsets(rows, scheme))
        print(f"{clip.name}: {len(rows)} frames, {np.nanmean(np.abs(found[-1])):.3f} cm")
    offsets = symmetrical(np.nanmean(found, 0), scheme)
    spread = np.nanstd(found, 0)
    print(f"{len(found)} clips; clips differ by {np.nanmean(spread):.3f} cm")
    target = ROOT / "engine" / "tracking" / file
    target.write_text(written(offsets, scheme, len(found)), encoding="utf-8")
    print(target)
    return 0


def _rows(clip: Path, every: int, network, tracking: TrackerOptions) -> Iterator[tuple]:
    """MediaPipe's landmarks, the network's points and irises, aspect: frame by frame."""
    tracker = create_tracker("mediapipe", tracking)
    with VideoSource(clip) as source:
        for frame in source.frames():
            if frame.index % every:
                continue
            seen = tracker.track_one(frame)
            if not seen.valid[0]:
                continue
            landmarks = seen.landmarks[0]
            points = network.look(frame.image, from_landmarks(landmarks)).points
            irises = network.eyes(frame.image, points).irises
            height, width = frame.image.shape[:2]
            yield landmarks, np.concatenate([points, irises]), width / height


def _offsets(rows: list[tuple], scheme: Correspondence) -> np.ndarray:
    """float64 (N + 2, 2): medians over a clip, cm; the irises last."""
    geometry = load_geometry(model_path("face_geometry"))
    landmarks, points = (np.stack([row[i] for row in rows]) for i in (0, 1))
    frontal = turn_to_front(landmarks, geometry, rows[0][2])
    vertices = [VERTICES[i] for i in scheme.ibug] + [(i,) for i in _IRISES]
    places = np.stack([frontal.points[:, list(v)].mean(1) for v in vertices], 1)
    offsets = _turned(points, places[..., 2], frontal) - places[..., :2]
    for eye, (upper, lower) in enumerate(_LIDS):
        gap = np.linalg.norm(landmarks[:, upper, :2] - landmarks[:, lower, :2], axis=1)
        eyes = np.linalg.norm(landmarks[:, 33, :2] - landmarks[:, 263, :2], axis=1)
        offsets[gap < _OPEN * eyes, len(scheme.ibug) + eye] = np.nan
    # How far the face looks away: the last row of the rotation is what points at the camera.
    facing = np.degrees(np.arccos(np.clip(frontal.rotation[:, 2, 2], -1, 1))) < _MOST_TURNED
    return np.nanmedian(offsets[facing], axis=0)


def _turned(points: np.ndarray, depth: np.ndarray, frontal: Frontal) -> np.ndarray:
    """Image points (T, N, 2) at a known depth (T, N) in the canonical face's frame, cm."""
    seen = (points - frontal.origin[:, None]) * [1, -1] / frontal.scale[:, None, None]
    seen = seen - depth[..., None] * frontal.rotation[:, None, :2, 2]
    return seen @ np.linalg.inv(frontal.rotation[:, :2, :2]).transpose(0, 2, 1)


def symmetrical(offsets: np.ndarray, scheme: Correspondence) -> np.ndarray:
    """The mean of both sides: float64 (N + 2, 2)."""
    row = {point: i for i, point in enumerate(scheme.ibug)}
    count = len(scheme.ibug)
    other = [row[MIRROR[point]] for point in scheme.ibug] + [count + 1, count]
    return (offsets + offsets[other] * [-1, 1]) / 2


def written(offsets: np.ndarray, scheme: Correspondence, clips: int) -> str:
    """The table as a Python file."""
    lines = [
        "# SPDX-License-Identifier: GPL-3.0-or-later",
        f'"""Where the points of {scheme.name} lie, next to their places in ``correspondence``.',
        "",
        f"Written by tools/fit_correspondence.py from {clips} clips; not meant to be edited.",
        '"""',
        "",
        "import numpy as np",
        "",
        "# x to the actor's left and y up, cm, in the order of the network's points.",
        "OFFSETS_CM = np.array(",
        "    [",
        *(f"        ({x:.2f}, {y:.2f})," for x, y in offsets[:-2] + 0.0),
        "    ]",
        ")",
        "# The same for the right and the left iris.",
        "IRISES_CM = np.array(["
        + ", ".join(f"({x:.2f}, {y:.2f})" for x, y in offsets[-2:] + 0.0)
        + "])",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
