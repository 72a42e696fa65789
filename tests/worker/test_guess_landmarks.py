# SPDX-License-Identifier: GPL-3.0-or-later
"""The landmark network looks at meshes as it looks at people."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from transfer_targets import other_head, warp

from engine.core.errors import FacewrightError
from engine.core.progress import Cancelled, Progress
from engine.pipeline.guess_landmarks import guess_landmarks
from engine.retarget.transfer.landmarks import NAMED, template_points
from engine.retarget.transfer.request import MeshPart


@pytest.fixture(scope="module")
def head():
    return other_head()


def test_points_are_found_on_another_face(head):
    found = guess_landmarks([head.part])
    known = template_points()
    gaps = []
    for name in ("eyeOuterLeft", "eyeInnerRight", "noseTip", "mouthCornerLeft", "chin"):
        number = NAMED[name]
        gaps.append(np.linalg.norm(found.points[number] - warp(known.points[[number]])[0]))
    assert np.mean(gaps) < 0.004
    assert max(gaps) < 0.012
    assert (found.weights > 0).sum() > 430
    # Left is the character's.
    assert found.points[NAMED["mouthCornerLeft"], 0] > 0.01


def test_a_face_is_found_on_a_whole_figure(head):
    """The head on top of a body six heads high, in centimetres."""
    body = np.array(
        [[x, y, z] for x in (-0.2, 0.2) for y in (-0.1, 0.1) for z in (-1.5, -0.16)], np.float64
    )
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (1, 5, 7, 3), (0, 2, 6, 4)]
    figure = MeshPart("body", body * 100, np.full(6, 4), np.array(sides).ravel())
    face = MeshPart("face", head.part.vertices * 100, head.part.face_sizes, head.part.face_vertices)
    found = guess_landmarks([face, figure])
    expected = warp(template_points().points[[NAMED["noseTip"]]])[0] * 100
    assert np.linalg.norm(found.points[NAMED["noseTip"]] - expected) < 0.8


def test_no_face_says_so():
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12)), -1).reshape(-1, 2)
    plate = np.stack([grid[:, 0], 0.2 * grid[:, 1] ** 2, grid[:, 1]], 1)
    corners = np.array([[i, i + 1, i + 13, i + 12] for r in range(11) for i in (12 * r + 5,)])
    part = MeshPart("plate", plate, np.full(len(corners), 4), corners.ravel())
    with pytest.raises(FacewrightError) as caught:
        guess_landmarks([part])
    assert caught.value.code == "no-face-in-mesh"
    assert "landmarks" in caught.value.hint.lower()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flat_mesh_says_so(head, axis):
    """As an object with a scale of 0 makes any head."""
    flat = head.part.vertices * np.where(np.arange(3) == axis, 0.0, 1.0)
    with pytest.raises(FacewrightError) as caught:
        guess_landmarks([replace(head.part, vertices=flat)])
    assert caught.value.code == "mesh-flat"


def test_vertices_that_no_face_uses_do_not_count(head):
    stray = np.array([[5, 5, 5], [6, 5, 5], [-7, -5, -5]])
    part = replace(head.part, vertices=np.concatenate([head.part.vertices, stray]))
    found, alone = guess_landmarks([part]), guess_landmarks([head.part])
    assert np.array_equal(found.weights > 0, alone.weights > 0)
    assert np.nanmax(np.abs(found.points - alone.points)) < 1e-6


def test_looking_can_be_cancelled(head):
    with pytest.raises(Cancelled):
        guess_landmarks([head.part], Progress(is_cancelled=lambda: True))
