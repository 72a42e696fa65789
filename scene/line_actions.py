# SPDX-License-Identifier: GPL-3.0-or-later
"""Many lines of dialogue on one character, each an action of its own."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from . import keyframes
from .action_writer import check_tweaking
from .face_blocks import FaceBlock, face_blocks
from .free_path import plain_name
from .nla_layers import push_down
from .pose_channels import PoseSettings


class LineActions:
    """Takes a character's actions away before each line, and keeps what was written for it.

    What animated the character before animates it afterwards; where nothing did, the first line
    plays.

    Args:
        scene: The scene that the character is in.
        objects: The character.
        pose: Head and eyes.

    Raises:
        FacewrightError: There is no face in it, or its NLA is being tweaked.
    """

    def __init__(
        self, scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], pose: PoseSettings
    ) -> None:
        self._faces: list[FaceBlock] = face_blocks(scene, objects, pose)
        for face in self._faces:
            check_tweaking(face.block)
        self._before = [keyframes.current_assignment(face.block) for face in self._faces]
        self._first: list[tuple] = []

    def clear(self) -> None:
        """Let no action play."""
        for face in self._faces:
            if face.animation is not None:
                keyframes.assign(face.block, None, None)

    def keep(self, name: str, as_strips: bool) -> list[str]:
        """Keep the actions that play now in the file, on request as strips of the NLA, too.

        Returns:
            Names of the strips.

        Raises:
            FacewrightError: What ``push_down`` raises.
        """
        playing = [face for face in self._faces if keyframes.current_action(face.block)]
        for face in playing:
            keyframes.current_action(face.block).use_fake_user = True
        if not self._first:
            self._first = [keyframes.current_assignment(face.block) for face in self._faces]
        return push_down(playing, plain_name(name)).strips if as_strips and playing else []

    def finish(self) -> None:
        """Let play what played before."""
        for i, face in enumerate(self._faces):
            action, slot = self._before[i]
            if action is None and self._first and not any(face.strips()):
                action, slot = self._first[i]
            if action is not None:
                keyframes.assign(face.block, action, slot)
            elif face.animation is not None:
                keyframes.assign(face.block, None, None)
