# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture from Blender's side: where takes go, and a take onto a character.

The buttons, scripts and the headless command all come through here.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.filters.stretches import Doubt, Stretch, find_doubt
from ..engine.takes.speech import is_live_speech
from ..engine.takes.take_file import SUFFIX, read_header, read_track
from . import markers
from .apply import ApplyReport, ApplySettings, apply_track
from .clock import scene_clock
from .free_path import free_path
from .live_speech import placed_live_speech, with_contacts
from .speech_take import as_placed, is_speech, on_frames, read_speech_take
from .user_folder import user_folder

# Head bones of the common rigs: Rigify and plain, Mixamo, VRM, Reallusion, Daz, MetaHuman.
_HEAD_BONES = ("head", "mixamorig:head", "j_bip_c_head", "cc_base_head", "def-head", "spine.006")


def take_folder(preference: str, *, make: bool = True) -> Path:
    """The folder for new takes, made if need be.

    Args:
        preference: A path; ``//`` is the folder of the .blend file. While the file is unsaved,
            takes go to Facewright's user folder.
        make: Make it where it is missing.

    Raises:
        FacewrightError: ``folder-unwritable``.
    """
    if preference.startswith("//") and not bpy.data.filepath:
        folder = user_folder(make=make) / "takes"
    else:
        folder = Path(bpy.path.abspath(preference))
    if not make:
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacewrightError(
            f"The folder for takes, {folder}, cannot be made ({error.strerror}).",
            "Choose another one in Facewright's preferences.",
            "folder-unwritable",
        ) from error
    return folder


def new_take_path(folder: Path, video: Path) -> Path:
    """A take's name that is not in use: ``clip.fwtake``, ``clip_002.fwtake`` ..."""
    return free_path(folder, video.stem, SUFFIX)


def unfinished_take(folder: Path, video: Path) -> Path | None:
    """The newest take of this video that was not tracked to its end."""
    for path in sorted(folder.glob(f"{glob.escape(video.stem)}*{SUFFIX}"), reverse=True):
        try:
            header = read_header(path)
        except FacewrightError:
            continue
        source = header.get("source", {})
        if header.get("state") != "complete" and source.get("path") == str(video.absolute()):
            return path
    return None


def apply_take(
    scene: bpy.types.Scene,
    take: Path,
    objects: Iterable[bpy.types.Object],
    settings: ApplySettings,
    *,
    extend_scene: bool = True,
    mark_doubt: bool = False,
    together: ExitStack | None = None,
) -> ApplyReport:
    """Write a take's values as keyframes.

    Args:
        scene: Gives the frame rate and gets the sound.
        take: The take.
        objects: What to animate.
        settings: How.
        extend_scene: Move the scene's end back where the keys go beyond it.
        mark_doubt: Set markers where the take should be checked, as ``mark_take`` does.
        together: As for ``apply_track``; the markers are not taken back.

    Raises:
        FacewrightError: The take cannot be read or the target not be written; nothing changed.
    """
    header = read_header(take)
    if is_speech(header):
        speech = read_speech_take(take)
        settings = as_placed(speech, settings)
        clock = scene_clock(scene, settings.start_frame, settings.speed)
        track = on_frames(speech, settings, clock)
    elif is_live_speech(header):
        track, settings = placed_live_speech(take, header, settings)
        track = with_contacts(track, settings, scene_clock(scene, settings.start_frame))
    else:
        track = read_track(take)
    source = header["source"]
    clip, offset_s = find_sound(take, header)
    report = apply_track(
        scene,
        track,
        objects,
        settings,
        take_name=take.stem,
        sound_path=clip,
        has_audio=source["has_audio"] or bool(header.get("sound")),
        sound_offset_s=offset_s,
        sound_late_s=_late_s(header),
        together=together,
    )
    asked = settings.sound_in_step and settings.place_sound and clip is not None
    spoken = is_speech(header) or is_live_speech(header)
    if asked and not spoken and not header.get("sound_help"):
        report.warnings.append(
            "Whether the sound is in step was not measured; solve the take again with Use Sound "
            "Where the Mouth Is Hidden."
        )
    wants_sound = settings.place_sound and not settings.is_part
    if clip is None and wants_sound and (source["has_audio"] or header.get("sound")):
        missing = (
            f'The sound of "{take.name}"' if header.get("sound") else f'The clip "{source["file"]}"'
        )
        report.warnings.append(f"{missing} was not found, so its sound was not placed.")
    if extend_scene:
        if together is not None:
            together.callback(setattr, scene, "frame_end", scene.frame_end)
        scene.frame_end = max(scene.frame_end, math.ceil(report.last_frame))
    if mark_doubt:
        report = replace(report, markers=_mark(scene, header, report.doubt, settings.start_frame))
    return report


def mark_take(
    scene: bpy.types.Scene, take: Path, start_frame: float, threshold: float
) -> tuple[Doubt, int]:
    """Sets markers on the timeline where a take should be checked.

    Those that an earlier take of the same clip and face has set are replaced.

    Args:
        scene: Gets the markers, by its own frame rate.
        take: The take.
        start_frame: The frame on which the take starts.
        threshold: Confidence below which a part of the face is in doubt, 0..1.

    Returns:
        How far the take can be trusted, and the number of markers.

    Raises:
        FacewrightError: The take cannot be read; nothing changed.
    """
    header, doubt = read_header(take), take_doubt(take, threshold)
    return doubt, _mark(scene, header, doubt, start_frame)


def take_doubt(take: Path, threshold: float) -> Doubt:
    """How far a take can be trusted.

    Raises:
        FacewrightError: The take cannot be read.
    """
    return find_doubt(read_track(take), threshold)


def _mark(scene: bpy.types.Scene, header: dict, doubt: Doubt, start_frame: float) -> int:
    origin = f"{header['source']['sha256'][:16]} {header['settings'].get('face', 0)}"
    clock = scene_clock(scene, start_frame)
    stretches = sorted([*doubt.stretches, *_by_sound(header)], key=lambda s: s.first_s)
    return markers.mark_stretches(scene, stretches, clock, origin)


def _by_sound(header: dict) -> list[Stretch]:
    """Where the mouth goes by the sound."""
    return [
        Stretch("mouth by sound", told["start_s"], told["end_s"], 0.0)
        for told in (header.get("sound_help") or {}).get("stretches", ())
    ]


def _late_s(header: dict) -> float:
    """How late a take's sound was found to be, seconds; 0 where that was not told."""
    return ((header.get("sound_help") or {}).get("late_ms") or 0) / 1000


def guess_head(objects: Iterable[bpy.types.Object]) -> tuple[str, str]:
    """The armature and head bone that the chosen objects most likely follow.

    Returns:
        Names of an armature object and of its bone; empty where none is found.
    """
    for rig in _armatures(objects):
        plain = {re.sub(r"^.*\|", "", bone.name).lower(): bone.name for bone in rig.data.bones}
        for name in _HEAD_BONES:
            if name in plain:
                return rig.name, plain[name]
    return "", ""


def find_sound(take: Path, header: dict) -> tuple[Path | None, float]:
    """The file with a take's sound, if it is there, and when it starts, seconds."""
    if header["source"].get("kind") == "import":
        return None, 0.0
    if header["source"].get("kind") == "live":
        beside = take.with_suffix(".wav")
        sound = header.get("sound")
        return (beside if sound and beside.is_file() else None), sound["offset_s"] if sound else 0.0
    # Takes of the first versions do not tell the offset.
    return _find_clip(take, header["source"]), header["source"].get("audio_offset_s", 0.0)


def _find_clip(take: Path, source: dict) -> Path | None:
    """The clip: where it was, or where it lies from the take when both were moved together."""
    places = [Path(source["path"]), take.parent / source["file"]]
    if source.get("relative"):
        places.append(Path(os.path.normpath(take.parent / source["relative"])))
    return next((place for place in places if place.is_file()), None)


def _armatures(objects: Iterable[bpy.types.Object]) -> Iterable[bpy.types.Object]:
    for ob in objects:
        above = [ob]
        while above[-1].parent:
            above.append(above[-1].parent)
        deforming = [m.object for m in ob.modifiers if m.type == "ARMATURE" and m.object]
        yield from (rig for rig in (*deforming, *above) if rig.type == "ARMATURE")
