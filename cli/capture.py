# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``capture`` and ``apply``: a video or a take onto a character."""

from __future__ import annotations

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import bpy

from ..engine.console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    ProgressBar,
    check_writable,
    guarded,
    make_folder,
    result_names,
)
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.requests import SolveRequest, SolveSettings
from ..engine.options import (
    add_solve_options,
    add_tracking_options,
    request_from,
    solve_settings_from,
)
from ..engine.takes.recordings import videos_in
from ..engine.takes.take_file import read_header
from ..scene.apply import check_target
from ..scene.capture import apply_take
from ..scene.face_files import as_take
from ..scene.jobs import Job, Request
from ..scene.render import render_movie
from ..scene.stage import new_stage
from .options import (
    add_scene_options,
    apply_settings,
    chosen_objects,
    finish,
    give_mapping,
    open_file,
    print_warning,
    save_file,
)


def add_capture(verbs: argparse._SubParsersAction) -> None:
    """The verb ``capture``."""
    capture = verbs.add_parser("capture", help="track a video (or a folder) onto a character")
    capture.add_argument("video", help="a video, or a folder of videos")
    add_scene_options(capture)
    capture.add_argument("--take", help="take to keep; a folder when VIDEO is one")
    add_tracking_options(capture)
    capture.set_defaults(run=_capture)


def add_apply(verbs: argparse._SubParsersAction) -> None:
    """The verb ``apply``."""
    apply_ = verbs.add_parser("apply", help="write a take, or a face file, onto a character")
    apply_.add_argument("take", help="a take, or a face file of another program")
    apply_.add_argument(
        "--in-fps",
        type=float,
        metavar="F",
        help="frame rate of a face file, where it tells none or a wrong one",
    )
    add_scene_options(apply_)
    solving = apply_.add_argument_group("solving anew")
    solving.add_argument(
        "--solve", action="store_true", help="solve the take anew first, which changes the take"
    )
    add_solve_options(solving)
    apply_.set_defaults(run=_apply)


def _capture(options: argparse.Namespace) -> int:
    video = Path(options.video)
    if options.resume and not options.take:
        sys.stderr.write("usage: --resume needs --take, the take to go on with\n")
        return EXIT_USAGE
    if not video.is_dir():
        report = _capture_one(options, video, Path(options.out), options.take, options.render)
        return finish(options, report)
    videos = videos_in(video)
    if not videos:
        raise FacewrightError(f"There is no video in {video}.", "", "folder-empty")
    reports = []
    for clip, name in zip(videos, result_names(videos), strict=True):
        report: dict = {"video": str(clip), "state": "failed"}

        def run(clip=clip, name=name, report=report) -> int:
            out = make_folder(options.out) / f"{name}.blend"
            take = options.take and make_folder(options.take) / f"{name}.fwtake"
            movie = options.render and make_folder(options.render) / f"{name}.mp4"
            report.update(_capture_one(options, clip, out, take, movie))
            return EXIT_DONE

        guarded(run)
        reports.append(report)
    finish(options, reports)
    return EXIT_FAILED if any(r["state"] == "failed" for r in reports) else EXIT_DONE


def _apply(options: argparse.Namespace) -> int:
    take, settings = Path(options.take), solve_settings_from(options)
    if settings != SolveSettings() and not options.solve:
        sys.stderr.write("usage: options of the solver need --solve, which changes the take\n")
        return EXIT_USAGE
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        used, notes = as_take(take, Path(scratch), options.in_fps)
        for sentence in notes:
            print_warning(sentence)
        header = read_header(used)
        check_writable(options.out, options.render, options.json)
        open_character(options)
        report = {"take": str(take), "state": "complete"}
        if options.solve:
            request = SolveRequest(str(used.absolute()), settings)
            report["solve"] = run_job(f"Solving {take.name}", request)
        report |= _onto_character(options, used, header, Path(options.out), options.render)
    return finish(options, report)


def run_job(label: str, request: Request) -> dict:
    """Have the worker do something, with a bar on stderr; returns its report."""
    bar = ProgressBar(label)
    try:
        return Job(request).run(Progress(bar, print_warning))
    finally:
        bar.close()


def _capture_one(
    options: argparse.Namespace,
    video: Path,
    out: Path,
    take: str | Path | None,
    movie: str | Path | None,
) -> dict:
    """Track one video and write it onto the character; returns the report."""
    check_writable(out, take, movie, options.json)
    open_character(options)
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        path = Path(take) if take else Path(scratch, f"{video.stem}.fwtake")
        request = request_from(options, video.absolute(), path.absolute())
        tracking = run_job(f"Tracking {video.name}", request)
        keys = _onto_character(options, path, read_header(path), out, movie)
    if not take:
        tracking["take"] = None
    return tracking | keys


def _onto_character(
    options: argparse.Namespace,
    take: Path,
    header: dict,
    out: Path,
    movie: str | Path | None,
) -> dict:
    """Write a take onto the character of the opened file, save and render; returns the report."""
    if not options.blend:
        new_stage(bpy.context, Fraction(*header["source"]["rate"]))
    scene = bpy.context.scene
    objects = chosen_objects(options, scene)
    if not options.blend:
        give_mapping(options, objects)
    report = apply_take(
        scene,
        take,
        objects,
        apply_settings(options, objects),
        extend_scene=not options.keep_range,
        mark_doubt=options.markers,
    )
    for sentence in report.warnings:
        print_warning(sentence)
    if not options.blend:
        scene.frame_start, scene.frame_end = int(report.first_frame), int(report.last_frame)
    save_file(out)
    if movie:
        render_result(scene, Path(movie), options)
    sys.stdout.write(
        f"{report.mapped}/{report.total} shapes on {', '.join(report.objects)}, frames "
        f"{report.first_frame:g} to {report.last_frame:g} -> {out}\n"
    )
    return {"blend": str(out), "movie": movie and str(movie), "keyframes": report.to_wire()}


def open_character(options: argparse.Namespace) -> None:
    """Open the character's file, or start empty."""
    if not options.blend:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        return
    open_file(Path(options.blend))
    objects = chosen_objects(options, bpy.context.scene)
    give_mapping(options, objects)
    check_target(bpy.context.scene, objects, apply_settings(options, objects))


def render_result(scene: bpy.types.Scene, movie: Path, options: argparse.Namespace) -> None:
    """Render after saving: what is changed here is not in the file."""
    if options.frames:
        scene.frame_start, scene.frame_end = options.frames
    if height := options.resolution:
        width = scene.render.resolution_x * height / scene.render.resolution_y
        scene.render.resolution_x = round(width / 2) * 2
        scene.render.resolution_y = round(height / 2) * 2
        scene.render.resolution_percentage = 100
    bar = ProgressBar(f"Rendering {movie.name}")
    try:
        render_movie(scene, movie, Progress(bar))
    finally:
        bar.close()
