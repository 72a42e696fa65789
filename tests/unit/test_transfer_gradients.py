# SPDX-License-Identifier: GPL-3.0-or-later
"""Deformation gradients: of known deformations, and back to displacements."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import diags_array, eye_array
from scipy.sparse.linalg import splu

from engine.retarget.transfer.gradients import GradientEquations, deformation
from engine.retarget.transfer.surface import Surface


@pytest.fixture
def bowl():
    """A curved grid with triangles of several sizes."""
    x, y = np.meshgrid(np.linspace(-1, 1, 9) ** 3 + np.linspace(-1, 1, 9), np.linspace(-1, 1, 7))
    vertices = np.stack([x.ravel(), y.ravel(), 0.3 * (x**2 - y**2).ravel()], 1)
    cell = np.add.outer(np.arange(6) * 9, np.arange(8)).ravel()
    quads = np.stack([cell, cell + 1, cell + 10, cell + 9], 1)
    return Surface(vertices, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))


def test_a_turn_is_the_same_everywhere(bowl):
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    moves = bowl.vertices @ turn.T - bowl.vertices + [3.0, -1.0, 2.0]
    assert np.allclose(deformation(bowl, moves), turn - np.eye(3))


def test_a_stretch_is_found_along_the_surface(bowl):
    stretch = np.array([[1.2, 0.3, 0], [0, 0.9, 0], [0.1, 0, 1.1]])
    found = deformation(bowl, bowl.vertices @ (stretch - np.eye(3)).T)
    a, b, _ = (bowl.vertices[bowl.triangles[:, k]] for k in range(3))
    assert np.allclose(np.einsum("tij,tj->ti", found, b - a), (b - a) @ (stretch - np.eye(3)).T)


def solved(equations, right, held, places):
    pinned = diags_array(held.astype(float))
    return splu((equations.stiffness + pinned).tocsc()).solve(right + pinned @ places)


def test_a_bump_comes_back_from_its_gradients(bowl):
    """What each vertex is told is a mean over its triangles, so a broad bump is a little lower."""
    count = len(bowl.vertices)
    moves = np.exp(-(bowl.vertices[:, :1] ** 2 + bowl.vertices[:, 1:2] ** 2)) * [[0.02, 0.1, 0.05]]
    equations = GradientEquations(bowl, np.ones(count), eye_array(count), bowl)
    held = np.zeros(count)
    held[[0, 8, 54, 62]] = 100
    got = solved(equations, equations.right(moves), held, moves)
    assert np.linalg.norm(got - moves) < 0.2 * np.linalg.norm(moves)
    assert np.allclose(equations.stiffness @ np.ones(count), 0, atol=1e-9)


def test_a_larger_mesh_moves_in_proportion(bowl):
    """Gradients have no unit: twice the size, twice the displacement."""
    count = len(bowl.vertices)
    large = Surface(2 * bowl.vertices, bowl.triangles)
    moves = 0.1 * np.sin(bowl.vertices)
    held = np.zeros(count)
    held[0] = 1
    results = [
        solved(e, e.right(moves), held, np.zeros((count, 3)))
        for e in (
            GradientEquations(m, np.ones(count), eye_array(count), bowl) for m in (bowl, large)
        )
    ]
    assert np.allclose(results[1], 2 * results[0])
