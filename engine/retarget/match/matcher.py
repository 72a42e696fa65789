# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches a character's shape keys to the 52 channels: by name, then by what the keys do.

Names come first, because an artist's word is worth more than a likeness; but sides are read from
where the vertices are, because "left" is the viewer's in half of the world's rigs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ...core.arkit import DIRECTIONS, NAMES, mirror_name
from ...core.errors import FacewrightError
from ..mapping import KeyDrive
from .by_name import match_by_name
from .face_frame import FaceFrame, find_face_frame
from .joined import JoinedKeys, is_nameless, join
from .named import NamedMatch
from .recognise import SURE, Recognition, recognise
from .result import ChannelMatch, MatchResult, MeshKeys
from .sides import KeySide, fits_side, key_sides, pair_sides

# When so many of the pairs whose side can be told are swapped, those that cannot are, too.
_ALL_SWAPPED = 0.8
# When more pairs than a slip or two are swapped, but not all, the likeness to a face must be this
# much (mean cosine) for vertices to be believed rather than names.
_SLIPS, _SURELY_A_FACE = 0.25, 0.3
# So many moving vertices, and so much likeness to a face, say anything at all about sides.
_FEW_VERTICES, _A_FACE = 40, 0.15
# Words that say what a key does not do are not believed.
_CONTRADICTED = 0.05
# Where names say so much of a rig, what they do not say is something else than a channel.
_TOLD = 10
# A key with a name of its own must look much more like a channel than one without.
_SURE_OF_NAMED = 0.5
# Where about as many keys are nameless as channels are missing, they are likely those channels.
_WHOLE_SET, _BESIDES, _SURE_OF_SET = 30, 4, 0.12
# A viseme looks like a channel, but says itself that it is none.
_VISEME = re.compile(
    r"^(?:.*[.:|])?(?:viseme|vrc\.v_|v_(?:aa|e|ih|oh|ou|pp|ff|th|dd|kk|ch|ss|nn|rr|sil)$)", re.I
)
_OTHER_SIDE = "Its vertices are on the other side than its name says."


def match_keys(meshes: Sequence[MeshKeys]) -> MatchResult:
    """Finds the shape keys of each ARKit channel.

    Args:
        meshes: The meshes of one character, in axes that they share.

    Raises:
        FacewrightError: A shipped profile is damaged.
    """
    joined = join(meshes)
    named = match_by_name(joined.names)
    channels = {
        name: ChannelMatch(
            name,
            tuple(_drive(candidate.key, candidate.weight) for candidate in row.candidates),
            row.how,
            row.approximate,
            row.note,
            row.duplicates,
        )
        for name, row in named.rows.items()
    }
    notes: list[str] = []
    if joined.base is not None and joined.names:
        channels = _look(joined, named, channels, notes)
    channels = {name: channels[name] for name in NAMES if name in channels}
    channels = _other_meshes(meshes, channels)
    used = _used(channels)
    keys = dict.fromkeys(key for mesh in meshes for key in mesh.keys)
    return MatchResult(channels, tuple(key for key in keys if key not in used), tuple(notes))


def _drive(label: str, weight: float = 1.0) -> KeyDrive:
    """The drive of a key as ``join`` labels it."""
    key, _, owner = label.partition("\n")
    return KeyDrive(key, weight, owner)


def _label(drive: KeyDrive) -> str:
    return f"{drive.key}\n{drive.object}" if drive.object else drive.key


def _used(channels: dict[str, ChannelMatch]) -> set[str]:
    keys = {drive.key for channel in channels.values() for drive in channel.drives}
    return keys | {key for channel in channels.values() for key in channel.duplicates}


def _look(
    joined: JoinedKeys, named: NamedMatch, channels: dict[str, ChannelMatch], notes: list[str]
) -> dict[str, ChannelMatch]:
    """Corrects and completes what names say by what the keys do."""
    given = _known(joined, channels)
    wanted = any(n not in channels or channels[n].approximate for n in NAMES)
    free = _free(joined, named, channels)
    recognition: Recognition | None = None
    try:
        if wanted and free:
            recognition = recognise(joined.base, joined.deltas, given)
            frame = recognition.frame
        else:
            indices = {key: NAMES.index(name) for key, name in given.items()}
            frame = find_face_frame(joined.base, joined.deltas, indices)
    except FacewrightError:
        notes.append("No shape key moves a vertex, so names alone were matched.")
        return channels
    sides = key_sides(joined.base, joined.deltas, frame)
    if frame.score < _A_FACE or joined.moving_count() < _FEW_VERTICES:
        notes.append("The keys do not move the mesh as a face, so names alone were matched.")
        return _told_still(channels, joined, sides)
    channels = _right_sides(channels, given, sides, frame, notes)
    if recognition is not None:
        channels = _doubt_words(channels, joined, recognition)
        channels = _add_shapes(channels, joined, recognition, sides, free)
    return _told_still(channels, joined, sides)


def _known(joined: JoinedKeys, channels: dict[str, ChannelMatch]) -> dict[int, str]:
    """Key -> ARKit name, for keys that make one channel by themselves and no other."""
    makers: dict[str, list[str]] = {}
    for name, channel in channels.items():
        for drive in channel.drives:
            makers.setdefault(_label(drive), []).append(name)
    return {
        joined.names.index(label): names[0]
        for label, names in makers.items()
        if len(names) == 1
        and len(channels[names[0]].drives) == 1
        and channels[names[0]].drives[0].weight > 0
        and not channels[names[0]].approximate
        and label in joined.names
    }


def _free(
    joined: JoinedKeys, named: NamedMatch, channels: dict[str, ChannelMatch]
) -> dict[int, float]:
    """Key -> how sure a likeness must be, for those that may stand for a channel by shape."""
    used = _used(channels)
    precise = sum(not channel.approximate for channel in channels.values())
    told = bool(named.families) or precise >= _TOLD
    nameless = sum(is_nameless(name.partition("\n")[0]) for name in joined.names)
    is_set = _WHOLE_SET <= nameless <= len(NAMES) - precise + _BESIDES
    sure = _SURE_OF_SET if is_set else SURE
    return {
        i: sure if is_nameless(name.partition("\n")[0]) else _SURE_OF_NAMED
        for i, name in enumerate(joined.names)
        if name not in used
        and not _VISEME.match(name)
        and (not told or is_nameless(name.partition("\n")[0]))
    }


def _right_sides(
    channels: dict[str, ChannelMatch],
    given: dict[int, str],
    sides: list[KeySide],
    frame: FaceFrame,
    notes: list[str],
) -> dict[str, ChannelMatch]:
    """Gives each side the keys whose vertices are there, pair by pair."""
    pairs = {pair.name: pair.measure for pair in pair_sides(given, sides, frame)}
    sure = {name: measure for name, measure in pairs.items() if measure is not None}
    turned = {name for name, measure in sure.items() if measure < 0}
    if not turned:
        return channels
    share = len(turned) / len(sure)
    if len(sure) > 1 and _SLIPS < share < _ALL_SWAPPED and frame.score < _SURELY_A_FACE:
        notes.append(
            f"Of {len(sure)} pairs of keys {len(turned)} are on the other side than their names "
            "say, and the face is strange; the names were believed. Check the sides."
        )
        return channels
    whole = [name for name in sure if name not in DIRECTIONS]
    swapped = sum(name in turned for name in whole)
    if len(whole) > 1 and swapped >= _ALL_SWAPPED * len(whole):
        # What cannot be measured, composites for instance, is named by the same hand.
        turned |= {
            name
            for name in NAMES
            if name.endswith("Left") and name not in sure and name not in DIRECTIONS
        }
        notes.append(
            "The rig's left is the actor's right: its keys move vertices on the other side than "
            "their names say, so the sides were swapped."
        )
    elif len(turned) > 1:
        notes.append(
            f"{len(turned)} pairs of keys move vertices on the other side than their names say; "
            "they were swapped."
        )
    out = dict(channels)
    for name in turned:
        left, right = channels.get(name), channels.get(mirror_name(name))
        if left and right and left.drives == right.drives:
            continue  # one key serves both sides
        for new, found in ((name, right), (mirror_name(name), left)):
            out.pop(new, None)
            if found:
                out[new] = replace(found, arkit=new, reason=_OTHER_SIDE)
    return out


def _add_shapes(
    channels: dict[str, ChannelMatch],
    joined: JoinedKeys,
    recognition: Recognition,
    sides: list[KeySide],
    free: dict[int, float],
) -> dict[str, ChannelMatch]:
    """Gives channels without a key those that look like them."""
    fitting = {
        guess.name: (key, guess)
        for key, guess in recognition.guesses.items()
        if key in free
        and (guess.name not in channels or channels[guess.name].approximate)
        and guess.confidence >= free[key]
        and (not recognition.frame.is_certain or fits_side(guess.name, sides[key]))
    }
    out = dict(channels)
    for name, (key, guess) in fitting.items():
        other = mirror_name(name)
        # A likeness for both sides is better than a key for one of them.
        if name in channels and other != name and other not in fitting:
            continue
        label = joined.names[key]
        said = "says nothing" if is_nameless(label.partition("\n")[0]) else "is not known"
        reason = (
            f"Its name {said}; it moves the face as {name} does "
            f"({round(100 * max(guess.likeness, 0))} % alike)."
        )
        out[name] = ChannelMatch(name, (_drive(label),), "shape", False, reason)
    return out


def _doubt_words(
    channels: dict[str, ChannelMatch], joined: JoinedKeys, recognition: Recognition
) -> dict[str, ChannelMatch]:
    """Marks what words alone have matched and the motion contradicts."""
    out = dict(channels)
    for name, channel in channels.items():
        if channel.how != "words" or len(channel.drives) != 1:
            continue
        guess = recognition.guesses.get(joined.names.index(_label(channel.drives[0])))
        if guess is not None and guess.name == name and guess.likeness < _CONTRADICTED:
            reason = "Its name says so, but it moves the face in another way: check it."
            out[name] = replace(channel, approximate=True, reason=reason)
    return out


def _told_still(
    channels: dict[str, ChannelMatch], joined: JoinedKeys, sides: list[KeySide]
) -> dict[str, ChannelMatch]:
    """Says of keys that move nothing that they do; a duplicate that moves takes the place."""
    still = {joined.names[key] for key, side in enumerate(sides) if not side.side}
    out = dict(channels)
    for name, channel in channels.items():
        if not channel.drives or any(_label(drive) not in still for drive in channel.drives):
            continue
        moving = [key for key in channel.duplicates if key not in still]
        if moving and len(channel.drives) == 1:
            empty = channel.drives[0].key
            rest = tuple(key for key in channel.duplicates if key != moving[0])
            out[name] = replace(
                channel,
                drives=(_drive(moving[0]),),
                duplicates=rest,
                reason=f'The key "{empty}" moves no vertex, so "{moving[0]}" is used.',
            )
        else:
            out[name] = replace(channel, reason="The key moves no vertex.")
    return out


def _other_meshes(
    meshes: Sequence[MeshKeys], channels: dict[str, ChannelMatch]
) -> dict[str, ChannelMatch]:
    """What another mesh calls the same movement is driven, too: lashes, teeth, a beard."""
    used = _used(channels)
    out = dict(channels)
    for mesh in meshes:
        there = set(mesh.keys)
        rows = None
        for name, channel in channels.items():
            if any(drive.key in there for drive in channel.drives):
                continue
            if rows is None:
                rows = match_by_name(mesh.keys).rows if there - used or _has_more(mesh, out) else {}
            row = rows.get(name)
            if row is None or (row.approximate and not channel.approximate):
                continue
            own = [c for c in row.candidates if c.key not in used or c.key in channel.duplicates]
            drives = tuple(KeyDrive(c.key, c.weight, mesh.object) for c in own)
            known = out[name]
            rest = tuple(key for key in known.duplicates if key not in {d.key for d in drives})
            out[name] = replace(known, drives=known.drives + drives, duplicates=rest)
    return out


def _has_more(mesh: MeshKeys, channels: dict[str, ChannelMatch]) -> bool:
    """Whether a mesh has keys that count as duplicates of another mesh's."""
    duplicates = {key for channel in channels.values() for key in channel.duplicates}
    return not duplicates.isdisjoint(mesh.keys)
