# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command facewright <verb>``: the buttons' work from a command line.

Exit codes: 0 done, 1 failed (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import bpy

from .engine import arguments
from .engine.__main__ import videos_in
from .engine.console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    ProgressBar,
    check_writable,
    guarded,
    make_folder,
    result_names,
    write_json,
)
from .engine.core.errors import FacewrightError
from .engine.core.progress import Progress
from .engine.core.requests import SolveRequest, SolveSettings, TrackRequest
from .engine.filters.chain import FilterSettings
from .engine.filters.columns import PARTS
from .engine.filters.smooth import DEFAULT_STRENGTH
from .engine.options import (
    add_solve_options,
    add_tracking_options,
    request_from,
    solve_settings_from,
)
from .engine.send_command import RECEIVER_HELP
from .engine.takes.take_file import read_header
from .scene.apply import ApplySettings, check_target
from .scene.capture import apply_take, guess_head
from .scene.eye_bones import guess_eyes
from .scene.face_files import as_take
from .scene.face_reader import FaceReader
from .scene.jobs import Job
from .scene.neck_chain import choose_neck
from .scene.pose_channels import PoseSettings
from .scene.render import render_movie
from .scene.stage import new_stage
from .scene.stream_out import StreamOut, play_frames


def main(argv: list[str]) -> int:
    """Run one command.

    Args:
        argv: The words after ``facewright``.

    Returns:
        The exit code.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed usage or help
        return int(stop.code or 0)
    return guarded(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blender --command facewright", description=(__doc__ or "").split("\n")[0]
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    capture = verbs.add_parser("capture", help="track a video (or a folder) onto a character")
    capture.add_argument("video", help="a video, or a folder of videos")
    _add_scene_options(capture)
    capture.add_argument("--take", help="take to keep; a folder when VIDEO is one")
    add_tracking_options(capture)
    capture.set_defaults(run=_capture)

    apply_ = verbs.add_parser("apply", help="write a take, or a face file, onto a character")
    apply_.add_argument("take", help="a take, or a face file of another program")
    apply_.add_argument(
        "--in-fps",
        type=float,
        metavar="F",
        help="frame rate of a face file, where it tells none or a wrong one",
    )
    _add_scene_options(apply_)
    solving = apply_.add_argument_group("solving anew")
    solving.add_argument(
        "--solve", action="store_true", help="solve the take anew first, which changes the take"
    )
    add_solve_options(solving)
    apply_.set_defaults(run=_apply)

    send = verbs.add_parser("send", help="play a character's frames in real time to a program")
    send.add_argument("--blend", required=True, help="file with the animated character")
    _add_object_option(send)
    send.add_argument("--to", required=True, metavar="SPEC", help=RECEIVER_HELP)
    send.add_argument(
        "--frames", type=int, nargs=2, metavar=("FIRST", "LAST"), help="the scene's without this"
    )
    send.add_argument("--repeat", action="store_true", help="begin again at the end, until Ctrl+C")
    _add_head_options(send)
    send.set_defaults(run=_send)
    return parser


def _add_object_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--object",
        action="append",
        default=[],
        metavar="NAME",
        help="mesh, armature or empty with the face; may be given several times",
    )


def _add_scene_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--blend", help="file with the character; without it the Facewright Head is used"
    )
    _add_object_option(parser)
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
    keys.add_argument("--no-sound", action="store_true")
    keys.add_argument("--keep-range", action="store_true", help="leave the scene's end as it is")
    head = _add_head_options(parser)
    head.add_argument("--head-center", choices=("median", "first", "none"), default="median")


def _add_head_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
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


def _capture(options: argparse.Namespace) -> int:
    video = Path(options.video)
    if options.resume and not options.take:
        sys.stderr.write("usage: --resume needs --take, the take to go on with\n")
        return EXIT_USAGE
    if not video.is_dir():
        report = _capture_one(options, video, Path(options.out), options.take, options.render)
        return _finish(options, report)
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
    _finish(options, reports)
    return EXIT_FAILED if any(r["state"] == "failed" for r in reports) else EXIT_DONE


def _apply(options: argparse.Namespace) -> int:
    take, settings = Path(options.take), solve_settings_from(options)
    if settings != SolveSettings() and not options.solve:
        sys.stderr.write("usage: options of the solver need --solve, which changes the take\n")
        return EXIT_USAGE
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        used, notes = as_take(take, Path(scratch), options.in_fps)
        for sentence in notes:
            _print_warning(sentence)
        header = read_header(used)
        check_writable(options.out, options.render, options.json)
        _open(options)
        report = {"take": str(take), "state": "complete"}
        if options.solve:
            request = SolveRequest(str(used.absolute()), settings)
            report["solve"] = _run_job(f"Solving {take.name}", request)
        report |= _onto_character(options, used, header, Path(options.out), options.render)
    return _finish(options, report)


def _send(options: argparse.Namespace) -> int:
    _open_file(Path(options.blend))
    scene = bpy.context.scene
    objects = _objects(options, scene)
    first, last = options.frames or (scene.frame_start, scene.frame_end)
    if last < first:
        raise FacewrightError(
            f"Frame {last} is before frame {first}.", "Give FIRST and LAST.", "frames-empty"
        )
    stream = StreamOut(FaceReader(scene, objects, _pose(options, objects)), options.to)
    bar = ProgressBar(f"Sending {Path(options.blend).name}")
    # Blender's own answer to Ctrl+C is to go on until it is pressed a second time.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        play_frames(scene, stream, first, last, options.repeat, Progress(bar))
    except KeyboardInterrupt:
        _print_warning("Stopped by hand.")
    finally:
        if before is not None:  # Blender's own, which Python cannot put back, is needed no more
            signal.signal(signal.SIGINT, before)
        bar.close()
        stream.close()
    sys.stdout.write(f"{stream.sender.sent} frames sent: {stream.sender.name}\n")
    return EXIT_DONE


def _run_job(label: str, request: TrackRequest | SolveRequest) -> dict:
    """Have the worker do something, with a bar on stderr; returns its report."""
    bar = ProgressBar(label)
    try:
        return Job(request).run(Progress(bar, _print_warning))
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
    _open(options)
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        path = Path(take) if take else Path(scratch, f"{video.stem}.fwtake")
        request = request_from(options, video.absolute(), path.absolute())
        tracking = _run_job(f"Tracking {video.name}", request)
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
    objects = _objects(options, scene)
    report = apply_take(
        scene,
        take,
        objects,
        _settings(options, objects),
        extend_scene=not options.keep_range,
        mark_doubt=options.markers,
    )
    for sentence in report.warnings:
        _print_warning(sentence)
    if not options.blend:
        scene.frame_start, scene.frame_end = int(report.first_frame), int(report.last_frame)
    _save(out)
    if movie:
        _render(scene, Path(movie), options)
    sys.stdout.write(
        f"{report.mapped}/{report.total} shapes on {', '.join(report.objects)}, frames "
        f"{report.first_frame:g} to {report.last_frame:g} -> {out}\n"
    )
    return {"blend": str(out), "movie": movie and str(movie), "keyframes": report.to_wire()}


def _open(options: argparse.Namespace) -> None:
    """Open the character's file, or start empty."""
    if not options.blend:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        return
    _open_file(Path(options.blend))
    objects = _objects(options, bpy.context.scene)
    check_target(bpy.context.scene, objects, _settings(options, objects))


def _open_file(path: Path) -> None:
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


def _objects(options: argparse.Namespace, scene: bpy.types.Scene) -> list[bpy.types.Object]:
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
    if not objects:
        raise FacewrightError(
            "No mesh with shape keys is in the scene.", "Choose one with --object.", "no-shape-keys"
        )
    return objects


def _pose(options: argparse.Namespace, objects: list[bpy.types.Object]) -> PoseSettings:
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


def _settings(options: argparse.Namespace, objects: list[bpy.types.Object]) -> ApplySettings:
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
        pose=_pose(options, objects),
        onto_existing=options.onto_existing,
        reduce_weight=options.reduce,
        place_sound=not options.no_sound,
        regions=options.regions,
        span=options.span,
        ease_frames=options.ease,
    )


def _render(scene: bpy.types.Scene, movie: Path, options: argparse.Namespace) -> None:
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


def _save(out: Path) -> None:
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(out.absolute()), copy=False, compress=True)
    except RuntimeError as error:
        raise FacewrightError(
            f"{out} cannot be written.",
            "Choose a folder that exists, may be written to and has space.",
            "blend-unwritable",
        ) from error


def _finish(options: argparse.Namespace, report: object) -> int:
    if options.json:
        write_json(options.json, json.loads(json.dumps(report)))
    return EXIT_DONE


def _print_warning(sentence: str) -> None:
    sys.stderr.write(f"warning: {sentence}\n")
