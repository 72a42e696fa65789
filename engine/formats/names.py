# SPDX-License-Identifier: GPL-3.0-or-later
"""Other spellings of the 52 ARKit names: any case, and ``_L`` and ``_R`` for the sides."""

from __future__ import annotations

from functools import lru_cache

from ..core.arkit import INDEX

_DIRECTIONS = frozenset({"jawLeft", "jawRight", "mouthLeft", "mouthRight"})
_BY_SPELLING = {name.lower(): index for name, index in INDEX.items()}


def short_name(name: str) -> str:
    """``mouthSmileLeft`` -> ``mouthSmile_L``; ``mouthLeft`` is a direction and stays.

    The spelling of iFacialMocap and Face Cap.
    """
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in _DIRECTIONS:
            return f"{name.removesuffix(side)}_{side[0]}"
    return name


@lru_cache(maxsize=4096)
def arkit_index(name: str) -> int | None:
    """The place of a weight in ``core.arkit.NAMES``, or None for another program's own name.

    Any case, with or without underscores, and with ``_L`` and ``_R`` for the sides: ``jawOpen``,
    ``JawOpen``, ``jaw_open``, ``mouthSmile_L``.
    """
    plain = name.strip().lower()
    for short, side in (("_l", "left"), ("_r", "right")):
        if plain.endswith(short):
            plain = plain.removesuffix(short) + side
    return _BY_SPELLING.get(plain.replace("_", ""))
