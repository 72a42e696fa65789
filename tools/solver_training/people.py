# SPDX-License-Identifier: GPL-3.0-or-later
"""Random people: shape of the head, skin, brows, lips, eyes, hair; and the light they stand in."""

from __future__ import annotations

import itertools
import math

import numpy as np

from .morphable import Head
from .rasterizer import Light

# iBUG landmarks of each brow, each eye's rim, and the lips.
_BROWS = (range(17, 22), range(22, 27))
_EYES = (range(36, 42), range(42, 48))
_OUTER_LIPS, _INNER_LIPS = range(48, 60), range(60, 68)
# Inner lips repeated so that each outer point has its partner.
_INNER_PARTNERS = (0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7)
# Linear RGB from very fair to very dark.
_SKINS = np.array([[0.80, 0.58, 0.48], [0.66, 0.42, 0.31], [0.45, 0.27, 0.18], [0.16, 0.08, 0.05]])
_HAIRS = np.array([[0.02, 0.015, 0.01], [0.10, 0.05, 0.03], [0.40, 0.26, 0.13], [0.28, 0.27, 0.26]])
_IRISES = np.array([[0.13, 0.06, 0.03], [0.12, 0.22, 0.33], [0.10, 0.18, 0.10], [0.25, 0.15, 0.07]])


class Wardrobe:
    """Where on the head brows, lips, hair and so on are; made once for a model."""

    def __init__(self, head: Head) -> None:
        at = head.base
        self._head = head
        skin = head.material == 0
        marks = at[head.landmarks]
        self._brows = skin * _near(at, [marks[list(row)] for row in _BROWS])
        rims = [marks[[*row, row[0]]] for row in _EYES]
        self._rims = skin * _near(at, rims)
        inner = marks[list(_INNER_LIPS)]
        middle = (marks[list(_OUTER_LIPS)] + inner[list(_INNER_PARTNERS)]) / 2
        self._lips = skin * _near(at, [np.concatenate([middle, middle[:1]])])
        mouth = inner.mean(0)
        jaw = np.linalg.norm((at - mouth - [0, -2.5, -1]) / [5.5, 4.0, 6.0], axis=1)
        self._beard = skin * np.clip(1.6 - jaw, 0, 1) * (at[:, 1] < mouth[1] + 1.6)
        scalp = (at[:, 1] - 8.0) * 0.35 - at[:, 2] * 0.12 + 0.4
        self._scalp = skin * np.clip(scalp, 0, 1)
        cheek = np.abs(at[:, 0:1]) - [[3.8]]
        self._cheeks = (
            skin * np.exp(-(cheek[:, 0] ** 2 + (at[:, 1] + 0.5) ** 2) / 4) * (at[:, 2] > 5)
        )
        self._irises = np.zeros(len(at))
        for eye in head.eyes:
            ball = at[eye]
            out = ball - ball.mean(0)
            radius = np.hypot(out[:, 0], out[:, 1]) / np.abs(out).max()
            self._irises[eye] = np.where(out[:, 2] > 0, radius, 1.0)

    def dress(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Colours of a person.

        Returns:
            float (n, 3) linear RGB and float (n,) roughness.
        """
        at, material = self._head.base, self._head.material
        tone = random.uniform(0, len(_SKINS) - 1)
        low = min(int(tone), len(_SKINS) - 2)
        skin = _SKINS[low] + (tone - low) * (_SKINS[low + 1] - _SKINS[low])
        skin = skin * random.uniform(0.9, 1.1, 3)
        hair = _HAIRS[random.integers(len(_HAIRS))] * random.uniform(0.6, 1.3)
        colour = np.tile(skin, (len(at), 1))
        spots = np.sin(at * random.uniform(1.5, 5, 3) + random.uniform(0, 6, 3)).prod(1)
        colour *= 1 + (0.07 * spots + random.normal(0, 0.02, len(at)))[:, None]

        def blend(amount: np.ndarray, paint: np.ndarray) -> None:
            share = np.clip(amount, 0, 1)[:, None]
            colour[:] = colour * (1 - share) + paint * share

        blend(random.uniform(0, 0.35) * self._cheeks, skin * [1.0, 0.6, 0.6])
        rouge = skin * random.uniform([0.7, 0.35, 0.35], [1.0, 0.7, 0.75])
        width = random.uniform(0.38, 0.5)
        blend(1.5 - self._distance(self._lips) / width, rouge)
        liner = random.uniform(0, 0.6) * (
            1.2 - self._distance(self._rims) / random.uniform(0.1, 0.2)
        )
        blend(liner, skin * 0.15)
        if random.random() < 0.25:
            blend(random.uniform(0.1, 0.8) * self._beard, hair)
        width = random.uniform(0.22, 0.42)
        blend(random.uniform(0.5, 1) * (1.4 - self._distance(self._brows) / width), hair)
        if random.random() < 0.7:
            blend(4 * self._scalp - random.uniform(0, 3), hair)
        iris, pupil = random.uniform(0.46, 0.53), random.uniform(0.18, 0.28)
        white = random.uniform(0.75, 0.9) * np.array([1, 0.98, 0.95])
        eye = material == 1
        colour[eye] = white
        colour[eye & (self._irises < iris)] = _IRISES[random.integers(len(_IRISES))]
        colour[eye & (self._irises < pupil)] = 0.01
        colour[material == 2] = np.array([0.8, 0.76, 0.68]) * random.uniform(0.7, 1.1)
        colour[material == 3] = np.array([0.5, 0.17, 0.16]) * random.uniform(0.7, 1.1)
        colour[material == 4] = random.uniform(0.02, 0.12)
        shine = np.array([random.uniform(0.4, 0.75), random.uniform(0.08, 0.2), 0.25, 0.4, 0.7])
        return colour, shine[material]

    @staticmethod
    def _distance(near: np.ndarray) -> np.ndarray:
        """Distances in cm; far away where the part cannot be."""
        return np.where(near > 0, near, np.inf)


def random_modes(random: np.random.Generator, count: int) -> np.ndarray:
    """Identity weights of a person: from average to striking, fine modes weaker."""
    fade = np.exp(-np.arange(count) / 40)
    return random.normal(0, random.uniform(0.5, 1.1), count) * fade


def random_lights(random: np.random.Generator) -> tuple[list[Light], float]:
    """A key light of some width, a fill light, a dome; and an exposure."""
    side = random.choice([-1, 1])
    key_way = np.array([side * random.uniform(0.1, 1.3), random.uniform(-0.2, 1.0), 1.0])
    fill_way = np.array([-side * random.uniform(0.2, 1.5), random.uniform(-0.3, 0.8), 1.0])
    dome = random.uniform(0.3, 0.9) * random.uniform(0.8, 1.2, 3)
    key = random.uniform(0.2, 1.0) * random.uniform(0.85, 1.15, 3)
    fill = random.uniform(0.0, 0.4) * random.uniform(0.85, 1.15, 3)
    spread = random.uniform(0.05, 0.3)
    lights = [
        Light(_unit(key_way + random.normal(0, spread, 3)), key / 2),
        Light(_unit(key_way + random.normal(0, spread, 3)), key / 2),
        Light(_unit(fill_way), fill),
    ]
    turn = random.uniform(0, 2 * math.pi)
    for i in range(5):
        angle, height = turn + 2.4 * i, (i + 0.3) / 5
        radius = math.sqrt(1 - height * height)
        way = np.array([radius * math.cos(angle), radius * math.sin(angle), height])
        lights.append(Light(way, dome / 5))
    return lights, random.uniform(0.75, 1.4)


def _near(at: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    """float (n,): distance in cm to the nearest of some polylines."""
    best = np.full(len(at), np.inf)
    for line in lines:
        for a, b in itertools.pairwise(line):
            along = np.clip((at - a) @ (b - a) / max((b - a) @ (b - a), 1e-9), 0, 1)
            best = np.minimum(best, np.linalg.norm(at - a - along[:, None] * (b - a), axis=1))
    return np.maximum(best, 1e-6)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
