# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 names as other programs spell them."""

from __future__ import annotations

from functools import lru_cache

from ..core.arkit import INDEX

_BY_SPELLING = {name.lower(): index for name, index in INDEX.items()}


@lru_cache(maxsize=4096)
def arkit_index(name: str) -> int | None:
    """The index of a name in ``core.arkit.NAMES``, or None where it is none of them.

    Any case, with or without underscores, and with ``_L`` and ``_R`` for the sides: ``jawOpen``,
    ``JawOpen``, ``jaw_open``, ``mouthSmile_L``.
    """
    plain = name.strip().lower()
    for short, side in (("_l", "left"), ("_r", "right")):
        if plain.endswith(short):
            plain = plain.removesuffix(short) + side
    return _BY_SPELLING.get(plain.replace("_", ""))
