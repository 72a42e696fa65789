# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``send``: play a take to another program."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .console import EXIT_DONE, ProgressBar
from .core.progress import Progress

RECEIVER_HELP = (
    '"livelink:ADDRESS:PORT", "vmc:127.0.0.1:39539" ...; address and port may be left out'
)


def add_send(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    send = verbs.add_parser("send", help="play a take in real time to another program")
    send.add_argument("take")
    send.add_argument(
        "--to",
        required=True,
        metavar="SPEC",
        help=RECEIVER_HELP,
    )
    send.add_argument("--repeat", action="store_true", help="begin again at the end, until Ctrl+C")
    send.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .pipeline.play_take import play_take

    bar = ProgressBar(f"Sending {Path(options.take).name}")
    try:
        sent = play_take(options.take, options.to, options.repeat, Progress(bar))
    finally:
        bar.close()
    sys.stdout.write(f"{Path(options.take).name}: {sent} frames sent to {options.to}\n")
    return EXIT_DONE
