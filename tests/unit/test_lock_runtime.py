# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of the GPU runtimes is what the tool writes."""

from __future__ import annotations

import tomllib

from engine.runtime.lock import LOCK, Wheel
from tools.lock_runtime import RUNTIMES, lock_text


def test_the_lock_is_as_the_tool_writes_it():
    text = LOCK.read_text("utf-8")
    wheels = [Wheel(**entry) for entry in tomllib.loads(text)["wheel"]]
    assert lock_text(reversed(wheels)) == text
    assert {wheel.runtime for wheel in wheels} == set(RUNTIMES)
    assert all(wheel.size > 0 for wheel in wheels)
