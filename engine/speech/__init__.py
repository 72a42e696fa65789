# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound to face values: which phones are spoken, when, and how lips, jaw and tongue make them."""
