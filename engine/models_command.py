# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``models``: those that ship, and those that a person adds."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .console import EXIT_DONE, EXIT_FAILED, ProgressBar
from .core.errors import FacewrightError
from .core.progress import Progress
from .options import CheckOnline, add_actions, nothing_to_ask


def add_models(
    verbs: argparse._SubParsersAction, check_online: CheckOnline = nothing_to_ask
) -> None:
    """Add the command to the command line."""
    actions = add_actions(verbs, "models", "the networks that ship, and those that you add")
    listing = actions.add_parser("list", help="every model, its licence and whether it is there")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    verify = actions.add_parser("verify", help="check size and hash of every model that is there")
    verify.set_defaults(run=_verify)

    fetch = actions.add_parser("fetch", help="fetch a model from its authors")
    fetch.add_argument("id")
    _add_agreement(fetch)
    fetch.set_defaults(run=lambda options: _fetch(options, check_online))
    add = actions.add_parser("add", help="add a model's file that you have")
    add.add_argument("id")
    add.add_argument("file", type=Path)
    _add_agreement(add)
    add.set_defaults(run=_add)
    accept = actions.add_parser("accept", help="agree to a model's licence")
    accept.add_argument("id")
    accept.set_defaults(run=_accept)
    remove = actions.add_parser("remove", help="delete a model that you added")
    remove.add_argument("id")
    remove.set_defaults(run=_remove)


def _add_agreement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accept-licence", action="store_true", help="agree to the licence that is shown"
    )


def _list(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .models.added import state_of
    from .models.catalog import list_models
    from .models.optional import list_optional
    from .models.records import records_problem

    states = [state_of(model) for model in list_optional()]
    problem = records_problem()
    if problem:
        sys.stderr.write(f"error: {problem}\n")
    exit_code = EXIT_FAILED if problem else EXIT_DONE
    if options.json:
        shipped = [asdict(model) for model in list_models()]
        optional = [
            asdict(one.model)
            | {
                "accepted": one.accepted,
                "there": one.there,
                "problem": one.problem and str(one.problem),
            }
            for one in states
        ]
        sys.stdout.write(json.dumps({"shipped": shipped, "optional": optional}, indent=2) + "\n")
        return exit_code
    for model in list_models():
        sys.stdout.write(f"{model.id:24} {model.bytes:>9} bytes  {model.licence}  {model.file}\n")
    sys.stdout.write("\nto be added:\n")
    for one in states:
        size = f"{one.model.bytes} bytes" if one.model.bytes else ""
        sys.stdout.write(f"{one.model.id:24} {size:>15}  {_word(one)}  {one.model.licence}\n")
    return exit_code


def _word(state) -> str:
    if state.problem is None:
        return "ready"
    return {
        "model-not-there": "not there",
        "licence-not-accepted": "licence not accepted",
    }.get(state.problem.code, "damaged")


def _verify(options: argparse.Namespace) -> int:
    from .models.added import state_of
    from .models.catalog import verify_all
    from .models.optional import list_optional
    from .models.records import records_problem

    problems = [error for _, error in verify_all() if error]
    problems += filter(None, [records_problem()])
    # One that is not there, or that may not be used yet, is no damage.
    problems += [
        state.problem
        for state in map(state_of, list_optional())
        if state.problem and state.problem.code not in ("model-not-there", "licence-not-accepted")
    ]
    for sentence in problems:
        sys.stderr.write(f"error: {sentence}\n")
    if not problems:
        sys.stdout.write("all models are as they should be\n")
    return EXIT_FAILED if problems else EXIT_DONE


def _fetch(options: argparse.Namespace, check_online: CheckOnline) -> int:
    from .models.fetch import fetch
    from .models.optional import optional_model

    model = optional_model(options.id)
    _show(model)
    if model.url:
        check_online()
        _warn_of_records()
        _agree(model, options)
    bar = ProgressBar(f"Fetching {model.file}")
    try:
        path = fetch(model.id, Progress(bar))
    finally:
        bar.close()
    sys.stdout.write(f"{model.id} -> {path}\n")
    return EXIT_DONE


def _add(options: argparse.Namespace) -> int:
    from .models.adding import add
    from .models.optional import optional_model

    model = optional_model(options.id)
    _show(model)
    _warn_of_records()
    _agree(model, options)
    sys.stdout.write(f"{model.id} -> {add(model.id, options.file)}\n")
    return EXIT_DONE


def _accept(options: argparse.Namespace) -> int:
    from .models.optional import optional_model
    from .models.terms import accept

    _show(optional_model(options.id))
    _warn_of_records()
    accept(options.id)
    sys.stdout.write("accepted\n")
    return EXIT_DONE


def _remove(options: argparse.Namespace) -> int:
    from .models.adding import remove

    gone = remove(options.id)
    sys.stdout.write(f"{options.id} removed\n" if gone else f"{options.id} was not there\n")
    return EXIT_DONE


def _warn_of_records() -> None:
    """The file of acceptances is damaged; what comes next begins a new one."""
    from .models.records import records_problem

    problem = records_problem()
    if problem and problem.code == "acceptance-corrupt":
        sys.stderr.write(f"warning: {problem}\n")


def _show(model) -> None:
    size = f"{model.bytes} bytes, sha256 {model.sha256}" if model.sha256 else "of any size"
    sys.stdout.write(
        f"{model.id}: {model.about}\n  licence: {model.licence}\n  terms:   {model.terms}\n"
        f"  origin:  {model.origin}\n  file:    {model.file}, {size}\n"
    )


def _agree(model, options: argparse.Namespace) -> None:
    from .models.terms import accept, is_accepted

    if is_accepted(model):
        return
    if not options.accept_licence:
        raise FacewrightError(
            f"The licence of the model {model.id} has not been accepted.",
            "Repeat the command with --accept-licence if you agree to the terms above.",
            "licence-not-accepted",
        )
    accept(model.id)
