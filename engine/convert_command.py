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
    check_no_takes,
    check_writable,
    guarded,
    make_folder,
    result_names,
    write_json,
)
from .core.errors import FacewrightError
from .core.same_file import real_path


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
    _check_report(options.json, {real_path(source), real_path(target)})
    report = {"source": str(source), "target": str(target), "state": "failed"}
    try:
        report.update(_convert(source, target, settings))
    except FacewrightError as error:
        report.update(_told(error))
        raise
    finally:
        if options.json:
            write_json(options.json, report)
    return EXIT_DONE


def _run_folder(options: argparse.Namespace, source: Path, target: Path, settings) -> int:
    """Every file of a folder; one that fails or is no face file does not stop the others."""
    from .pipeline.convert import SUFFIXES, is_other_file, target_suffix

    if not settings.target_format:
        sys.stderr.write("usage: a folder needs --to, the format to write\n")
        return EXIT_USAGE
    suffix = target_suffix(settings.target_format)
    files = sorted(
        path for path in source.iterdir() if path.suffix.lower() in SUFFIXES and not path.is_dir()
    )
    folder = make_folder(target)
    sources = {real_path(path) for path in files}
    results = [folder / f"{name}{suffix}" for name in result_names(files)]
    _check_report(options.json, sources.union(map(real_path, results)))
    reports = []
    for path, result in zip(files, results, strict=True):
        report: dict = {"source": str(path), "target": str(result), "state": "failed"}

        def run(path=path, result=result, report=report) -> int:
            try:
                if real_path(result) in sources:
                    raise FacewrightError(
                        f"{result} is one of the sources.", "Choose another folder.", "same-file"
                    )
                report.update(_convert(path, result, settings))
            except FacewrightError as error:
                report.update(_told(error))
                if not is_other_file(path, settings):
                    raise
                report["state"] = "skipped"
                sys.stderr.write(f"skipped: {path.name} is no face file that is known\n")
            return EXIT_DONE

        guarded(run)
        reports.append(report)
    if options.json:
        write_json(options.json, reports)
    states = {report["state"] for report in reports}
    if not states - {"skipped"}:
        sys.stderr.write(f"error: there is no face file in {source}\n")
    return EXIT_DONE if "complete" in states and "failed" not in states else EXIT_FAILED


def _told(error: FacewrightError) -> dict:
    return {"message": error.message, "hint": error.hint, "code": error.code}


def _check_report(report: str | None, others: set[str]) -> None:
    """Refuse a report in the place of a take, of what is read or of what is written."""
    if report is None:
        return
    check_no_takes(report)
    if real_path(report) in others:
        raise FacewrightError(
            f"The report {report} would replace what is read or written.",
            "Choose another name for it.",
            "same-file",
        )


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
