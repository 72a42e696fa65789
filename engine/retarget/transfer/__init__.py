# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the 52 shapes on a head that has none, from the head that ships with Facewright."""
