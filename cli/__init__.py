# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command facewright <verb>``: the buttons' work from a command line.

Exit codes: 0 done, 1 failed (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import argparse

from ..engine.console import check_no_takes, guarded
from ..engine.engines_command import add_engines
from ..engine.models_command import add_models
from ..engine.runtime_command import add_runtime
from ..scene.models import check_online
from .after import add_bake, add_copy, add_fit
from .capture import add_apply, add_capture
from .doctor import add_doctor
from .retarget import add_map, add_match
from .send import add_send
from .speech import add_lipsync
from .transfer import add_transfer

# Options that name a file to write which is no take; elsewhere --json is a switch.
_RESULTS = ("out", "render", "json", "save", "save_landmarks")


def main(argv: list[str]) -> int:
    """Run one command.

    Args:
        argv: The words after ``facewright``.

    Returns:
        The exit code.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed usage or help
        return int(stop.code or 0)
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    named = (getattr(options, name, None) for name in _RESULTS)
    check_no_takes(*(path for path in named if isinstance(path, str)))
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blender --command facewright", description=(__doc__ or "").split("\n")[0]
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for add in (
        add_capture,
        add_apply,
        add_match,
        add_map,
        add_fit,
        add_transfer,
        add_copy,
        add_bake,
        add_send,
        add_lipsync,
    ):
        add(verbs)
    add_doctor(verbs)
    add_engines(verbs)
    add_models(verbs, check_online)
    add_runtime(verbs, check_online)
    return parser
