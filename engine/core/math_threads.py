# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps linear algebra in the thread that asks for it."""

import os
from collections.abc import MutableMapping

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_math_thread(environment: MutableMapping[str, str] = os.environ) -> None:
    """To be called before numpy is loaded, whose libraries look once.

    Frames are what runs side by side; a matrix of a face is too small to share. Threads that wait
    for the next one kept a second core busy and made a frame slower (``benchmarks.engines``:
    OpenSeeFace 7.5 instead of 9.2 ms, half the processor time). Who sets one of the variables is
    left alone.

    Args:
        environment: This process's, or what another one is to be started with.
    """
    for name in _VARIABLES:
        environment.setdefault(name, "1")
