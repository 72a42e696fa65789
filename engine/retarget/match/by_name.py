# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that names alone can say about a character's keys."""

from __future__ import annotations

from collections.abc import Sequence

from .families import add_likenesses, match_families, recognised
from .named import NamedMatch, in_order, left_over, unused_duplicates
from .tokens import match_tokens


def match_by_name(names: Sequence[str]) -> NamedMatch:
    """Matches by ARKit's names, by families, by words, and last by likenesses.

    Args:
        names: The character's shape keys in its order, the base left out.

    Raises:
        FacewrightError: a shipped profile is damaged.
    """
    names = tuple(dict.fromkeys(names))
    known = match_families(names, likenesses=False)
    taken = {name for name, row in known.rows.items() if not row.approximate}
    told = match_tokens(known.left_over, taken)
    rows = dict(known.rows)
    rows |= {n: r for n, r in told.rows.items() if n not in rows or not r.approximate}
    add_likenesses(rows, names)
    rows = unused_duplicates(in_order(rows))
    rest = left_over(names, rows)
    families = tuple(dict.fromkeys((*known.families, *recognised(rows))))
    refused = {name: told.refused[name] for name in rest if name in told.refused}
    return NamedMatch(rows, rest, families, refused)
