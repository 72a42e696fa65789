# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches keys by ARKit's names and by the names of the families that ship as profiles.

The order: ARKit's own names; other spellings of them; the halves of a centre channel; profiles,
the best covered first, each only for what is still missing; keys for both sides; and likenesses,
such as visemes, only for parts of the face that nothing better moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...core.arkit import NAMES, region_of
from ..mapping import KeyDrive, Row
from .aliases import BOTH_SIDED
from .named import Candidate, NamedMatch, NamedRow, in_order, left_over
from .profiles import Profile, RigNames, profiles
from .spelling import SIDE_WORDS, Reading, cleaned, cuts, read_with, shared_affixes, words

# How much of a family's own vocabulary a rig must have: letters in keys that ARKit's names don't
# explain, at most eight a key; a letter beyond ASCII counts five, since it says more.
_EVIDENCE = 12
_LETTERS_A_KEY = 8
_FOREIGN = 5
# Or so many of its keys, letter by letter, as a part of all.
_COVERED = 0.8
_ONE_KEY = "One key moves both sides."


@dataclass(frozen=True)
class Family:
    """A profile as a rig has it.

    Attributes:
        profile: The profile.
        found: Its keys -> the rig's.
        exact: How many of its keys the rig has letter by letter, but for case.
        rows: ARKit name -> row, as far as the rig has the keys.
        accepted: Whether the rig belongs to the family.
    """

    profile: Profile
    found: dict[str, tuple[str, ...]]
    exact: int
    rows: dict[str, NamedRow]
    accepted: bool

    @property
    def precise(self) -> int:
        """How many rows are no likenesses."""
        return sum(not row.approximate for row in self.rows.values())


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
    affixes = shared_affixes(names)
    readings = {name: found for name in names if (found := read_with(name, affixes)) is not None}
    rig = RigNames(names)
    families = sorted(
        (_family(profile, rig, names, readings) for profile in profiles()),
        key=lambda family: (-family.precise, -family.exact, -len(family.rows)),
    )
    families = [family for family in families if family.accepted]
    rows = _spelled(names, readings, families)
    users = {key: "" for row in rows.values() for key in row.keys}
    told = [family for family in families if not family.profile.is_likeness]
    for approximate in (False, True):
        for family in told:
            wanted = {n: r for n, r in family.rows.items() if r.approximate is approximate}
            _fill(rows, users, wanted, family.profile.identifier)
        if not approximate:
            _fill_both(rows, users, _both_sided(readings), "")
    if likenesses:
        add_likenesses(rows, names)
    rows = _with_duplicates(rows, names, readings)
    listed = recognised(rows)
    first = told[0].profile if told else None
    if first and told[0].exact >= _COVERED * len(first.keys) and first.identifier not in listed:
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
    families = [
        _family(profile, rig, tuple(names), {}) for profile in profiles() if profile.is_likeness
    ]
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


def _family(
    profile: Profile, rig: RigNames, names: tuple[str, ...], readings: dict[str, Reading]
) -> Family:
    found = profile.find(rig)
    sided = _sided(profile, rig)
    rows = {}
    for arkit, row in profile.mapping.rows.items():
        resolved = _resolved(arkit, row, found, profile)
        if arkit in sided and resolved is not None:
            resolved = replace(
                resolved,
                candidates=(Candidate(sided[arkit], resolved.candidates[0].weight),),
                duplicates=(),
                note="" if resolved.note == _ONE_KEY else resolved.note,
            )
        elif arkit in sided:
            weight = next(drive.weight for drive in row.drives if isinstance(drive, KeyDrive))
            resolved = NamedRow(
                arkit,
                (Candidate(sided[arkit], weight),),
                "family",
                row.approximate,
                "" if row.note == _ONE_KEY else row.note,
                (),
                profile.identifier,
            )
        if resolved is not None:
            rows[arkit] = resolved
    exact = sum(any(_same(key, hit) for hit in hits) for key, hits in found.items())
    own = {hit for hits in found.values() for hit in hits if hit not in readings}
    own |= {hit for key in BOTH_SIDED.get(profile.identifier, {}) for hit in rig.find(key)}
    evidence = sum(_letters(name) for name in own)
    covered = exact >= _COVERED * len(profile.keys) or (exact >= 4 and exact * 2 > len(found) > 4)
    if profile.is_likeness:
        # Five vowels are letters that any rig may have; all five together are a family.
        covered = exact >= 5
    return Family(profile, found, exact, rows, evidence >= _EVIDENCE or covered)


def _same(key: str, hit: str) -> bool:
    """Whether a rig's key is a family's letter by letter, but for case and what is in front."""
    return cleaned(key).casefold() in (cut.casefold() for cut in cuts(hit))


def _letters(name: str) -> int:
    text = cuts(name)[-1]
    weight = sum(_FOREIGN if ord(letter) > 0x2FFF else letter.isalnum() for letter in text)
    foreign = any(ord(letter) > 0x2FFF for letter in text)
    return weight if foreign else min(weight, _LETTERS_A_KEY)


def _resolved(
    arkit: str, row: Row, found: dict[str, tuple[str, ...]], profile: Profile
) -> NamedRow | None:
    """A profile's row with the rig's keys; None where too much of it is missing."""
    drives = [drive for drive in row.drives if isinstance(drive, KeyDrive)]
    here = [drive for drive in drives if drive.key in found]
    whole = sum(abs(drive.weight) for drive in drives)
    if not here or sum(abs(drive.weight) for drive in here) < 0.5 * whole:
        return None
    note = row.note
    partial = len(here) < len(drives)
    if partial:
        if len({_side(drive.key) for drive in drives}) > len({_side(d.key) for d in here}):
            return None  # One half of a centre channel would pull the face to a side.
        missing = ", ".join(drive.key for drive in drives if drive.key not in found)
        note = f"{note} Without {missing}, which the character does not have.".strip()
    used: dict[str, float] = {}
    for drive in here:
        used.setdefault(found[drive.key][0], drive.weight)
    more = found[here[0].key][1:] if len(drives) == 1 else ()
    return NamedRow(
        arkit,
        tuple(Candidate(key, weight) for key, weight in used.items()),
        "family",
        row.approximate or (partial and not profile.is_likeness),
        note,
        more,
        profile.identifier,
    )


def _side(key: str) -> str:
    sides = [SIDE_WORDS[word] for word in words(key) if word in SIDE_WORDS]
    if sides:
        return sides[-1]
    # Quarters: UL, DR.
    return {"l": "Left", "r": "Right"}.get(key[-1:].lower(), "") if key[-2:].isupper() else ""


def _sided(profile: Profile, rig: RigNames) -> dict[str, str]:
    """Channels whose one key for both sides has the rig's two halves beside it."""
    sided = {}
    rows = profile.mapping.rows
    for arkit, row in rows.items():
        partner = arkit.removesuffix("Left") + "Right"
        if not arkit.endswith("Left") or partner not in rows or len(row.drives) != 1:
            continue
        drive = row.drives[0]
        if not isinstance(drive, KeyDrive) or rows[partner].drives != row.drives:
            continue
        halves = {
            name: next((hit for form in forms for hit in rig.find(form)), None)
            for name, forms in (
                (arkit, (f"{drive.key}左", f"左{drive.key}", f"{drive.key}_L")),
                (partner, (f"{drive.key}右", f"右{drive.key}", f"{drive.key}_R")),
            )
        }
        if all(halves.values()):
            sided |= halves
    return sided


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
            rows[side] = NamedRow(side, (Candidate(key),), how, note=_ONE_KEY, family=family)


def _with_duplicates(
    rows: dict[str, NamedRow], names: tuple[str, ...], readings: dict[str, Reading]
) -> dict[str, NamedRow]:
    """The rows with the further keys whose names say the same; none of them moves anything."""
    used = {key for row in rows.values() for key in row.keys}
    found = {}
    for arkit, row in rows.items():
        same = [
            name
            for name in names
            if (r := readings.get(name)) and r.kind == "whole" and arkit in r.channels
        ]
        more = dict.fromkeys(key for key in (*row.duplicates, *same) if key not in used)
        found[arkit] = replace(row, duplicates=tuple(more))
    return found
