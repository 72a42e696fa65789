# SPDX-License-Identifier: GPL-3.0-or-later
"""How alike two sets of keys move a face, once both faces lie on each other.

Several measures, because each alone confuses some names: the direction of the motion point by
point, where the motion is, which way it leans as a whole, how large it is beside the other keys',
and how each key goes with the others (a smile overlaps its dimple, a brow that goes up opposes the
brow that goes down).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .motion import Motion, lengths

# In units of the face's spread (about 25 mm on a grown-up): how far motion is blurred, and how far
# a point may lie from the other face's and still be compared.
BLUR = 0.2
REACH = 0.5
NEIGHBOURS = 8
# Left and right of this the two sides of a face are told apart.
MIDDLE = 0.15
# More than this apart is as good as unlike, so that one odd key does not decide for all others.
LEAN_LIMIT = 1.5
SIZE_LIMIT = 1.5

# How much each measure counts; found on rigs of other heads than the template, see
# benchmarks/retarget_geometry.py.
DIRECTION = 0.5
PLACE = 0.6
LEAN = 0.18
COMPANY = 0.35
SIZE = 0.28


@dataclass(frozen=True)
class Likeness:
    """Likeness of K keys (rows) to the template's C names (columns).

    Attributes:
        direction: (K, C) cosine of the displacement fields, each axis for itself, -1..1.
        place: (K, C) cosine of the displacement's lengths, 0..1.
        lean: (K, C) how far apart the mean directions are, 0..LEAN_LIMIT; the sideways part is
            outward or inward, so that both sides of a mouth agree.
        own, other: (K, K) and (C, C) cosine between the keys of one face, over the same points.
        own_size, other_size: (K,) and (C,) logarithm of the displacement.
    """

    direction: np.ndarray
    place: np.ndarray
    lean: np.ndarray
    own: np.ndarray
    other: np.ndarray
    own_size: np.ndarray
    other_size: np.ndarray

    def score(self, pairs: list[tuple[int, int]]) -> np.ndarray:
        """(K, C) all measures in one; the higher, the more alike.

        Args:
            pairs: (key, name) that are believed so far; without them size and company are silent.
        """
        score = DIRECTION * self.direction + PLACE * self.place - LEAN * self.lean
        if not pairs:
            return score
        keys, names = (list(column) for column in zip(*pairs, strict=True))
        usual = np.median(self.own_size[keys] - self.other_size[names])
        apart = np.abs(self.own_size[:, None] - self.other_size - usual)
        score = score - SIZE * np.minimum(apart, SIZE_LIMIT)
        return score - COMPANY * _company(self.own, self.other, keys, names)


def compare(motion: Motion, template: Motion) -> Likeness:
    """Compare motions that are in one frame, with spread 1.

    Each face's motion is looked up at the points of the other, so that neither the density of the
    mesh nor a part that only one of them has (eyeballs, teeth) decides.
    """
    ways = list(_both_ways(motion, template))
    directions = [_axiswise(own, other) for own, other, _ in ways]
    places = [_cosine(lengths(own), lengths(other)) for own, other, _ in ways]
    # The template is skin and tongue alone, so what is measured there is comparable.
    own, other, at = ways[0]
    apart = _lean(own, at)[:, None] - _lean(other, at)
    return Likeness(
        direction=sum(directions) / 2,
        place=sum(places) / 2,
        lean=np.minimum(np.linalg.norm(apart, axis=2), LEAN_LIMIT),
        own=_whole(own, own),
        other=_whole(other, other),
        own_size=_size(own),
        other_size=_size(other),
    )


def direction(motion: Motion, template: Motion) -> np.ndarray:
    """(K, C) plain cosine of the displacement fields, -1..1: quicker than ``compare``."""
    return sum(_whole(own, other) for own, other, _ in _both_ways(motion, template)) / 2


def _both_ways(motion: Motion, template: Motion):
    """Both motions, weighted, at the template's points and at the character's."""
    from scipy.spatial import cKDTree

    own_tree, other_tree = cKDTree(motion.points), cKDTree(template.points)
    for at in (template, motion):
        own, near_own = _blurred(own_tree, motion.fields, at.points)
        other, near_other = _blurred(other_tree, template.fields, at.points)
        weights = np.sqrt(at.weights * near_own * near_other).astype(np.float32)[:, None, None]
        yield own * weights, other * weights, at.points


def _company(own: np.ndarray, other: np.ndarray, keys: list[int], names: list[int]) -> np.ndarray:
    """(K, C): how differently keys go with the believed ones, weighted by how much they overlap."""
    rows, columns = own[:, keys], other[:, names]
    apart = np.empty((len(own), len(other)))
    for name, column in enumerate(columns):
        share = np.maximum(np.abs(rows), np.abs(column))
        # A key beside itself says nothing; only for believed pairs it would say "alike".
        share[keys, range(len(keys))] = 0
        share[:, [number for number, one in enumerate(names) if one == name]] = 0
        apart[:, name] = (share * (rows - column) ** 2).sum(axis=1) / (share.sum(axis=1) + 0.3)
    return np.sqrt(apart)


def _lean(fields: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(K, 3) mean direction, outward instead of left; its length says how much of it agrees."""
    far = lengths(fields)
    sideways = np.tanh(at[:, 0] / MIDDLE).astype(np.float32)[:, None]
    lean = [
        (far * fields[:, axis] * (sideways if axis == 0 else 1)).sum(axis=0) for axis in range(3)
    ]
    return np.stack(lean, axis=1) / ((far**2).sum(axis=0)[:, None] + 1e-12)


def _size(fields: np.ndarray) -> np.ndarray:
    far = lengths(fields)
    count = min(20, len(far))
    largest = np.partition(far, -count, axis=0)[-count:].mean(axis=0)
    return np.log(np.maximum(largest, 1e-9))


def _blurred(tree, fields: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fields (P, 3, K) at other points (Q, 3), and how near (Q,) those are to the face, 0..1."""
    from scipy.sparse import csr_array

    count = min(NEIGHBOURS, len(tree.data))
    distance, index = tree.query(at, k=np.arange(1, count + 1))
    share = np.exp(-0.5 * (distance / BLUR) ** 2) + 1e-9
    share = (share / share.sum(axis=1, keepdims=True)).astype(np.float32)
    start = np.arange(0, index.size + 1, count)
    weights = csr_array((share.ravel(), index.ravel(), start), shape=(len(at), len(tree.data)))
    near = np.exp(-0.5 * (distance[:, 0] / REACH) ** 2)
    return (weights @ fields.reshape(len(fields), -1)).reshape(len(at), *fields.shape[1:]), near


def _axiswise(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(K, C) cosine of each axis' part, weighted by how much of both is along the axis.

    Most of a mouth's motion is forward in several keys; the smaller part sideways tells them apart.
    """
    parts, others = np.sqrt((one**2).sum(axis=0)), np.sqrt((other**2).sum(axis=0))
    shares = parts / (np.linalg.norm(parts, axis=0) + 1e-12)
    other_shares = others / (np.linalg.norm(others, axis=0) + 1e-12)
    total = np.zeros((one.shape[2], other.shape[2]))
    weight = np.full_like(total, 1e-9)
    for axis in range(3):
        share = np.sqrt(np.outer(shares[axis], other_shares[axis]))
        total += share * _cosine(one[:, axis], other[:, axis])
        weight += share
    return total / weight


def _whole(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(K, C) cosine of fields (P, 3, K) and (P, 3, C)."""
    return _cosine(one.reshape(-1, one.shape[2]), other.reshape(-1, other.shape[2]))


def _cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(K, C) cosine between the columns of (M, K) and (M, C)."""
    norms = np.outer(_norms(one), _norms(other))
    return (one.T @ other).astype(np.float64) / (norms + 1e-12)


def _norms(columns: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("mk,mk->k", columns, columns, dtype=np.float64))
