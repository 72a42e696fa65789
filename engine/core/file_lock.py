# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks an open file against other processes; the death of a process ends its locks."""

from __future__ import annotations

import os
import sys


def lock(descriptor: int) -> None:
    """Locks a file that is open for writing, until it is closed. Never waits.

    Args:
        descriptor: Of the open file.

    Raises:
        OSError: Another process, or another opening of the file in this one, has the lock.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
