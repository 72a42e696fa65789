# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CLIPS = Path(__file__).resolve().parents[1] / ".cache" / "clips"


@pytest.fixture(scope="session")
def clip() -> Callable[[str], Path]:
    """A function that gives a real sample clip by its file name, or skips the test."""

    def find(name: str) -> Path:
        path = CLIPS / name
        if not path.exists():
            pytest.skip(f"no {name}: `python tools/fetch_clips.py` fetches the clips")
        return path

    return find
