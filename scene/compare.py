# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches a character between the last two results that takes have written on it.

Every write marks its actions with a number, so that those of one write are known to belong
together: before Blender 4.4 there is one for each data-block.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

import bpy

from ..engine.core.errors import FacewrightError
from . import keyframes
from .action_writer import check_owner

# Custom properties of an action: the number of its write, the takes in it, and before 4.4 the
# data-block that it was written for.
_WRITE, _TAKE, _OWNER = "facewright_write", "facewright_take", "facewright_owner"
# Between the names of takes in one result.
_AND = " + "


def mark_written(
    before: dict[bpy.types.ID, bpy.types.Action | None], take: str, undo: ExitStack
) -> None:
    """Marks the actions that a take has been written into.

    An action that was there before stays in its group and counts as the newest again.

    Args:
        before: Each data-block written, with the action that it had before.
        take: Name of the take.
        undo: Gets a reversal for each change.
    """
    fresh = [owner for owner, action in before.items() if keyframes.current_action(owner) != action]
    merged = [owner for owner in before if owner not in fresh]
    groups = {_number(keyframes.current_action(owner)) for owner in merged}
    for group in sorted(groups - {0}):
        number = _last_number() + 1
        for action in [action for action in bpy.data.actions if _number(action) == group]:
            _set(action, _WRITE, number, undo)
    # What is new beside an existing action belongs to it.
    number = _last_number() + (0 if groups - {0} else 1)
    for owner in before:
        action = keyframes.current_action(owner)
        known = action.get(_TAKE, "") if owner in merged else ""
        names = [name for name in known.split(_AND) if name and name != take]
        _set(action, _TAKE, _AND.join([*names, take]), undo)
        if owner in fresh or not _number(action):
            _set(action, _WRITE, number, undo)
        if not keyframes.has_slots():
            _set(action, _OWNER, owner.name, undo)


def takes_in(action: bpy.types.Action) -> list[str]:
    """Names of the takes that were written into an action."""
    return [name for name in action.get(_TAKE, "").split(_AND) if name]


def results(objects: Iterable[bpy.types.Object]) -> list[int]:
    """Numbers of the writes that can animate these objects' shape keys, the newest first."""
    blocks = _key_blocks(objects)
    found = set()
    for action in bpy.data.actions:
        number = _number(action)
        if number and number not in found and any(_slot_for([action], block) for block in blocks):
            found.add(number)
    return sorted(found, reverse=True)


def switch_result(objects: Iterable[bpy.types.Object]) -> tuple[str, str]:
    """Lets the other one of the last two results animate a character.

    Every data-block that a Facewright result animates now gets its action of the other result;
    one that has none there goes on as it is. Nothing is rewritten, and nothing gets lost: an
    action that animates nothing for the moment keeps a fake user.

    Args:
        objects: The character; the shape keys of its meshes decide.

    Returns:
        Names of the takes of the result that plays now, and of the one that does not.

    Raises:
        FacewrightError: ``nothing-to-compare``, ``nla-tweak-mode``; nothing changed.
    """
    blocks = _key_blocks(objects)
    newest = results(objects)[:2]
    if len(newest) < 2:
        raise FacewrightError(
            "There are no two results of takes on this character to switch between.",
            "Write another take into a new action first.",
            "nothing-to-compare",
        )
    current = next((number for block in blocks if (number := _number_of(block))), 0)
    wanted = newest[1] if current == newest[0] else newest[0]
    other = newest[0] if wanted == newest[1] else newest[1]
    actions = [action for action in bpy.data.actions if _number(action) == wanted]
    moves = []
    for block in (*blocks, *_others(blocks, current)):
        if _number_of(block) != wanted and (found := _slot_for(actions, block)):
            check_owner(block, False)
            moves.append((block, *found))
    for block, action, slot in moves:
        old = keyframes.current_action(block)
        if old is not None and old.is_editable:
            old.use_fake_user = True
        keyframes.assign(block, action, slot)
    return _takes(wanted), _takes(other)


def _key_blocks(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Key]:
    """The shape keys of objects and of what is below them."""
    meshes = [below for ob in objects for below in (ob, *ob.children_recursive)]
    keys = [getattr(ob.data, "shape_keys", None) for ob in meshes]
    return list(dict.fromkeys(block for block in keys if block))


def _others(blocks: list[bpy.types.Key], current: int) -> list[bpy.types.ID]:
    """Everything else that the same result animates: heads, rigs, other meshes."""
    if not current:
        return []
    everything = (*bpy.data.shape_keys, *bpy.data.objects)
    return [block for block in everything if block not in blocks and _number_of(block) == current]


def _slot_for(
    actions: Iterable[bpy.types.Action], block: bpy.types.ID
) -> tuple[bpy.types.Action, object] | None:
    """The action and slot that were written for a data-block.

    By its name; or, since it may have been renamed, the only one whose data-block is gone.
    """
    orphans = []
    known = bpy.data.shape_keys if block.id_type == "KEY" else bpy.data.objects
    for action in actions:
        for kind, name, slot in keyframes.slots_of(action, action.get(_OWNER, "")):
            if kind != block.id_type:
                continue
            if name == block.name:
                return action, slot
            if name not in known:
                orphans.append((action, slot))
    return orphans[0] if len(orphans) == 1 else None


def _takes(number: int) -> str:
    texts = [action.get(_TAKE, "") for action in bpy.data.actions if _number(action) == number]
    names = [name for text in texts for name in text.split(_AND)]
    return _AND.join(dict.fromkeys(names))


def _number_of(block: bpy.types.ID) -> int:
    action = keyframes.current_action(block)
    return _number(action) if action else 0


def _number(action: bpy.types.Action) -> int:
    """The number of a write, or 0."""
    return int(action.get(_WRITE, 0))


def _last_number() -> int:
    return max((_number(action) for action in bpy.data.actions), default=0)


def _set(action: bpy.types.Action, name: str, value: object, undo: ExitStack) -> None:
    if name in action:
        undo.callback(action.__setitem__, name, action[name])
    else:
        undo.callback(action.pop, name, None)
    action[name] = value
