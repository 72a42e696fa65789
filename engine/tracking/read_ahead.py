# SPDX-License-Identifier: GPL-3.0-or-later
"""Has pictures decoded in a thread of their own, while those before are worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from ..core.types import VideoFrame

# How often a reader that waits for room looks whether anybody still wants pictures.
_LOOK_S = 0.1


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def read_ahead(frames: Iterator[VideoFrame], count: int) -> Iterator[VideoFrame]:
    """The same frames in the same order, the next of them already there.

    What the reading raises is raised here, after the frames before it. Once this ends or is
    closed, nobody reads any more.

    Args:
        frames: Pulled by one thread only.
        count: Frames that wait at most.
    """
    waiting: queue.Queue[VideoFrame | _Failed | None] = queue.Queue(count)
    unwanted = threading.Event()

    def put(item: VideoFrame | _Failed | None) -> None:
        while not unwanted.is_set():
            try:
                waiting.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for frame in frames:
                put(frame)
                if unwanted.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the frames are asked for
            put(_Failed(error))

    reader = threading.Thread(target=read, name="reading ahead", daemon=True)
    reader.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        unwanted.set()
        reader.join()
