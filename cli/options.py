# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several verbs share, and what they mean in Blender's terms."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import bpy

from ..engine import arguments
from ..engine.console import EXIT_DONE, write_json
from ..engine.core.errors import FacewrightError
from ..engine.filters.chain import FilterSettings
from ..engine.filters.columns import PARTS
from ..engine.filters.smooth import DEFAULT_STRENGTH
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.mapping_file import read_mapping, shipped_profiles
from ..scene.apply import ApplySettings
from ..scene.capture import guess_head
from ..scene.eye_bones import guess_eyes
from ..scene.mapping_store import mapping_owner, store_mapping
from ..scene.matching import find_rigify
from ..scene.neck_chain import choose_neck
from ..scene.pose_channels import PoseSettings


def add_object_option(parser: argparse.ArgumentParser) -> None:
    """Which character."""
    parser.add_argument(
        "--object",
        action="append",
        default=[],
        metavar="NAME",
        help="mesh, armature or empty with the face; may be given several times",
    )


def add_scene_options(parser: argparse.ArgumentParser) -> None:
    """Where the character is, where the result goes, and how keys are written."""
    parser.add_argument(
        "--blend", help="file with the character; without it the Facewright Head is used"
    )
    add_object_option(parser)
    parser.add_argument("--out", required=True, help=".blend to write; a folder for a folder")
    parser.add_argument("--render", metavar="OUT", help="movie to render (.mp4), or a folder")
    parser.add_argument("--resolution", type=int, help="height of the movie, pixels")
    parser.add_argument(
        "--frames", type=int, nargs=2, metavar=("FIRST", "LAST"), help="frames to render"
    )
    parser.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    keys = parser.add_argument_group("keyframes")
    keys.add_argument("--start-frame", type=float, default=1.0, help="(%(default)s)")
    keys.add_argument("--onto-existing", action="store_true", help="write into the action in use")
    keys.add_argument("--gaps", choices=("hold", "ease", "empty"), default="hold")
    keys.add_argument(
        "--doubt",
        choices=("keep", "hold", "ease"),
        default="keep",
        help="what happens to values that the solver is not sure of (%(default)s)",
    )
    keys.add_argument(
        "--doubt-below",
        type=float,
        default=FilterSettings().doubt_threshold,
        metavar="CONFIDENCE",
        help="a value is not sure below this, 0..1 (%(default)s)",
    )
    keys.add_argument(
        "--markers", action="store_true", help="set markers where the face should be checked"
    )
    keys.add_argument(
        "--smoothing", type=float, metavar="F", default=1.0, help="0 off, 1 normal, 2 twice"
    )
    keys.add_argument("--keys-on", choices=("scene", "source"), default="scene")
    keys.add_argument("--reduce", type=float, default=0.0, metavar="ERROR", help="0 keeps all")
    keys.add_argument(
        "--gain",
        type=arguments.gain,
        action="append",
        default=[],
        metavar="PART=FACTOR",
        help="let a part of the face move more or less, e.g. mouth=1.2; may be given several times",
    )
    part = parser.add_argument_group("a part of a take")
    part.add_argument(
        "--regions",
        type=arguments.parts,
        default=frozenset(),
        metavar="PART,PART",
        help=f"write these parts of the face alone: {', '.join(PARTS)}",
    )
    part.add_argument(
        "--span",
        type=arguments.span,
        metavar="FIRST:LAST",
        help="write and replace keys between these frames alone; with --onto-existing they come "
        "out of what is animated already and go back into it",
    )
    part.add_argument(
        "--ease",
        type=arguments.not_negative,
        default=ApplySettings().ease_frames,
        metavar="FRAMES",
        help="length of both crossfades at the ends of a span (%(default)g)",
    )
    keys.add_argument(
        "--mapping",
        metavar="FILE|NAME",
        help="give the character this mapping first: a file, or a profile that ships (see: map)",
    )
    keys.add_argument(
        "--keys-and-bones",
        action="store_true",
        help="write a key even though a bone of the same channel moves the same vertices",
    )
    keys.add_argument("--no-sound", action="store_true")
    keys.add_argument(
        "--sound-in-step",
        action="store_true",
        help="place the clip's sound where the lips are, as --sound-helps found them",
    )
    keys.add_argument("--keep-range", action="store_true", help="leave the scene's end as it is")
    head = add_head_options(parser)
    head.add_argument("--head-center", choices=("median", "first", "none"), default="median")


def add_head_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """What turns with the head and the eyes."""
    head = parser.add_argument_group("head and eyes")
    head.add_argument("--head-object", help="object or armature that turns")
    head.add_argument("--head-bone", help="its head bone")
    head.add_argument("--no-head", action="store_true", help="leave the head still")
    head.add_argument("--head-position", action="store_true", help="key the position too")
    head.add_argument(
        "--facing", choices=("-Y", "+Y", "-X", "+X"), default="-Y", help="where the character looks"
    )
    head.add_argument(
        "--neck",
        action="append",
        default=[],
        type=arguments.neck,
        metavar="BONE=SHARE",
        help="a neck bone and its share of the head's rotation, or the share of the whole neck",
    )
    head.add_argument(
        "--eye-bones",
        nargs=2,
        metavar=("LEFT", "RIGHT"),
        help="bones of the eyes; guessed where no shape keys look",
    )
    return head


def open_file(path: Path) -> None:
    """Open a .blend file; FacewrightError ``blend-missing``, ``blend-unreadable``."""
    if not path.is_file():
        raise FacewrightError(f"There is no file {path}.", "Check --blend.", "blend-missing")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.absolute()), load_ui=False)
    except RuntimeError as error:
        raise FacewrightError(
            f"{path.name} cannot be opened by Blender {bpy.app.version_string}.",
            "Is it a .blend file of this version or older?",
            "blend-unreadable",
        ) from error


def chosen_objects(options: argparse.Namespace, scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The objects of ``--object``, or all meshes of the scene that a face could move.

    Raises:
        FacewrightError: ``object-missing``, ``no-shape-keys``.
    """
    if options.object:
        missing = [name for name in options.object if name not in scene.objects]
        if missing:
            there = ", ".join(sorted(ob.name for ob in scene.objects)) or "none"
            raise FacewrightError(
                f'There is no object "{missing[0]}" in the scene.',
                f"Objects: {there}.",
                "object-missing",
            )
        return [scene.objects[name] for name in options.object]
    objects = [ob for ob in scene.objects if ob.type == "MESH" and ob.data.shape_keys]
    # A character of bones alone says so by its mapping, or by a face that Rigify has made.
    objects += [
        ob
        for ob in scene.objects
        if ob not in objects
        and (mapping_owner([ob]) == ob or (not objects and find_rigify([ob]) == ob))
    ]
    if not objects:
        raise FacewrightError(
            "No mesh with shape keys is in the scene.", "Choose one with --object.", "no-shape-keys"
        )
    return objects


def wanted_mapping(text: str) -> Mapping:
    """A mapping's file, or a profile that ships.

    Raises:
        FacewrightError: What ``read_mapping`` raises.
    """
    return read_mapping(shipped_profiles().get(text, Path(text)))


def give_mapping(options: argparse.Namespace, objects: list[bpy.types.Object]) -> None:
    """Let the character keep the mapping of ``--mapping``, if there is one."""
    if options.mapping:
        store_mapping(objects[0], wanted_mapping(options.mapping))


def pose_settings(options: argparse.Namespace, objects: list[bpy.types.Object]) -> PoseSettings:
    """Head and eyes as the options say, guessed where they say nothing."""
    head, bone = guess_head(objects)
    if options.head_object:
        head, bone = options.head_object, options.head_bone or ""
    elif options.head_bone:
        bone = options.head_bone
    neck = tuple((name, share) for name, share in options.neck if name)
    for share in (share for name, share in options.neck if not name):
        neck += choose_neck(head, bone, share)
    left, right = options.eye_bones or guess_eyes(objects, head, options.facing)
    return PoseSettings(
        head_object="" if options.no_head else head,
        head_bone=bone,
        eye_object=head,
        position=options.head_position,
        facing=options.facing,
        eye_left=left,
        eye_right=right,
        neck=neck,
    )


def apply_settings(options: argparse.Namespace, objects: list[bpy.types.Object]) -> ApplySettings:
    """How a track is written, as the options say."""
    strengths = {part: value * options.smoothing for part, value in DEFAULT_STRENGTH.items()}
    return ApplySettings(
        start_frame=options.start_frame,
        filters=FilterSettings(
            smoothing=strengths,
            doubt_policy=options.doubt.upper(),
            doubt_threshold=options.doubt_below,
            gap_policy=options.gaps.upper(),
            head_center=options.head_center.upper(),
            key_times=options.keys_on.upper(),
            gain=dict(options.gain),
        ),
        pose=pose_settings(options, objects),
        onto_existing=options.onto_existing,
        reduce_weight=options.reduce,
        place_sound=not options.no_sound,
        sound_in_step=options.sound_in_step,
        regions=options.regions,
        span=options.span,
        ease_frames=options.ease,
        keys_and_bones=options.keys_and_bones,
    )


def save_file(out: Path) -> None:
    """Save the opened file as another; FacewrightError ``blend-unwritable``."""
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(out.absolute()), copy=False, compress=True)
    except RuntimeError as error:
        raise FacewrightError(
            f"{out} cannot be written.",
            "Choose a folder that exists, may be written to and has space.",
            "blend-unwritable",
        ) from error


def finish(options: argparse.Namespace, report: object) -> int:
    """Write the report where one is wanted; the exit code."""
    if options.json:
        write_json(options.json, json.loads(json.dumps(report)))
    return EXIT_DONE


def print_warning(sentence: str) -> None:
    """A sentence on stderr."""
    sys.stderr.write(f"warning: {sentence}\n")
