# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps linear algebra in the thread that asks for it."""

import os

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_math_thread() -> None:
    """To be called before numpy is loaded, whose libraries look once.

    Frames are what runs side by side; a matrix of a face is too small to share. Threads that wait
    for the next one kept a second core busy and made a frame slower (``benchmarks.engines``:
    OpenSeeFace 7.5 instead of 9.2 ms, half the processor time). Who sets one of the variables is
    left alone.
    """
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
