# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of one character on another, through both of their mappings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.core.mirror import mirror_track
from ..engine.core.progress import Progress
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilterSettings
from .apply import ApplyReport, apply_track
from .apply_settings import ApplySettings
from .clock import scene_clock
from .face_reader import FaceReader
from .mapping_store import stored_mapping
from .pose_channels import PoseSettings

# What is copied was filtered when it was made.
_UNFILTERED = FilterSettings(
    smoothing={}, gap_bridge_s=0.0, head_center="NONE", interpolation="LINEAR"
)


def read_face(
    scene: bpy.types.Scene,
    objects: Iterable[bpy.types.Object],
    pose: PoseSettings,
    first: int,
    last: int,
    progress: Progress | None = None,
    *,
    bones: bool = True,
    unsure: list[str] | None = None,
) -> FaceTrack:
    """The face that a character shows on a range of frames, whatever animates it.

    Args:
        scene: Its frames are shown one after the other; the current one shows again afterwards.
        objects: The character.
        pose: Head and eyes.
        first, last: Frames, both included.
        progress: Told of every frame.
        bones: Read the mapping's bones and properties as well (``FaceReader``).
        unsure: Gets the ARKit names that cannot be read for certain.

    Returns:
        A row a frame; second 0 is ``first``. Channels that the character has no key or bone for
        rest at 0.

    Raises:
        FacewrightError: ``frames-empty``, or what ``FaceReader`` raises.
        Cancelled: When ``progress`` says so.
    """
    if last < first:
        raise FacewrightError(
            f"Frame {last} is before frame {first}.",
            "Give the first and the last frame.",
            "frames-empty",
        )
    progress = progress or Progress()
    reader = FaceReader(scene, objects, pose, bones)
    if unsure is not None:
        unsure += reader.unsure
    clock = scene_clock(scene, first)
    current, sub = scene.frame_current, scene.frame_subframe
    rows = []
    try:
        for frame in range(first, last + 1):
            progress.step(frame - first, last + 1 - first, "frames")
            scene.frame_set(frame)
            depsgraph = bpy.context.evaluated_depsgraph_get()
            rows.append(reader.read(depsgraph, float(clock.seconds(frame))))
    finally:
        scene.frame_set(current, subframe=sub)
    return FaceTrack(
        *(
            np.concatenate([getattr(row, name) for row in rows])
            for name in (
                "time_s",
                "valid",
                "confidence",
                "channel_confidence",
                "weights",
                "head_deg",
                "head_cm",
                "gaze_deg",
            )
        )
    )


def copy_face(
    scene: bpy.types.Scene,
    source: Iterable[bpy.types.Object],
    target: Iterable[bpy.types.Object],
    first: int,
    last: int,
    *,
    source_pose: PoseSettings | None = None,
    settings: ApplySettings | None = None,
    to_frame: float | None = None,
    progress: Progress | None = None,
) -> ApplyReport:
    """Writes the face that one character shows onto another, left on the left.

    It pushes no undo step: the operator does.

    Args:
        scene: The scene that both are in.
        source: The character that is read.
        target: The character that gets keys, in a new action unless the settings say otherwise.
        first, last: Frames that are read, both included.
        source_pose: Head and eyes of the source.
        settings: How the target is written; gains count, other filters do not, for what is copied
            was filtered when it was made.
        to_frame: The frame on which the copy starts; None is ``first``.
        progress: Told of every frame.

    Raises:
        FacewrightError: ``same-character``, what ``read_face`` and ``apply_track`` raise; the scene
            is as it was.
    """
    source, target = list(source), list(target)
    if set(source) & set(target):
        shared = next(ob for ob in source if ob in target)
        raise FacewrightError(
            f'"{shared.name}" is both copied from and copied to.',
            "Choose two characters.",
            "same-character",
        )
    settings = settings or ApplySettings()
    unsure: list[str] = []
    pose = source_pose or PoseSettings()
    track = read_face(scene, source, pose, first, last, progress, unsure=unsure)
    track = _as_seen(target, track)
    filters = replace(_UNFILTERED, gain=settings.filters.gain)
    start = first if to_frame is None else to_frame
    names = source[0].name
    report = apply_track(
        scene,
        track,
        target,
        replace(settings, filters=filters, start_frame=start, place_sound=False),
        take_name=f"{names} copy",
    )
    if unsure:
        report.warnings.append(
            f'How far "{names}" shows {", ".join(unsure)} cannot be read for certain from its '
            "bones and properties: one is missing or locked, or channels move alike."
        )
    return report


def _as_seen(target: list[bpy.types.Object], track: FaceTrack) -> FaceTrack:
    """The track that lets the target show the same sides, if its mapping mirrors what it gets."""
    mapping = stored_mapping(target)
    return mirror_track(track) if mapping is not None and mapping.mirror else track
