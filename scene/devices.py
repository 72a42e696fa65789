# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras and microphones of this machine, asked of the worker without waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import bpy

from ..engine.worker.protocol import Kind
from .worker_process import start_worker

_TICK_S = 0.1


def find_devices(then: Callable[[dict, str], None]) -> None:
    """Ask the worker; the answer comes later, from a timer.

    Args:
        then: Called with the devices, ``{"cameras": [{"id", "name"}], "microphones": [...]}``,
            and a sentence where that failed, else "".

    Raises:
        FacewrightError: The worker cannot be started.
    """
    client = start_worker()
    client.devices()

    def ask() -> float | None:
        for message in client.poll():
            if message.kind not in (Kind.DONE, Kind.FAILED):
                continue
            threading.Thread(target=client.close).start()
            failed = message.kind is Kind.FAILED
            then({} if failed else message.data, message.data["message"] if failed else "")
            return None
        return _TICK_S

    bpy.app.timers.register(ask, first_interval=_TICK_S)
