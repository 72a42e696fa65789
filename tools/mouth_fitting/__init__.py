# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of tools/fit_mouth.py."""
