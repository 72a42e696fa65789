# SPDX-License-Identifier: GPL-3.0-or-later
"""A take plays in real time to another program."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.progress import Progress
from ..formats.send import Sender
from ..takes.take_file import read_track


def play_take(
    take: str, receiver: str, repeat: bool = False, progress: Progress | None = None
) -> int:
    """Send every frame of a take when its time has come.

    Args:
        take: Path.
        receiver: See ``formats.send.Sender``.
        repeat: Begin again at the end, until ``progress`` says stop.
        progress: Told of every frame.

    Returns:
        How many frames were sent.

    Raises:
        FacewrightError: The take cannot be read or is empty; nothing can be sent there.
        Cancelled: When ``progress`` says so.
    """
    progress = progress or Progress()
    track = read_track(take)
    if not len(track):
        raise FacewrightError(f"The take {take} holds no frames.", "", "take-empty")
    sender = Sender(receiver)
    steps = np.diff(track.time_s)
    round_s = float(track.time_s[-1] - track.time_s[0] + (np.median(steps) if len(steps) else 1.0))
    begin_s = now_s() - float(track.time_s[0])
    try:
        while True:
            for number in range(len(track)):
                due_s = begin_s + float(track.time_s[number])
                time.sleep(max(0.0, due_s - now_s()))
                row = track[number : number + 1]
                sender.send(replace(row, time_s=row.time_s * 0 + due_s))
                progress.step(number + 1, len(track))
            if not repeat:
                return sender.sent
            begin_s += round_s
    finally:
        sender.close()
