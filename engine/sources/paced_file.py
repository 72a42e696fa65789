# SPDX-License-Identifier: GPL-3.0-or-later
"""A video file that behaves like a camera: for rehearsals, and where there is no camera."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.types import VideoFrame
from .live import LiveFrames
from .media import VideoSource


class PacedFile:
    """See ``live.LiveSource``.

    A frame's time is the moment at which it is due. Only then is it decoded, as a camera's
    picture is: what decoding costs counts as delay.

    Args:
        path: The file.
        realtime: Give frames when they are due and drop those that nobody takes in time.
            Otherwise every frame is given, as fast as it is asked for.
        repeat: Begin again at the end, with times that go on.

    Raises:
        FacewrightError: What ``media.VideoSource`` raises.
    """

    def __init__(self, path: Path | str, realtime: bool = True, repeat: bool = False) -> None:
        self._video = VideoSource(path)
        info = self._video.info
        self.path = info.path
        self.name = info.path.name
        self.width, self.height, self.rate = info.width, info.height, info.rate
        self.state, self.problem = "running", ""
        # When each pass through the clip began.
        self._begins_s = [now_s()]
        self._repeat = repeat
        self._frames = LiveFrames()
        self._given = 0
        self._pulled = None if realtime else self._timed()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._pace, daemon=True)
        if realtime:
            self._thread.start()

    @property
    def received(self) -> int:
        """Frames that were due so far."""
        return self._given if self._pulled else self._frames.received

    @property
    def dropped(self) -> int:
        """Those of them that gave way to a newer one."""
        return self._frames.dropped

    def next_frame(self, timeout_s: float) -> VideoFrame | None:
        """The newest frame that was not given out yet; see ``live.LiveSource``."""
        if self._pulled is None:
            return self._frames.take(timeout_s)
        frame = next(self._pulled, None)
        if frame is None:
            self.state = "ended"
            return None
        self._given += 1
        return frame

    def clip_seconds(self, time_s: float) -> float:
        """Where in the clip a moment is, seconds from the clip's first picture."""
        begun = [begin_s for begin_s in self._begins_s if begin_s <= time_s]
        return time_s - (begun[-1] if begun else self._begins_s[0])

    def close(self) -> None:
        """Let go of the file."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._video.close()
        self.state = "ended"

    def _timed(self) -> Iterator[VideoFrame]:
        """Every frame with the moment at which it is due."""
        index, begin_s = 0, self._begins_s[0]
        step_s = float(1 / self.rate)
        while True:
            due_s = begin_s
            for frame in self._video.frames():
                due_s = begin_s + frame.time_s
                yield VideoFrame(index, due_s, frame.image)
                index += 1
            if not self._repeat:
                return
            begin_s = due_s + step_s
            self._begins_s.append(begin_s)

    def _pace(self) -> None:
        frames, due_s = self._timed(), self._begins_s[0]
        try:
            while not self._closing.wait(max(0.0, due_s - now_s())):
                frame = next(frames, None)
                if frame is None:
                    break
                # A rate that varies: the frame may be due later than the usual step says.
                if self._closing.wait(max(0.0, frame.time_s - now_s())):
                    break
                self._frames.put(frame.image, frame.time_s)
                due_s = frame.time_s + float(1 / self.rate)
        except (FacewrightError, OSError) as error:  # the file was taken away in the middle
            self.problem = str(error)
        finally:
            self.state = "ended"
