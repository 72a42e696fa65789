# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel tried out on the character, through its mapping, leaving nothing behind.

It is a live preview whose face has one channel that is not at rest: ``preview_baseline`` keeps what
the values were before, over undo, saving and crashes.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..engine.core.arkit import INDEX
from ..engine.core.errors import FacewrightError
from ..engine.core.mirror import mirror_track
from . import preview_baseline
from .handlers import add_handlers, remove_handlers
from .live import live_session
from .live_rig import LiveRig, neutral_track
from .pose_channels import PoseSettings


class ChannelTest:
    """What is tried out. There is one at most: ``channel_test``.

    Args:
        scene: The scene that the character is in.
        objects: Meshes with shape keys, or armatures and empties above such meshes.

    Raises:
        FacewrightError: Nothing of it can be moved.
    """

    def __init__(self, scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]) -> None:
        _end_all()
        self._rig = LiveRig(scene, objects, PoseSettings())
        self.warnings = self._rig.warnings
        self._rig.begin()
        _tests.append(self)

    def show(self, arkit: str, weight: float) -> None:
        """The character makes this face: one channel, all others at rest.

        With a mirrored mapping the channel is that of the character's side that the list shows.

        Raises:
            FacewrightError: The character is gone, or edited: ``mode-in-the-way``.
        """
        if self._rig.in_the_way:
            raise FacewrightError(
                "The character cannot be tried out while one of its objects is edited or painted.",
                "Switch to Object Mode or Pose Mode.",
                "mode-in-the-way",
            )
        row = neutral_track()
        row.weights[0, INDEX[arkit]] = weight
        if self._rig.is_mirrored:
            row = mirror_track(row)
        self._rig.show(row)

    def end(self) -> None:
        """The character is as it was."""
        self._rig.end()


_tests: list[ChannelTest] = []


def channel_test() -> ChannelTest | None:
    """The test that is going on, or None."""
    return _tests[0] if _tests else None


def end_test() -> None:
    """End the test that is going on, if one is, and let its slider go back to 0."""
    _end_all()
    _settle()


def _end_all() -> None:
    while _tests:
        test = _tests.pop()
        # A live capture that has begun since then has put the values back and kept them itself.
        if live_session() is None:
            test.end()


def _settle() -> None:
    for manager in bpy.data.window_managers:
        edit = manager.facewright_mapping
        if edit.test or edit.hold:
            edit.is_settling = True
            edit.test, edit.hold = 0.0, False
            edit.is_settling = False


@bpy.app.handlers.persistent
def _end(*_arguments: object) -> None:
    """What is saved, rendered or animated is not what is tried out."""
    if _tests:
        end_test()


@bpy.app.handlers.persistent
def _drop(*_arguments: object) -> None:
    """Undo has replaced the data-blocks; ``live_handlers`` puts back what they keep."""
    if _tests:
        _tests.clear()
        preview_baseline.restore_all()
        _settle()


_HANDLERS = (
    ("undo_post", _drop),
    ("redo_post", _drop),
    ("save_pre", _end),
    ("load_pre", _end),
    ("render_init", _end),
    ("frame_change_pre", _end),
)


def register() -> None:
    """Be told what ends a test."""
    add_handlers(_HANDLERS)


def unregister() -> None:
    """End the test and be told no more."""
    end_test()
    remove_handlers(_HANDLERS)
