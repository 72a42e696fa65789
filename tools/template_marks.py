# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes where the points of the face mesh lie on the shipped head.

    python tools/template_marks.py   -> engine/retarget/transfer/template_marks.json

To be run again whenever ``assets/facewright_head.npz`` or the way of looking
(``engine/pipeline/guess_landmarks.py``) changes: the same way of looking at both heads lets most
of the network's errors cancel.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.core.face_geometry import load_geometry
from engine.models.catalog import model_path
from engine.pipeline.guess_landmarks import guess_landmarks
from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.landmarks import MARKS
from engine.retarget.transfer.template import template_part


def main() -> None:
    """Look at the head and write the file."""
    canonical = load_geometry(model_path("face_geometry")).vertices
    gaps = np.linalg.norm(canonical[:, None] * [-1, 1, 1] - canonical[None], axis=2)
    mirror = gaps.argmin(1).tolist()
    found = guess_landmarks([template_part(load_asset())])
    points = np.where(found.weights[:, None] > 0, found.points * 1000, 0.0)
    table = {
        "about": "Points of MediaPipe's face mesh on the shipped head, mm; tools/template_marks.py",
        "mirror": mirror,
        "weights": [round(float(w), 3) for w in found.weights],
        "points_mm": [[round(float(x), 3) for x in p] for p in points],
    }
    MARKS.write_text(json.dumps(table) + "\n", encoding="utf-8")
    print(f"{MARKS.name}: {int((found.weights > 0).sum())} points")


if __name__ == "__main__":
    main()
