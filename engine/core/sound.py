# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound inside the engine is float32, one channel, at this rate."""

SOUND_HZ = 16000
