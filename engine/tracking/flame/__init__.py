# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME, a head of which DECA and EMOCA tell the parameters, and its way to ARKit's weights."""
