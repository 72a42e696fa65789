# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for this folder."""

from tests.extension_zip import linux_zip

__all__ = ["linux_zip"]
