# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests in a real Blender window share; see ``tools/run_in_window.py``."""

import pytest

from tools.run_in_window import GuiError, GuiResult, install, run_in_window, why_no_window

__all__ = ["GuiError", "GuiResult", "install", "run_in_window", "skip_without_window"]


def skip_without_window() -> None:
    """Skip the calling test, with the reason, where there can be no window."""
    if reason := why_no_window():
        pytest.skip(reason)
