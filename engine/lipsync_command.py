# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``lipsync``: recordings become curves, takes and cues, one or hundreds of them."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from .console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    ProgressBar,
    check_apart,
    check_no_takes,
    check_writable,
    make_folder,
    result_names,
    say,
    write_json,
)
from .core.cues import SETS
from .core.errors import FacewrightError
from .core.progress import Progress
from .lipsync_options import (
    add_lipsync_options,
    is_text_folder,
    lipsync_request_from,
    sounds_in,
    text_of,
)

# What is written: option, suffix.
_RESULTS = (("output", ".csv"), ("take", ".fwtake"), ("visemes", ".json"))
# The state of a recording at which Ctrl-C was pressed.
_STOPPED = "cancelled"


def add_lipsync(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    lipsync = verbs.add_parser("lipsync", help="make faces speak what recordings say")
    lipsync.add_argument(
        "sounds",
        nargs="+",
        metavar="AUDIO",
        help="a recording, a video with sound, several of them, or a folder",
    )
    lipsync.add_argument(
        "-o", "--output", metavar="CSV", help="values to write; a folder for several recordings"
    )
    lipsync.add_argument("--take", help="take to write, with its cues; a folder for several")
    lipsync.add_argument("--visemes", metavar="JSON", help="cues to write; a folder for several")
    lipsync.add_argument(
        "--set", dest="names", choices=SETS, default="ovr", help="names of the cues (%(default)s)"
    )
    add_lipsync_options(lipsync)
    lipsync.add_argument("--overwrite", action="store_true", help="replace an existing take")
    lipsync.add_argument(
        "--json", metavar="REPORT", help="write what happened; a table where REPORT ends in .csv"
    )
    lipsync.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if not any(getattr(options, option) for option, _ in _RESULTS):
        sys.stderr.write("usage: nothing to write: give -o OUT.csv, --take OUT or --visemes OUT\n")
        return EXIT_USAGE
    several = len(options.sounds) > 1 or Path(options.sounds[0]).is_dir()
    one_text = options.text_file and not is_text_folder(options.text_file)
    if several and (options.text or one_text):
        sys.stderr.write(
            "usage: one text is for one recording: give --text-file a folder with a text of each "
            "recording's name\n"
        )
        return EXIT_USAGE
    _check_report(options)
    if several:
        return _run_several(options)
    sound = Path(options.sounds[0])
    outputs = {option: getattr(options, option) for option, _ in _RESULTS}
    check_apart((), (*outputs.values(), options.json))
    report = {"sound": str(sound), "state": "failed"}
    try:
        bar = ProgressBar(f"Hearing {sound.name}")
        try:
            report.update(_speak(options, sound, outputs, bar))
        finally:
            bar.close()
    except FacewrightError as error:
        report.update(message=error.message, hint=error.hint, code=error.code)
        raise
    except KeyboardInterrupt:
        report["state"] = _STOPPED
        raise
    finally:
        _write_report(options.json, report)
    return EXIT_DONE


def _check_report(options: argparse.Namespace) -> None:
    """The report must not take the place of anything that is read."""
    if options.json:
        check_writable(options.json)
        check_no_takes(options.json)
        check_apart((*options.sounds, options.text_file, options.profile), (options.json,))


def _run_several(options: argparse.Namespace) -> int:
    """Every recording; one that fails does not stop the others."""
    sounds = _found(options.sounds)
    folders = {
        option: make_folder(getattr(options, option))
        for option, _ in _RESULTS
        if getattr(options, option)
    }
    reports = []
    try:
        for sound, name in zip(sounds, result_names(sounds), strict=True):
            outputs = {
                option: folders[option] / f"{name}{suffix}" if option in folders else None
                for option, suffix in _RESULTS
            }
            report: dict = {"sound": str(sound), "state": "failed"}
            reports.append(report)
            try:
                report.update(_speak(options, sound, outputs))
            except KeyboardInterrupt:
                report["state"] = _STOPPED
                raise
            except FacewrightError as error:
                report.update(message=error.message, hint=error.hint, code=error.code)
                sys.stderr.write(f"error: {sound.name}: {error}\n")
            except Exception as error:  # noqa: BLE001 - hundreds of others wait
                sentence = f"an unexpected error: {type(error).__name__}: {error}"
                report.update(message=sentence, hint="", code="unexpected")
                sys.stderr.write(f"error: {sound.name}: {sentence}\n")
    finally:
        _write_report(options.json, reports)
    failed = sum(report["state"] == "failed" for report in reports)
    if not reports:
        sys.stderr.write(f"error: there is no recording in {', '.join(options.sounds)}\n")
        return EXIT_FAILED
    say(f"{len(reports) - failed} of {len(reports)} recordings done")
    return EXIT_FAILED if failed else EXIT_DONE


def _found(names: Sequence[str]) -> list[Path]:
    """All recordings, those of folders by name, none of them twice."""
    found: list[Path] = []
    for path in map(Path, names):
        found += sounds_in(path) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _speak(
    options: argparse.Namespace, sound: Path, outputs: dict, bar: ProgressBar | None = None
) -> dict:
    """One recording; its report with what was written."""
    from .core.cues import write_cues
    from .pipeline.lipsync import lipsync_and_values
    from .takes.csv_out import write_csv
    from .takes.protect import refuse_cues, refuse_take
    from .takes.speech import cues_path

    check_writable(*outputs.values())
    take, visemes = outputs["take"], outputs["visemes"]
    text_file = text_of(sound, options.text_file)
    check_apart(
        (sound, text_file, options.profile),
        (*outputs.values(), take and cues_path(take)),
    )
    if outputs["output"]:
        refuse_take(outputs["output"])
    if visemes:
        refuse_take(visemes)
        refuse_cues(visemes)
    progress = Progress(bar, lambda text: sys.stderr.write(f"note: {sound.name}: {text}\n"))
    request = lipsync_request_from(options, sound, outputs["take"] or "", text_file)
    if options.text_file and not text_file:
        progress.warn(f"there is no text of this name in {options.text_file}")
    report, spoken = lipsync_and_values(request, progress)
    if outputs["output"]:
        write_csv(outputs["output"], spoken.track)
    if outputs["visemes"]:
        write_cues(outputs["visemes"], spoken.cues, options.names)
    written = [path for path in outputs.values() if path]
    say(
        f"{sound.name}: {report.sound_s:.2f} s, {report.cues} cues by the {report.by}, "
        f"{report.times_real_time:.0f} times real time -> {', '.join(map(str, written))}"
    )
    return vars(report) | {
        "notes": list(progress.warnings),
        "output": str(outputs["output"] or ""),
        "visemes": str(outputs["visemes"] or ""),
    }


def _write_report(path: str | None, report: dict | list[dict]) -> None:
    if not path:
        return
    if Path(path).suffix.lower() != ".csv":
        write_json(path, report)
        return
    rows = report if isinstance(report, list) else [report]
    columns = list(dict.fromkeys([*(name for row in rows for name in row), "notes"]))
    partial = Path(f"{path}.part")
    try:
        with partial.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            table = csv.DictWriter(file, columns)
            table.writeheader()
            for row in rows:
                table.writerow(row | {"notes": " ".join(row.get("notes", ()))})
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FacewrightError(
            f"The report {path} cannot be written ({error.strerror}).", "", "report-unwritable"
        ) from error
