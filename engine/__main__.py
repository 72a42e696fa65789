# SPDX-License-Identifier: GPL-3.0-or-later
"""Facewright without Blender: ``python -m engine <verb>``.

Exit codes: 0 done, 1 failed (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from .console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    ProgressBar,
    check_apart,
    check_no_takes,
    check_writable,
    guarded,
    make_folder,
    result_names,
    write_json,
)
from .convert_command import add_convert
from .core.math_threads import one_math_thread
from .core.progress import Progress
from .core.requests import SolveRequest
from .doctor_command import add_doctor
from .engines_command import add_engines
from .learn_speech_command import add_learn_speech
from .lipsync_command import add_lipsync
from .listen_command import add_listen
from .live_command import add_live
from .models_command import add_models
from .options import add_solve_options, add_tracking_options, request_from, solve_settings_from
from .runtime.activate import activate
from .runtime_command import add_runtime
from .send_command import add_send
from .takes.recordings import videos_in


def main(argv: list[str] | None = None) -> int:
    """Parse and run; returns the exit code (argparse itself exits with 2)."""
    return guarded(lambda: _run(argv))


def _run(argv: list[str] | None) -> int:
    options = _parser().parse_args(argv)
    one_math_thread()
    activate()
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    track = verbs.add_parser("track", help="track a video (or a folder of videos) to CSV")
    track.add_argument("video", help="a video, or a folder of videos")
    track.add_argument("-o", "--output", help="CSV to write; a folder when VIDEO is one")
    track.add_argument("--take", help="take to keep; a folder when VIDEO is one")
    add_tracking_options(track)
    track.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    track.set_defaults(run=_track)

    take = verbs.add_parser("take", help="look into a take")
    take_verbs = take.add_subparsers(required=True, metavar="VERB")
    info = take_verbs.add_parser("info", help="print what a take holds, as JSON")
    info.add_argument("file")
    info.set_defaults(run=_take_info)
    export = take_verbs.add_parser("export", help="write a take's values as CSV")
    export.add_argument("file")
    export.add_argument("-o", "--output", required=True)
    export.set_defaults(run=_take_export)

    solve = take_verbs.add_parser("solve", help="solve a take anew, without tracking again")
    solve.add_argument("file")
    add_solve_options(solve)
    solve.add_argument(
        "--save-performer", metavar="FILE", help="write what was learned as a performer profile"
    )
    solve.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    solve.set_defaults(run=_take_solve)

    add_lipsync(verbs)
    add_learn_speech(verbs)
    add_live(verbs)
    add_send(verbs)
    add_listen(verbs)
    add_convert(verbs)

    add_engines(verbs)
    add_models(verbs)
    add_runtime(verbs)

    cameras = verbs.add_parser("cameras", help="the cameras and microphones of this machine")
    cameras.add_argument("--json", action="store_true", help="print JSON")
    cameras.set_defaults(run=_cameras)

    add_doctor(verbs)
    return parser


def _track(options: argparse.Namespace) -> int:
    video = Path(options.video)
    if not (options.output or options.take):
        sys.stderr.write("usage: nothing to write: give -o OUT.csv, --take OUT.fwtake or both\n")
        return EXIT_USAGE
    if options.resume and not options.take:
        sys.stderr.write("usage: --resume needs --take, the take to go on with\n")
        return EXIT_USAGE
    check_writable(options.json)
    check_no_takes(options.json)
    if not video.is_dir():
        report = _track_one(options, video, options.output, options.take)
        if options.json:
            write_json(options.json, report)
        return EXIT_DONE
    return _track_folder(options, video)


def _track_folder(options: argparse.Namespace, folder: Path) -> int:
    """Every video of a folder; one that fails does not stop the others."""
    reports = []
    videos = videos_in(folder)
    for video, name in zip(videos, result_names(videos), strict=True):
        outputs = [
            make_folder(out) / f"{name}{suffix}" if out else None
            for out, suffix in ((options.output, ".csv"), (options.take, ".fwtake"))
        ]
        report: dict = {"video": str(video), "state": "failed"}

        def run(video=video, outputs=outputs, report=report) -> int:
            report.update(_track_one(options, video, *outputs))
            return EXIT_DONE

        guarded(run)
        reports.append(report)
    if options.json:
        write_json(options.json, reports)
    failed = sum(report["state"] == "failed" for report in reports)
    if not reports:
        sys.stderr.write(f"error: there is no video in {folder}\n")
    return EXIT_FAILED if failed or not reports else EXIT_DONE


def _track_one(
    options: argparse.Namespace, video: Path, output: str | Path | None, take: str | Path | None
) -> dict:
    from .pipeline.track import track_video
    from .takes.csv_out import write_csv
    from .takes.take_file import read_track

    check_writable(output, take)
    check_no_takes(output)
    check_apart((video,), (output, take, options.json))
    bar = ProgressBar(f"Tracking {video.name}")
    progress = Progress(bar, lambda text: sys.stderr.write(f"warning: {text}\n"))
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        path = Path(take) if take else Path(scratch, "take.fwtake")
        try:
            report = track_video(request_from(options, video, path), progress)
        finally:
            bar.close()
        if output:
            write_csv(output, read_track(path))
    summary = vars(report) | {"take": str(take) if take else None, "output": output and str(output)}
    sys.stdout.write(
        f"{video.name}: {report.valid_frames} of {report.frames} frames with a face, "
        f"{report.frames_per_second:.0f} frames/s on {report.provider} -> {output or take}\n"
    )
    return summary


def _take_info(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .filters.stretches import find_doubt
    from .pipeline.track import find_gaps
    from .takes.take_file import read_header, read_track

    header, track = read_header(options.file), read_track(options.file)
    header["frames"] = len(track)
    header["valid_frames"] = int(track.valid.sum())
    header["duration_s"] = round(float(track.time_s[-1]), 4) if len(track) else 0.0
    header["gaps"] = find_gaps(track.valid, track.time_s)
    doubt = find_doubt(track)
    header["confidence"] = {region: round(value, 3) for region, value in doubt.confidence.items()}
    header["check"] = [
        {name: value if name == "region" else round(value, 4) for name, value in stretch.items()}
        for stretch in map(asdict, doubt.stretches)
    ]
    sys.stdout.write(json.dumps(header, indent=2, ensure_ascii=False) + "\n")
    return EXIT_DONE


def _take_solve(options: argparse.Namespace) -> int:
    from .pipeline.solve import solve_take

    if options.performer and options.save_performer:
        sys.stderr.write("usage: --save-performer learns from the take: leave --performer out\n")
        return EXIT_USAGE
    check_writable(options.json, options.save_performer)
    check_no_takes(options.json, options.save_performer)
    check_apart((options.file, options.performer), (options.json, options.save_performer))
    bar = ProgressBar(f"Solving {Path(options.file).name}")
    progress = Progress(bar, lambda text: sys.stderr.write(f"warning: {text}\n"))
    request = SolveRequest(
        options.file, solve_settings_from(options), str(options.save_performer or "")
    )
    try:
        report = solve_take(request, progress)
    finally:
        bar.close()
    if options.json:
        write_json(options.json, vars(report))
    sys.stdout.write(
        f"{Path(options.file).name}: {report.valid_frames} of {report.frames} frames with a face, "
        f'solved by "{report.solver}" in {report.seconds:.1f} s\n'
    )
    return EXIT_DONE


def _take_export(options: argparse.Namespace) -> int:
    from .takes.csv_out import write_csv
    from .takes.take_file import read_header, read_track

    if read_header(options.file)["state"] in ("tracking", "recording"):
        sys.stderr.write(
            f"warning: {options.file} was not tracked to its end and its values are provisional; "
            "resume it or solve it anew\n"
        )
    write_csv(options.output, read_track(options.file))
    return EXIT_DONE


def _cameras(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .sources.devices import list_cameras, list_microphones

    found = {"camera": list_cameras(), "microphone": list_microphones()}
    if options.json:
        lists = {f"{kind}s": [asdict(one) for one in some] for kind, some in found.items()}
        sys.stdout.write(json.dumps(lists, indent=2, ensure_ascii=False) + "\n")
        return EXIT_DONE
    for kind, some in found.items():
        for number, device in enumerate(some):
            sys.stdout.write(f"{kind} {number}: {device.name} ({device.id})\n")
        if not some:
            sys.stdout.write(f"no {kind} found\n")
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
