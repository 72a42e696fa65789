# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``convert``: face files of one program into those of another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    check_writable,
    guarded,
    make_folder,
    result_names,
    write_json,
)


def add_convert(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    convert = verbs.add_parser("convert", help="convert face files between programs, and takes")
    convert.add_argument("source", metavar="IN", help="a file, a take, or a folder of them")
    convert.add_argument("target", metavar="OUT", help="a file, or a folder for a folder")
    convert.add_argument(
        "--from", dest="source_format", default="", metavar="NAME", help="format of IN"
    )
    convert.add_argument(
        "--to",
        dest="target_format",
        default="",
        metavar="NAME",
        help="format of OUT; by its suffix otherwise; a folder needs it",
    )
    convert.add_argument(
        "--in-fps", type=_rate, metavar="F", help="frame rate of IN, where it tells none or a wrong"
    )
    convert.add_argument(
        "--fps", type=_rate, metavar="F", help="frame rate of OUT, where the format has one"
    )
    convert.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    convert.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .pipeline.convert import ConvertSettings

    settings = ConvertSettings(
        options.source_format, options.target_format, options.in_fps, options.fps
    )
    check_writable(options.json)
    source, target = Path(options.source), Path(options.target)
    if source.is_dir():
        return _run_folder(options, source, target, settings)
    report = _convert(source, target, settings)
    if options.json:
        write_json(options.json, report)
    return EXIT_DONE


def _run_folder(options: argparse.Namespace, source: Path, target: Path, settings) -> int:
    """Every file of a folder; one that fails does not stop the others."""
    from .pipeline.convert import SUFFIXES, target_suffix

    if not settings.target_format:
        sys.stderr.write("usage: a folder needs --to, the format to write\n")
        return EXIT_USAGE
    suffix = target_suffix(settings.target_format)
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    folder = make_folder(target)
    reports = []
    for path, name in zip(files, result_names(files), strict=True):
        report: dict = {"source": str(path), "state": "failed"}

        def run(path=path, name=name, report=report) -> int:
            report.update(_convert(path, folder / f"{name}{suffix}", settings))
            return EXIT_DONE

        guarded(run)
        reports.append(report)
    if options.json:
        write_json(options.json, reports)
    if not reports:
        sys.stderr.write(f"error: there is no face file in {source}\n")
    failed = any(report["state"] == "failed" for report in reports)
    return EXIT_FAILED if failed or not reports else EXIT_DONE


def _convert(source: Path, target: Path, settings) -> dict:
    from .pipeline.convert import convert_file

    check_writable(target)
    report = convert_file(source, target, settings)
    for sentence in report.notes:
        sys.stderr.write(f"note: {source.name}: {sentence}\n")
    sys.stdout.write(
        f"{source.name}: {report.valid_frames} of {report.frames} frames with a face, "
        f"{report.rate:.6g} frames/s -> {target}\n"
    )
    return vars(report)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1.0 <= rate <= 1000.0:
        raise argparse.ArgumentTypeError(f'"{text}" is no frame rate of 1 to 1000')
    return rate
