# SPDX-License-Identifier: GPL-3.0-or-later
"""A .blend file and the takes below its folder stay together when both are moved or copied.

While a file is open it knows its takes by absolute paths. On the disk those of takes below its
folder are relative (``//takes/line.fwtake``): as it is saved they become so, and afterwards, and
when it is loaded, they become absolute again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import bpy

from .handlers import add_handlers, remove_handlers

_Change = Callable[[str], str]


@bpy.app.handlers.persistent
def _before_save(path: str = "", *_arguments: object) -> None:
    folder = Path(path or bpy.data.filepath).parent
    _change_all(lambda take: _relative(take, folder))


@bpy.app.handlers.persistent
def _make_absolute(*_arguments: object) -> None:
    _change_all(bpy.path.abspath)


def _relative(take: str, folder: Path) -> str:
    """The path as a file in the folder has it; as it is where the take lies elsewhere."""
    try:
        below = Path(bpy.path.abspath(take)).relative_to(folder)
    except ValueError:
        return take
    return f"//{below.as_posix()}"


def _change_all(change: _Change) -> None:
    """Change the path of every take that a scene of this file knows."""
    for scene in bpy.data.scenes:
        if scene.library is not None:
            continue
        shot = scene.facewright
        for owner in (shot, *shot.speech.speakers):
            _change(owner, change)
        shot.speech.cues_record = _changed_record(shot.speech.cues_record, change)


def _change(owner: bpy.types.PropertyGroup, change: _Change) -> None:
    if owner.take and (new := change(owner.take)) != owner.take:
        owner.take = new


def _changed_record(text: str, change: _Change) -> str:
    try:
        data = json.loads(text)
        data["take"] = change(data["take"])
    except (ValueError, TypeError, KeyError):  # none, or damaged: whoever reads it tells
        return text
    return json.dumps(data, separators=(",", ":"))


_HANDLERS = (
    ("save_pre", _before_save),
    ("save_post", _make_absolute),
    ("save_post_fail", _make_absolute),
    ("load_post", _make_absolute),
)


def register() -> None:
    """Be told of saving and loading."""
    add_handlers(_HANDLERS)


def unregister() -> None:
    """Be told no more."""
    remove_handlers(_HANDLERS)
