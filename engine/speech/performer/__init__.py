# SPDX-License-Identifier: GPL-3.0-or-later
"""One performer's own lips: what their captured takes teach about how they speak."""
