# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``runtime forget``: what was found out about cards and runtimes is tried again."""

from __future__ import annotations

import argparse

from .console import EXIT_DONE, say


def add_forget(actions: argparse._SubParsersAction) -> None:
    """Add the command to those of ``runtime``."""
    forget = actions.add_parser(
        "forget", help="try everything again that was found wrong, slow, or to end the process"
    )
    forget.set_defaults(run=_forget)


def _forget(_options: argparse.Namespace) -> int:
    from .runtime.forget import forget

    say("forgotten; the next run tries everything again" if forget() else "nothing was kept")
    return EXIT_DONE
