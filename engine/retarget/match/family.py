# SPDX-License-Identifier: GPL-3.0-or-later
"""A shipped profile as a rig has it: which of its keys are there, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass

from ..mapping import KeyDrive, Row
from .aliases import BOTH_SIDED
from .named import ONE_KEY, Candidate, NamedRow
from .profiles import Profile, RigNames
from .spelling import SIDE_WORDS, Reading, cuts, one_separator, words

# How much of a family's own vocabulary a rig must have: letters in keys that ARKit's names don't
# explain, at most eight a key; a letter beyond ASCII counts five, since it says more.
_EVIDENCE = 12
_LETTERS_A_KEY = 8
_FOREIGN = 5
# Or so many of its keys, letter by letter: as a part of all, or as a number.
COVERED = 0.8
_MANY = 20
# Any rig may have a key "A"; one that has all five vowels speaks.
_VOWELS = 5


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


def family_of(profile: Profile, rig: RigNames, readings: dict[str, Reading]) -> Family:
    """A profile as a rig has it.

    Args:
        profile: The profile.
        rig: The rig's keys.
        readings: What ARKit's spellings explain already; such keys are no evidence of a family.
    """
    found = profile.find(rig)
    rows = {}
    for arkit, row in profile.mapping.rows.items():
        resolved = _resolved(arkit, row, found, profile)
        if resolved is not None:
            rows[arkit] = resolved
    rows |= _one_sided(profile, rig)
    exact = sum(any(_same(key, hit) for hit in hits) for key, hits in found.items())
    own = {hit for hits in found.values() for hit in hits if hit not in readings}
    own |= {hit for key in BOTH_SIDED.get(profile.identifier, {}) for hit in rig.find(key)}
    enough = _VOWELS if profile.is_likeness else min(_MANY, COVERED * len(profile.keys))
    accepted = exact >= enough or sum(_letters(name) for name in own) >= _EVIDENCE
    return Family(profile, found, exact, rows, accepted)


def _same(key: str, hit: str) -> bool:
    """Whether a rig's key is a family's letter by letter.

    But for case, what is in front, and which kind of separator stands between the words.
    """
    return one_separator(key) in (one_separator(cut) for cut in cuts(hit))


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


def _one_sided(profile: Profile, rig: RigNames) -> dict[str, NamedRow]:
    """Rows of channels whose key for both sides has the rig's two halves beside it."""
    found: dict[str, NamedRow] = {}
    rows = profile.mapping.rows
    for arkit, row in rows.items():
        partner = f"{arkit.removesuffix('Left')}Right"
        shared = arkit.endswith("Left") and partner in rows and rows[partner].drives == row.drives
        if not shared or len(row.drives) != 1 or not isinstance(row.drives[0], KeyDrive):
            continue
        key, weight = row.drives[0].key, row.drives[0].weight
        halves = [
            next((hit for form in forms for hit in rig.find(form)), "")
            for forms in (
                (f"{key}左", f"左{key}", f"{key}_L"),
                (f"{key}右", f"右{key}", f"{key}_R"),
            )
        ]
        if not all(halves):
            continue
        note = "" if row.note == ONE_KEY else row.note
        for name, half in zip((arkit, partner), halves, strict=True):
            found[name] = NamedRow(
                name,
                (Candidate(half, weight),),
                "family",
                row.approximate,
                note,
                family=profile.identifier,
            )
    return found
