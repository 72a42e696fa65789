# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of ``tools/build_head.py``: source data, geometry, keys, textures."""
