# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``transfer``: a head without shapes gets the 52."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import bpy

from ..engine.console import EXIT_DONE, EXIT_USAGE, check_writable, write_json
from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..engine.retarget.axes import FACINGS
from ..engine.retarget.transfer.amounts import AMOUNTS, DEFAULT
from ..engine.retarget.transfer.landmarks import read_landmarks
from ..engine.retarget.transfer.request import ROLES
from ..scene.make_shapes import (
    ShapesSettings,
    add_shapes,
    landmarks_in_world,
    prepare_request,
    shape_meshes,
)
from ..scene.sent_mesh import SentMesh
from .capture import run_job
from .options import add_object_option, finish, open_file, save_file


def add_transfer(verbs: argparse._SubParsersAction) -> None:
    """The verb ``transfer``."""
    transfer = verbs.add_parser("transfer", help="make the 52 shapes on a head that has none")
    transfer.add_argument("--blend", required=True, help="file with the character")
    add_object_option(transfer)
    transfer.add_argument("--out", required=True, help=".blend to write")
    transfer.add_argument(
        "--landmarks",
        metavar="FILE",
        help='places in the world, as JSON: {"mouthCornerLeft": [x, y, z], ...}; what it leaves '
        "out is guessed",
    )
    transfer.add_argument(
        "--save-landmarks", metavar="FILE", help="write the landmarks that were used"
    )
    transfer.add_argument(
        "--no-guess", action="store_true", help="go by the landmarks of the file alone"
    )
    transfer.add_argument(
        "--facing", choices=FACINGS, default="-Y", help="where the character looks (%(default)s)"
    )
    transfer.add_argument(
        "--symmetric", action="store_true", help="make both sides mirror images of each other"
    )
    transfer.add_argument(
        "--amounts",
        choices=AMOUNTS,
        default=DEFAULT,
        help="how strong the shapes are: as the face units were authored, or as on the shipped "
        "head, whose gaze, lids and brows go further (%(default)s)",
    )
    transfer.add_argument(
        "--replace", action="store_true", help="replace keys that are there; otherwise they stay"
    )
    transfer.add_argument(
        "--names", metavar="NAME,NAME", default="", help="make these ARKit shapes alone"
    )
    transfer.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="OBJECT=ROLE",
        help=f"what an object is, where it would be misread: {', '.join(ROLES)}",
    )
    transfer.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    transfer.set_defaults(run=_transfer)


def _transfer(options: argparse.Namespace) -> int:
    roles = dict(item.rpartition("=")[::2] for item in options.role)
    names = tuple(name.strip() for name in options.names.split(",") if name.strip())
    wrong = [role for role in roles.values() if role not in ROLES]
    wrong += [name for name in names if name not in NAMES]
    if wrong:
        sys.stderr.write(f'usage: "{wrong[0]}" is no role or no ARKit name\n')
        return EXIT_USAGE
    check_writable(options.out, options.json, options.save_landmarks)
    landmarks = read_landmarks(Path(options.landmarks)) if options.landmarks else {}
    open_file(Path(options.blend))
    meshes = shape_meshes(_chosen(options))
    if missing := [name for name in roles if name not in {ob.name for ob in meshes}]:
        raise FacewrightError(
            f'There is no mesh "{missing[0]}" among the chosen objects.',
            f"Meshes: {', '.join(ob.name for ob in meshes)}.",
            "object-missing",
        )
    settings = ShapesSettings(
        facing=options.facing,
        landmarks={name: tuple(place) for name, place in landmarks.items()},
        guess=not options.no_guess,
        symmetric=options.symmetric,
        existing="REPLACE" if options.replace else "KEEP",
        roles=roles,
        names=names,
        amounts=options.amounts,
    )
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        request = prepare_request(meshes, settings, Path(scratch))
        report = run_job("Making shapes", request)
        made = add_shapes([SentMesh.of(ob) for ob in meshes], Path(request.shapes), settings)
    save_file(Path(options.out))
    if options.save_landmarks:
        write_json(options.save_landmarks, landmarks_in_world(report, settings))
    for name, keys in made.made.items():
        kept = len(made.kept.get(name, ()))
        beside = f", {kept} that were there stay" if kept else ""
        sys.stdout.write(f"{name}: {len(keys)} shapes{beside}\n")
    sys.stdout.write(f"{report['seconds']:.1f} s -> {options.out}\n")
    finish(options, report | {"blend": options.out, "made": made.made, "kept": made.kept})
    return EXIT_DONE


def _chosen(options: argparse.Namespace) -> list[bpy.types.Object]:
    objects = bpy.context.scene.objects
    if missing := [name for name in options.object if name not in objects]:
        raise FacewrightError(
            f'There is no object "{missing[0]}" in the scene.',
            f"Objects: {', '.join(sorted(ob.name for ob in objects)) or 'none'}.",
            "object-missing",
        )
    return [objects[name] for name in options.object] or list(objects)
