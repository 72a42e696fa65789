# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``listen``: what arrives on which port."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from .console import EXIT_DONE, EXIT_FAILED, ProgressBar
from .core.network import own_addresses
from .core.progress import Progress
from .options import seconds


def add_listen(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    listen = verbs.add_parser("listen", help="what other programs send, and to which port")
    listen.add_argument("--network", action="store_true", help="listen to other machines, too")
    listen.add_argument("--seconds", type=seconds, default=5.0, help="how long (%(default)s)")
    listen.add_argument("--json", action="store_true", help="print JSON")
    listen.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .pipeline.listen import listen

    if options.network:
        sys.stderr.write(f"listening on {', '.join(own_addresses()) or 'no network'}\n")
    bar = ProgressBar("Listening")
    try:
        heard = listen(options.network, options.seconds, Progress(bar))
    finally:
        bar.close()
    if options.json:
        sys.stdout.write(json.dumps([asdict(one) for one in heard], indent=2) + "\n")
    else:
        for one in heard:
            found = f"{one.what}, {one.rate:.0f} a second" if one.what else one.problem or "nothing"
            sys.stdout.write(f"port {one.port:>5}: {found}\n")
    return EXIT_DONE if any(one.what for one in heard) else EXIT_FAILED
