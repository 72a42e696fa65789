# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``runtime``: what is there of the GPU runtime, install it, remove it."""

from __future__ import annotations

import argparse
import json
import re
import sys

from .console import EXIT_DONE, ProgressBar, say
from .core.errors import FacewrightError
from .core.progress import Progress
from .forget_command import add_forget
from .options import CheckOnline, add_actions, nothing_to_ask

_MEGA = 1e6
_NONE = "No GPU runtime is installed; the shipped onnxruntime is used."


def add_runtime(
    verbs: argparse._SubParsersAction, check_online: CheckOnline = nothing_to_ask
) -> None:
    """Add the command to the command line."""
    actions = add_actions(verbs, "runtime", "onnxruntime for a graphics card, if you want it")
    status = actions.add_parser("status", help="what is installed, and whether it can be used")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(run=_status)

    install = actions.add_parser("install", help="fetch and install what suits this machine")
    install.add_argument(
        "what",
        choices=("gpu", "cuda12", "cuda13", "directml"),
        help="gpu chooses by the card and its driver",
    )
    install.add_argument("--yes", action="store_true", help="agree to what is shown, and begin")
    install.add_argument("--dry-run", action="store_true", help="only show what would be done")
    install.add_argument(
        "--driver",
        type=_driver,
        metavar="VERSION",
        help="choose for an NVIDIA driver of this version, e.g. to prepare another machine",
    )
    install.set_defaults(run=lambda options: _install(options, check_online))

    remove = actions.add_parser("remove", help="remove it; the shipped onnxruntime is used again")
    remove.add_argument("--yes", action="store_true", help="really")
    remove.add_argument("--dry-run", action="store_true", help="only show what would be done")
    remove.set_defaults(run=_remove)
    add_forget(actions)


def _driver(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise argparse.ArgumentTypeError(f'"{text}" is no version such as 580.65')
    return text


def _status(options: argparse.Namespace) -> int:
    from .runtime import status

    found = status()
    if options.json:
        say(json.dumps(found, indent=2))
        return EXIT_DONE
    for one in found["installed"]:
        say(_line(one))
        say(f"  {', '.join(f'{name} {version}' for name, version in one['versions'].items())}")
    if not found["installed"]:
        say(_NONE)
    if found["note"]:
        say(found["note"])
    say(f"folder: {found['folder']}")
    return EXIT_DONE


def _install(options: argparse.Namespace, check_online: CheckOnline) -> int:
    from .runtime.install import install, plan_install

    plan = plan_install(options.what, options.driver or "")
    for sentence in plan.sentences():
        say(sentence)
    if options.dry_run:
        return EXIT_DONE
    _agree(options)
    check_online()
    bar = ProgressBar("GPU runtime")
    try:
        report = install(plan, Progress(bar, lambda text: sys.stderr.write(f"note: {text}\n")))
    finally:
        bar.close()
    say(
        f"installed in {report.seconds:.0f} s: onnxruntime {report.version}, "
        f"{report.bytes / _MEGA:.0f} MB in {report.folder}"
    )
    return EXIT_DONE


def _remove(options: argparse.Namespace) -> int:
    from .runtime import status
    from .runtime.install import remove

    installed = status()["installed"]
    for one in installed:
        say(_line(one))
    if not installed:
        say(_NONE)
    if options.dry_run or not (installed or options.yes):
        return EXIT_DONE
    _agree(options)
    report = remove()  # where none is installed, what a broken install has left
    for sentence in report.warnings:
        sys.stderr.write(f"warning: {sentence}\n")
    if installed:
        say(f"removed, {report.bytes / _MEGA:.0f} MB; the shipped onnxruntime is used")
    return EXIT_DONE


def _line(one: dict) -> str:
    state = one["problem"] or "It can be used."
    return f"{one['name']}: {one['bytes'] / _MEGA:.0f} MB. {state}"


def _agree(options: argparse.Namespace) -> None:
    if not options.yes:
        raise FacewrightError(
            "Nothing was done.", "Repeat the command with --yes if that is what you want.", "no-yes"
        )
