# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``match`` and ``map``: what a face moves on a character."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine import arguments
from ..engine.console import EXIT_DONE, EXIT_USAGE, check_writable
from ..engine.core.arkit import COUNT, REGIONS
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.mapping_file import shipped_profiles, write_mapping
from ..scene.mapping_edit import forget, owner_of
from ..scene.mapping_store import store_mapping
from ..scene.match_report import UNUSED, report_match
from ..scene.matching import match_character
from ..scene.meshes import meshes_with_keys
from .options import (
    add_object_option,
    chosen_objects,
    finish,
    open_file,
    print_warning,
    save_file,
    wanted_mapping,
)


def add_match(verbs: argparse._SubParsersAction) -> None:
    """The verb ``match``."""
    match = verbs.add_parser("match", help="say which shape keys stand for which ARKit channels")
    match.add_argument("--blend", required=True, help="file with the character")
    add_object_option(match)
    match.add_argument(
        "--anew", action="store_true", help="match, even if the character keeps a mapping"
    )
    match.add_argument("--json", metavar="OUT", help="write the map and the report as JSON")
    match.add_argument("--save", metavar="OUT", help="write the mapping as a profile (.json)")
    match.set_defaults(run=_match)


def add_map(verbs: argparse._SubParsersAction) -> None:
    """The verb ``map``."""
    map_ = verbs.add_parser("map", help="give a character a mapping of its own")
    map_.add_argument("--blend", required=True, help="file with the character")
    add_object_option(map_)
    source = map_.add_mutually_exclusive_group()
    source.add_argument(
        "--profile",
        metavar="FILE|NAME",
        help="a mapping's file, or a profile that ships: " + ", ".join(shipped_profiles()),
    )
    source.add_argument("--forget", action="store_true", help="match automatically from now on")
    map_.add_argument(
        "--gain",
        type=arguments.gain,
        action="append",
        default=[],
        metavar="PART=FACTOR",
        help="let a part of this character move more or less; may be given several times",
    )
    map_.add_argument("--mirror", action="store_true", help="its left follows the actor's right")
    map_.add_argument("--out", required=True, help=".blend to write")
    map_.add_argument("--json", metavar="REPORT", help="write the map and the report as JSON")
    map_.set_defaults(run=_map)


def _match(options: argparse.Namespace) -> int:
    check_writable(options.json, options.save)
    open_file(Path(options.blend))
    objects = chosen_objects(options, bpy.context.scene)
    if options.anew:
        _forget(objects)
    report = report_match(objects)
    for entry in report.entries:
        if entry.status != UNUSED:
            target = f"{entry.object}: {entry.key} x {entry.weight:g}" if entry.key else "-"
            sys.stdout.write(
                f"{entry.arkit:20} {entry.status:12} {target:40} {entry.reason}".rstrip() + "\n"
            )
    for sentence in report.notes:
        print_warning(sentence)
    sys.stdout.write(f"{report.summary()}\n")
    if options.save:
        write_mapping(options.save, report.mapping)
    return finish(options, {"blend": options.blend} | report.to_wire())


def _map(options: argparse.Namespace) -> int:
    if wrong := [part for part, _ in options.gain if part not in REGIONS]:
        sys.stderr.write(f"usage: a mapping has no gain of the {wrong[0]}\n")
        return EXIT_USAGE
    check_writable(options.out, options.json)
    open_file(Path(options.blend))
    objects = chosen_objects(options, bpy.context.scene)
    owner = owner_of(objects) or objects[0]
    if options.forget:
        _forget(objects)
    else:
        mapping = _wanted(options, objects, owner)
        gains = {**mapping.region_gains, **dict(options.gain)}
        mirror = options.mirror or mapping.mirror
        left_out = store_mapping(owner, replace(mapping, region_gains=gains, mirror=mirror))
        for sentence in left_out:
            print_warning(sentence)
    report = report_match(objects)
    save_file(Path(options.out))
    sys.stdout.write(f"{report.summary()} -> {options.out}\n")
    finish(options, {"blend": options.out, "object": owner.name} | report.to_wire())
    return EXIT_DONE


def _forget(objects: list[bpy.types.Object]) -> None:
    """Nothing of the character keeps a mapping afterwards, nor what it hangs below."""
    while forget(objects):
        pass


def _wanted(
    options: argparse.Namespace, objects: list[bpy.types.Object], owner: bpy.types.Object
) -> Mapping:
    if not options.profile:
        _forget(objects)
        found = match_character(objects, meshes_with_keys(objects)).mapping
        if not found.rows and not found.poses:
            raise FacewrightError(
                f"None of the {COUNT} ARKit channels was recognised on this character.",
                "Give a mapping with --profile, or make one in the Mapping panel.",
                "no-arkit-keys",
            )
        return replace(found, name=owner.name)
    return wanted_mapping(options.profile)
