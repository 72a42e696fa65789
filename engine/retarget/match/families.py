# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches keys by ARKit's names and by the names of the families that ship as profiles.

The order: ARKit's own names; other spellings of them; the halves of a centre channel; profiles,
the best covered first, each only for what is still missing; keys for both sides; and likenesses,
such as visemes, only for parts of the face that nothing better moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ...core.arkit import NAMES, region_of
from .aliases import BOTH_SIDED
from .family import COVERED, Family, family_of
from .labels import find_labels
from .named import ONE_KEY, Candidate, NamedMatch, NamedRow, in_order, left_over, unused_duplicates
from .profiles import RigNames, profiles
from .spelling import Reading


def match_families(names: Sequence[str], likenesses: bool = True) -> NamedMatch:
    """Matches by ARKit's names and the shipped families' names.

    Args:
        names: The character's shape keys in its order, each once, the base left out.
        likenesses: Whether visemes and the like may stand in for what is missing.

    Returns:
        Rows with how "exact", "spelling" or "family".

    Raises:
        FacewrightError: a shipped profile is damaged.
    """
    names = tuple(dict.fromkeys(names))
    labels = find_labels(names)
    readings = {name: found for name in names if (found := labels.read(name)) is not None}
    rig = RigNames(names)
    families = sorted(
        (family_of(profile, rig, readings) for profile in profiles()),
        key=lambda family: (-family.precise, -family.exact, -len(family.rows)),
    )
    families = [family for family in families if family.accepted]
    rows = _spelled(names, readings, families)
    users = {key: "" for row in rows.values() for key in row.keys}
    told = [family for family in families if not family.profile.is_likeness]
    for approximate in (False, True):
        better: set[str] = set()
        for family in told:
            # What a better family has, be it a likeness, is not for the others.
            wanted = {n: r for n, r in family.rows.items() if n not in better}
            wanted = {n: r for n, r in wanted.items() if r.approximate is approximate}
            _fill(rows, users, wanted, family.profile.identifier)
            better |= family.rows.keys()
        if not approximate:
            _fill_both(rows, users, _both_sided(readings), "")
    if likenesses:
        add_likenesses(rows, names)
    rows = _with_duplicates(rows, names, readings)
    listed = recognised(rows)
    first = told[0].profile if told else None
    if first and told[0].exact >= COVERED * len(first.keys) and first.identifier not in listed:
        listed = (first.identifier, *listed)
    return NamedMatch(in_order(rows), left_over(names, rows), listed)


def recognised(rows: dict[str, NamedRow]) -> tuple[str, ...]:
    """Identifiers of the profiles that gave at least three rows, the one with most first."""
    counts = Counter(row.family for row in rows.values() if row.family)
    return tuple(family for family, count in counts.most_common() if count >= 3)


def add_likenesses(rows: dict[str, NamedRow], names: Sequence[str]) -> None:
    """Fills what is missing from families that know other movements than ARKit does.

    Args:
        rows: ARKit name -> row; filled in place. A likeness is taken only in a region where
            nothing precise is.
        names: The character's shape keys.
    """
    taken = {key for row in rows.values() for key in row.keys}
    rig = RigNames([name for name in names if name not in taken])
    families = [family_of(profile, rig, {}) for profile in profiles() if profile.is_likeness]
    families = sorted(
        (family for family in families if family.accepted),
        key=lambda family: (-len(family.rows), -family.exact),
    )
    users = {key: row.family for row in rows.values() for key in row.keys}
    regions = {region_of(name) for name, row in rows.items() if not row.approximate}
    for family in families:
        identifier = family.profile.identifier
        precise = {n: r for n, r in family.rows.items() if not r.approximate}
        _fill(rows, users, precise, identifier)
    for family in families:
        identifier = family.profile.identifier
        pairs = {
            hits[0]: stem
            for key, stem in BOTH_SIDED.get(identifier, {}).items()
            if (hits := rig.find(key))
        }
        _fill_both(rows, users, pairs, identifier)
        wanted = {
            n: r for n, r in family.rows.items() if r.approximate and region_of(n) not in regions
        }
        _fill(rows, users, wanted, identifier)


def _spelled(
    names: tuple[str, ...], readings: dict[str, Reading], families: list[Family]
) -> dict[str, NamedRow]:
    """Rows of ARKit's own names and of other spellings of them."""
    told = [family for family in families if not family.profile.is_likeness]
    first = told[0] if told and told[0].precise >= 10 else None
    position = {name: i for i, name in enumerate(names)}
    rows: dict[str, NamedRow] = {}
    for arkit in NAMES:
        theirs = first.rows.get(arkit) if first else None
        ranked = sorted(
            (name for name, r in readings.items() if r.kind == "whole" and arkit in r.channels),
            key=lambda name: (
                readings[name].distance > 1,
                not (theirs and name in theirs.keys),
                readings[name].distance,
                position[name],
            ),
        )
        if ranked:
            key = ranked[0]
            how = "spelling" if readings[key].distance else "exact"
            row = NamedRow(arkit, (Candidate(key),), how)
            if theirs and readings[key].distance and key in theirs.keys:
                # The family knows more about this key: other keys beside it, or a note.
                composite = len(theirs.candidates) > 1
                row = theirs if composite else replace(row, note=theirs.note)
            rows[arkit] = row
            continue
        halves = {
            r.side: name
            for name, r in reversed(readings.items())
            if arkit in r.channels and r.kind == "half"
        }
        if len(halves) == 2:
            both = (Candidate(halves["Left"]), Candidate(halves["Right"]))
            rows[arkit] = NamedRow(arkit, both, "spelling")
    return rows


def _both_sided(readings: dict[str, Reading]) -> dict[str, str]:
    """Keys that are a pair's name without a side -> the pair's stem; the nearest spelling."""
    found: dict[str, str] = {}
    for name, reading in sorted(readings.items(), key=lambda item: item[1].distance):
        stem = reading.channels[0].removesuffix("Left")
        if reading.kind == "both" and stem not in found.values():
            found[name] = stem
    return found


def _fill(
    rows: dict[str, NamedRow], users: dict[str, str], more: dict[str, NamedRow], family: str
) -> None:
    """Adds a family's rows for what is missing, unless another family moves one of their keys."""
    for arkit, row in more.items():
        if arkit not in rows and all(users.get(key, family) == family for key in row.keys):
            rows[arkit] = row
            users.update(dict.fromkeys(row.keys, family))


def _fill_both(
    rows: dict[str, NamedRow], users: dict[str, str], pairs: dict[str, str], family: str
) -> None:
    """Adds keys for both sides where neither side has one."""
    how = "family" if family else "spelling"
    for key, stem in pairs.items():
        sides = (f"{stem}Left", f"{stem}Right")
        if key in users or any(side in rows for side in sides):
            continue
        users[key] = family
        for side in sides:
            rows[side] = NamedRow(side, (Candidate(key),), how, note=ONE_KEY, family=family)


def _with_duplicates(
    rows: dict[str, NamedRow], names: tuple[str, ...], readings: dict[str, Reading]
) -> dict[str, NamedRow]:
    """The rows with the further keys whose names say the same."""
    found = {}
    for arkit, row in rows.items():
        same = tuple(
            name
            for name in names
            if (r := readings.get(name)) and r.kind == "whole" and arkit in r.channels
        )
        found[arkit] = replace(row, duplicates=row.duplicates + same)
    return unused_duplicates(found)
