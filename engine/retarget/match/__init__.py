# SPDX-License-Identifier: GPL-3.0-or-later
"""Which shape keys of a character stand for which ARKit channels."""
