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
from .joined import JoinedKeys, join
from .recognise import SURE, Recognition, recognise
from .result import ChannelMatch, MatchResult, MeshKeys
from .sides import CERTAIN, KeySide, key_sides, swapped_pairs

# When so many of the pairs whose side can be told are swapped, the rig's sides are the viewer's.
_ALL_SWAPPED = 0.8
# A slip or two happens; when more pairs are swapped, but not all, it is no face that we know.
_SLIPS = 0.25
# So many moving vertices, and so much likeness to a face (mean cosine), say anything about sides.
_FEW_VERTICES = 40
_A_FACE = 0.15
# Words that say what a key does not do are not believed.
_CONTRADICTED = 0.05
# A viseme looks like a channel, but says itself that it is none.
_VISEME = re.compile(
    r"^(?:.*[.:|])?(?:viseme|vrc\.v_|v_(?:aa|e|ih|oh|ou|pp|ff|th|dd|kk|ch|ss|nn|rr|sil)$)", re.I
)
_VIEWER = "Left and right are swapped: its vertices are on the other side than its name says."


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
            tuple(KeyDrive(candidate.key, candidate.weight) for candidate in row.candidates),
            row.how,
            row.approximate,
            row.note,
            row.duplicates,
        )
        for name, row in named.rows.items()
    }
    notes: list[str] = []
    if joined.base is not None and joined.names:
        channels = _look(joined, channels, notes)
    channels = {name: channels[name] for name in NAMES if name in channels}
    channels = _other_meshes(meshes, channels)
    used = {drive.key for channel in channels.values() for drive in channel.drives}
    used |= {key for channel in channels.values() for key in channel.duplicates}
    rest = tuple(name for name in joined.names if name not in used)
    return MatchResult(channels, rest, tuple(notes))


def _look(
    joined: JoinedKeys, channels: dict[str, ChannelMatch], notes: list[str]
) -> dict[str, ChannelMatch]:
    """Corrects and completes what names say by what the keys do."""
    known = _known(joined, channels)
    given = {joined.names.index(key): name for key, name in known.items()}
    used = _used(channels)
    free = {i for i, key in enumerate(joined.names) if key not in used and not _VISEME.match(key)}
    wanted = [n for n in NAMES if n not in channels or channels[n].approximate]
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
    if frame.score < _A_FACE or joined.moving_count() < _FEW_VERTICES:
        notes.append("The keys do not move the mesh as a face, so names alone were matched.")
        return channels
    sides = key_sides(joined.base, joined.deltas, frame)
    channels = _right_sides(channels, given, joined, sides, frame, notes)
    if recognition is not None:
        channels = _doubt_words(channels, joined, recognition)
        for key, guess in recognition.guesses.items():
            fits = key in free and guess.name in wanted and guess.confidence >= SURE
            if fits and _side_fits(guess.name, sides[key], frame):
                reason = (
                    f"Its name says nothing; it moves the face as {guess.name} does "
                    f"({round(100 * max(guess.likeness, 0))} % alike)."
                )
                drive = KeyDrive(joined.names[key])
                channels[guess.name] = ChannelMatch(guess.name, (drive,), "shape", False, reason)
    return _told_still(channels, joined, sides)


def _used(channels: dict[str, ChannelMatch]) -> set[str]:
    keys = {drive.key for channel in channels.values() for drive in channel.drives}
    return keys | {key for channel in channels.values() for key in channel.duplicates}


def _known(joined: JoinedKeys, channels: dict[str, ChannelMatch]) -> dict[str, str]:
    """Key -> ARKit name, for keys that make one channel by themselves and no other."""
    makers: dict[str, list[str]] = {}
    for name, channel in channels.items():
        for drive in channel.drives:
            makers.setdefault(drive.key, []).append(name)
    return {
        key: names[0]
        for key, names in makers.items()
        if len(names) == 1
        and len(channels[names[0]].drives) == 1
        and channels[names[0]].drives[0].weight > 0
        and not channels[names[0]].approximate
        and key in joined.names
    }


def _right_sides(
    channels: dict[str, ChannelMatch],
    given: dict[int, str],
    joined: JoinedKeys,
    sides: list[KeySide],
    frame: FaceFrame,
    notes: list[str],
) -> dict[str, ChannelMatch]:
    """Gives each side the keys whose vertices are there."""
    swaps = swapped_pairs(given, sides, frame)
    if not swaps:
        return channels
    told = {name if "Left" in name else mirror_name(name) for name in given.values()}
    told = {name for name in told if mirror_name(name) != name}
    turned = {swap.name for swap in swaps}
    if len(told) > 1 and _SLIPS < len(turned) / len(told) < _ALL_SWAPPED:
        notes.append(
            f"Of {len(told)} pairs of keys {len(turned)} are on the other side than their names "
            "say; that is no mirrored rig, so the names were believed. Check the sides."
        )
        return channels
    if len(told) > 1 and len(turned) >= _ALL_SWAPPED * len(told):
        turned = {name for name in NAMES if "Left" in name}
        notes.append(
            "The rig's left is the actor's right: its keys move vertices on the other side than "
            "their names say, so all sides were swapped."
        )
    out = dict(channels)
    for name in turned:
        for new, old in ((name, mirror_name(name)), (mirror_name(name), name)):
            out.pop(new, None)
            if old in channels:
                out[new] = replace(channels[old], arkit=new, reason=_VIEWER)
    # Where one key serves both sides nothing was wrong.
    for name in turned:
        pair = (channels.get(name), channels.get(mirror_name(name)))
        if all(pair) and pair[0].drives == pair[1].drives:
            out[name], out[mirror_name(name)] = pair
    return out


def _side_fits(name: str, side: KeySide, frame: FaceFrame) -> bool:
    """Whether a key without a name is where its channel is."""
    if frame.margin < CERTAIN or mirror_name(name) == name:
        return True
    wanted = 1 if name.endswith("Left") else -1
    measure = side.direction if name in DIRECTIONS else side.balance
    return measure * wanted > 0


def _doubt_words(
    channels: dict[str, ChannelMatch], joined: JoinedKeys, recognition: Recognition
) -> dict[str, ChannelMatch]:
    """Marks what words alone have matched and the motion contradicts."""
    out = dict(channels)
    for name, channel in channels.items():
        if channel.how != "words" or len(channel.drives) != 1:
            continue
        guess = recognition.guesses.get(joined.names.index(channel.drives[0].key))
        if guess is not None and guess.name == name and guess.likeness < _CONTRADICTED:
            reason = "Its name says so, but it moves the face in another way: check it."
            out[name] = replace(channel, approximate=True, reason=reason)
    return out


def _told_still(
    channels: dict[str, ChannelMatch], joined: JoinedKeys, sides: list[KeySide]
) -> dict[str, ChannelMatch]:
    """Says of keys that move nothing that they do."""
    still = {joined.names[key] for key, side in enumerate(sides) if not side.side}
    return {
        name: replace(channel, reason="The key moves no vertex.")
        if channel.drives and all(drive.key in still for drive in channel.drives)
        else channel
        for name, channel in channels.items()
    }


def _other_meshes(
    meshes: Sequence[MeshKeys], channels: dict[str, ChannelMatch]
) -> dict[str, ChannelMatch]:
    """What another mesh calls the same movement is no duplicate: both are driven."""
    out = {}
    for name, channel in channels.items():
        keys = {drive.key for drive in channel.drives}
        homes = {mesh.object for mesh in meshes if keys.intersection(mesh.keys)}
        away = tuple(
            key
            for key in channel.duplicates
            if all(mesh.object not in homes for mesh in meshes if key in mesh.keys)
        )
        rest = tuple(key for key in channel.duplicates if key not in away)
        drives = channel.drives + tuple(KeyDrive(key) for key in away)
        out[name] = replace(channel, drives=drives, duplicates=rest)
    return out
