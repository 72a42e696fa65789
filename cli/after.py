# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``fit``, ``bake`` and ``copy``: what is done with a character, or a result on it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import bpy

from ..engine.console import ProgressBar, check_writable
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..scene.apply_settings import ApplySettings
from ..scene.bake import bake_face
from ..scene.copy_face import copy_face
from ..scene.face_blocks import animated_blocks
from ..scene.fitting import fit_character
from ..scene.mapping_store import mapping_owner, store_mapping
from .options import (
    add_head_options,
    add_object_option,
    chosen_objects,
    finish,
    open_file,
    pose_settings,
    print_warning,
    save_file,
)


def add_fit(verbs: argparse._SubParsersAction) -> None:
    """The verb ``fit``."""
    fit = verbs.add_parser(
        "fit", help="let shape keys that are not one to one follow the face by least squares"
    )
    _add_files(fit)
    fit.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME",
        help="mesh of the file that has the ARKit keys; without it the shipped head's shapes count",
    )
    fit.add_argument(
        "--everything", action="store_true", help="fit channels that have their own keys, too"
    )
    fit.add_argument("--smoothness", type=float, default=0.01, help="over time (%(default)g)")
    fit.set_defaults(run=_fit)


def add_bake(verbs: argparse._SubParsersAction) -> None:
    """The verb ``bake``."""
    bake = verbs.add_parser(
        "bake", help="make plain keys of all that moves a face: actions, NLA, layers, drivers"
    )
    _add_files(bake)
    _add_frames(bake)
    bake.add_argument("--step", type=int, default=1, help="a key every so many frames, held")
    bake.add_argument("--no-drivers", action="store_true", help="leave driven keys as they are")
    add_head_options(bake)
    bake.set_defaults(run=_bake)


def add_copy(verbs: argparse._SubParsersAction) -> None:
    """The verb ``copy``."""
    copy = verbs.add_parser("copy", help="write the face of one character onto another")
    _add_files(copy)
    _add_frames(copy)
    copy.add_argument(
        "--from",
        dest="source",
        action="append",
        required=True,
        metavar="NAME",
        help="mesh, armature or empty of the character that is read",
    )
    add_head_options(copy)
    copy.set_defaults(run=_copy)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--blend", required=True, help="file with the character")
    add_object_option(parser)
    parser.add_argument("--out", required=True, help=".blend to write")
    parser.add_argument("--json", metavar="REPORT", help="write what happened as JSON")


def _add_frames(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--frames", type=int, nargs=2, metavar=("FIRST", "LAST"), help="the scene's without this"
    )


def _fit(options: argparse.Namespace) -> int:
    objects = _open(options)
    source = [_named(name) for name in options.source]
    if not options.object:
        objects = [ob for ob in objects if ob not in source]
    mapping, report = fit_character(
        objects, source, everything=options.everything, smoothness=options.smoothness
    )
    store_mapping(mapping_owner(objects) or objects[0], mapping)
    for sentence in report.warnings:
        print_warning(sentence)
    save_file(Path(options.out))
    for name, missed in report.channels.items():
        before = report.before[name]
        sys.stdout.write(f"{name:20} {100 * before:4.0f} % missed -> {100 * missed:4.0f} %\n")
    return finish(options, report.to_wire())


def _bake(options: argparse.Namespace) -> int:
    objects = _open(options)
    scene = bpy.context.scene
    pose = pose_settings(options, objects)
    blocks = animated_blocks(scene, objects, pose, not options.no_drivers)
    first, last = _frames(options, scene)
    bar = ProgressBar(f"Baking {Path(options.blend).name}")
    try:
        report = bake_face(
            scene,
            blocks,
            first,
            last,
            step=options.step,
            drivers=not options.no_drivers,
            progress=Progress(bar),
        )
    finally:
        bar.close()
    for sentence in report.warnings:
        print_warning(sentence)
    save_file(Path(options.out))
    sys.stdout.write(f"{report.keys} keys in {', '.join(report.actions)} -> {options.out}\n")
    return finish(options, report.to_wire())


def _copy(options: argparse.Namespace) -> int:
    objects = _open(options)
    scene = bpy.context.scene
    source = [_named(name) for name in options.source]
    if not options.object:
        own = {below for ob in source for below in (ob, *ob.children_recursive)}
        objects = [ob for ob in objects if ob not in own]
    if not objects:
        raise FacewrightError(
            "There is no character to copy to.", "Name it with --object.", "object-missing"
        )
    # The head's options are the target's; the source's head is found by itself.
    source_pose = pose_settings(
        argparse.Namespace(**{**vars(options), **_NO_HEAD, "no_head": options.no_head}), source
    )
    first, last = _frames(options, scene)
    bar = ProgressBar(f"Copying to {objects[0].name}")
    try:
        report = copy_face(
            scene,
            source,
            objects,
            first,
            last,
            source_pose=source_pose,
            settings=ApplySettings(pose=pose_settings(options, objects)),
            progress=Progress(bar),
        )
    finally:
        bar.close()
    for sentence in report.warnings:
        print_warning(sentence)
    save_file(Path(options.out))
    sys.stdout.write(
        f"{report.mapped}/{report.total} shapes on {', '.join(report.objects)}, frames "
        f"{report.first_frame:g} to {report.last_frame:g} -> {options.out}\n"
    )
    return finish(options, report.to_wire())


# What ``pose_settings`` reads of options that name nothing.
_NO_HEAD = {"head_object": None, "head_bone": None, "neck": [], "eye_bones": None}


def _open(options: argparse.Namespace) -> list[bpy.types.Object]:
    check_writable(options.out, options.json)
    open_file(Path(options.blend))
    return chosen_objects(options, bpy.context.scene)


def _named(name: str) -> bpy.types.Object:
    found = bpy.context.scene.objects.get(name)
    if found is None:
        there = ", ".join(sorted(ob.name for ob in bpy.context.scene.objects)) or "none"
        raise FacewrightError(
            f'There is no object "{name}" in the scene.', f"Objects: {there}.", "object-missing"
        )
    return found


def _frames(options: argparse.Namespace, scene: bpy.types.Scene) -> tuple[int, int]:
    return tuple(options.frames) if options.frames else (scene.frame_start, scene.frame_end)
