# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``engines``: what there is to choose from, and what each still needs."""

from __future__ import annotations

import argparse
import json
import sys

from .console import EXIT_DONE


def add_engines(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    engines = verbs.add_parser("engines", help="tracking engines and face detectors")
    engines.add_argument("--json", action="store_true", help="print JSON")
    engines.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .models.records import records_problem
    from .pipeline.engines import describe_engines

    found = describe_engines()
    if problem := records_problem():
        sys.stderr.write(f"warning: {problem}\n")
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return EXIT_DONE
    for title, parts in (("--engine", found["engines"]), ("--detector", found["detectors"])):
        sys.stdout.write(f"{title}\n")
        for part in parts:
            sys.stdout.write(
                f"  {part['id']}: {part['label']} ({', '.join(part['licences'])})\n"
                f"      {part['about']}\n      {part['good_at']}\n"
            )
            for sentence in part["missing"]:
                sys.stdout.write(f"      missing: {sentence}\n")
    sys.stdout.write("  --engine FILE.toml is an engine of your own: docs/custom_engine.md\n")
    return EXIT_DONE
