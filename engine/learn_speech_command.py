# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``learn-speech``: a performer's own way to speak, from their videos."""

from __future__ import annotations

import argparse
import sys

from .console import (
    EXIT_DONE,
    EXIT_FAILED,
    ProgressBar,
    check_apart,
    check_no_takes,
    check_writable,
    write_json,
)
from .core.progress import Progress
from .core.requests import LearnSpeechRequest

# Channels that the printed table names.
_SHOWN = ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthSmileLeft")


def add_learn_speech(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    learn = verbs.add_parser(
        "learn-speech", help="learn how a performer speaks, from a few minutes of video"
    )
    learn.add_argument(
        "sources", nargs="+", metavar="VIDEO|TAKE", help="videos with sound, takes, folders of them"
    )
    learn.add_argument(
        "-o", "--output", required=True, metavar="VOICE", help="the profile, NAME.fwvoice"
    )
    learn.add_argument("--name", default="", help="name of the performer (that of the file)")
    learn.add_argument(
        "--keep-anyway", action="store_true", help="write it even where it is not better"
    )
    learn.add_argument("--overwrite", action="store_true", help="replace an existing profile")
    learn.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    learn.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .pipeline.learn_speech import learn_speech
    from .takes.recordings import recordings_in

    sources = recordings_in(options.sources)
    check_writable(options.output, options.json)
    check_apart(sources, (options.output, options.json))
    check_no_takes(options.output, options.json)
    bar = ProgressBar("Learning")
    progress = Progress(bar, lambda text: sys.stderr.write(f"warning: {text}\n"))
    request = LearnSpeechRequest(
        sources,
        str(options.output),
        options.name,
        options.keep_anyway,
        options.overwrite,
    )
    try:
        report = learn_speech(request, progress)
    finally:
        bar.close()
    if options.json:
        write_json(options.json, vars(report))
    _print_scores(report.scores)
    if report.state == "refused":
        sys.stderr.write(f"error: {report.verdict}\n")
        return EXIT_FAILED
    sys.stdout.write(f"{report.verdict} -> {report.voice}\n")
    return EXIT_DONE


def _print_scores(scores: dict[str, dict]) -> None:
    if not scores:
        return
    names = "".join(f"{name:>16}" for name in _SHOWN)
    sys.stdout.write(f"{'':12}{'error':>8}{'likeness':>10}{names}\n")
    for name, one in scores.items():
        likeness = one["channel_likeness"]
        cells = "".join(
            f"{likeness[key]:>16.2f}" if key in likeness else f"{'-':>16}" for key in _SHOWN
        )
        sys.stdout.write(f"{name:12}{one['mae']:>8.4f}{one['likeness']:>10.2f}{cells}\n")
