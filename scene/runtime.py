# SPDX-License-Identifier: GPL-3.0-or-later
"""The GPU runtime, looked at from Blender; its own process never loads it."""

from __future__ import annotations

from ..engine.runtime.install import Plan, RuntimeReport, plan_install, remove
from ..engine.runtime.status import status


def plan_runtime() -> Plan:
    """What an install would fetch on this machine.

    Raises:
        FacewrightError: Nothing suits it.
    """
    return plan_install()


def remove_runtime() -> RuntimeReport:
    """Remove what is installed.

    Raises:
        FacewrightError: Another program is at it.
    """
    return remove()


def describe_runtime() -> list[str]:
    """What is installed, a line each; empty where nothing is."""
    return [
        f"{one['name']}, {one['bytes'] / 1e6:.0f} MB: {one['problem'] or 'ready'}"
        for one in status()["installed"]
    ]
