# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that names alone can say about a character's keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.arkit import mirror_name
from .bare_names import bare_names
from .families import add_likenesses, match_families, recognised
from .named import (
    ONE_KEY,
    Candidate,
    NamedMatch,
    NamedRow,
    in_order,
    left_over,
    unused_duplicates,
)
from .tokens import match_tokens

_MOVES_BOTH = "The key moves both sides, while the other side has one of its own."


def match_by_name(names: Sequence[str]) -> NamedMatch:
    """Matches by ARKit's names, by families, by words, and last by likenesses.

    Args:
        names: The character's shape keys in its order, the base left out.

    Raises:
        FacewrightError: a shipped profile is damaged.
    """
    names = tuple(dict.fromkeys(names))
    full = bare_names(names)
    match = _match(tuple(full))
    return match if tuple(full) == names else _with_full_names(match, full)


def _match(names: tuple[str, ...]) -> NamedMatch:
    known = match_families(names, likenesses=False)
    lone = _both_sided_beside_one(known.rows)
    taken = {name for name, row in known.rows.items() if not row.approximate} - lone
    told = match_tokens(known.left_over, taken)
    rows = dict(known.rows)
    rows |= {n: replace(rows[n], approximate=True, note=_MOVES_BOTH) for n in lone}
    rows |= {n: r for n, r in told.rows.items() if n not in rows or not r.approximate}
    add_likenesses(rows, names)
    rows = unused_duplicates(in_order(rows))
    rest = left_over(names, rows)
    families = tuple(dict.fromkeys((*known.families, *recognised(rows))))
    refused = {name: told.refused[name] for name in rest if name in told.refused}
    return NamedMatch(rows, rest, families, refused)


def _both_sided_beside_one(rows: dict[str, NamedRow]) -> set[str]:
    """Channels that have a key for both sides, while their partner has one for itself."""
    return {
        name
        for name, row in rows.items()
        if ONE_KEY in row.note
        and (other := rows.get(mirror_name(name))) is not None
        and not set(row.keys) & set(other.keys)
    }


def _with_full_names(match: NamedMatch, full: dict[str, str]) -> NamedMatch:
    """The match with the rig's own names; ``full`` is bare -> full name."""
    rows = {
        name: replace(
            row,
            candidates=tuple(Candidate(full[c.key], c.weight) for c in row.candidates),
            how="spelling" if row.how == "exact" and full[row.keys[0]] != name else row.how,
            duplicates=tuple(full[key] for key in row.duplicates),
        )
        for name, row in match.rows.items()
    }
    refused = {full[name]: why for name, why in match.refused.items()}
    return NamedMatch(rows, tuple(full[k] for k in match.left_over), match.families, refused)
