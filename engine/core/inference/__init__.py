# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs networks: which device may, whether it proves itself, and what happens when it fails."""
