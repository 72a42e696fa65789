# SPDX-License-Identifier: GPL-3.0-or-later
"""A take that is being recorded, and where on the timeline it belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np

from ..engine.core.clock import FrameClock, now_s
from .clock import scene_clock
from .playback import Playback

# Blender shows a frame at some moment of its duration, mostly soon: of all moments at which a frame
# change was seen, those that were early by comparison tell when the frames begin.
_EARLY = 10


@dataclass
class Recording:
    """One recording.

    Attributes:
        take: Where it is written.
        clock: The scene's clock; second 0 of the take falls on its start frame.
        zero_s: When recording began, on the clock of ``core.clock.now_s``.
        plays: Whether the timeline plays along, and its frames decide.
        delay_s: Seconds that the performer is behind what the timeline plays: loudspeakers and
            cameras take their time.
        microphone: Id of the microphone, or empty.
        last_frame: The timeline's last frame that is recorded; None for no end.
        punch: The first and last frame that get keys; None for all.
        kept: Whether the end was ordered.
        playback: The timeline that plays along, or None.
        speaks: Whether it is of sound, and no face is seen.
        is_over: Whether the timeline has played beyond the last frame.
    """

    take: Path
    clock: FrameClock
    zero_s: float = field(default_factory=now_s)
    plays: bool = False
    delay_s: float = 0.0
    microphone: str = ""
    last_frame: float | None = None
    punch: tuple[float, float] | None = None
    kept: bool = False
    playback: Playback | None = None
    speaks: bool = False
    is_over: bool = False
    _last_shown: float = field(init=False)
    _starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._last_shown = self.clock.start_frame

    def order(self) -> dict:
        """What the worker is told; see ``worker.protocol``."""
        clock = self.clock
        return {
            "take": str(self.take),
            "zero_s": self.zero_s,
            "header": {
                "placed": {
                    "frame": clock.start_frame,
                    "fps": clock.fps,
                    "fps_base": clock.fps_base,
                }
            },
            "microphone": self.microphone,
        }

    def frame_shown(self, frame: float) -> None:
        """Note that the timeline shows a frame now."""
        if not self.plays or self.kept:
            return
        if frame < self._last_shown:  # the timeline began again: its frames tell no more
            self._last_shown = np.inf
            self.is_over = self.last_frame is not None
            return
        self._last_shown = frame
        if self.last_frame is not None and frame >= self.last_frame:
            self.is_over = True
        elif frame > self.clock.start_frame:
            self._starts.append(now_s() - float(self.clock.seconds(frame)))

    def end(self) -> None:
        """No more of the timeline belongs to it, which stops if it was started for this."""
        self.kept = True
        if self.playback:
            self.playback.end()
            self.playback = None

    def seconds(self) -> float:
        """How long it has been going on."""
        return now_s() - self.zero_s

    def shift_s(self) -> float:
        """What must be added to the take's times so that second 0 is when the start frame was."""
        if not self._starts:
            return 0.0
        start_s = float(np.percentile(self._starts, _EARLY))
        return self.zero_s - start_s - self.delay_s


def begin_recording(
    scene: bpy.types.Scene,
    take: Path,
    *,
    plays: bool,
    delay_s: float = 0.0,
    microphone: str = "",
    last_frame: float | None = None,
    punch: tuple[float, float] | None = None,
    speaks: bool = False,
) -> Recording:
    """A recording that starts now, at the playhead.

    Args:
        scene: Its clock counts.
        take: See ``Recording``, as all others.
    """
    return Recording(
        take,
        scene_clock(scene, float(scene.frame_current)),
        plays=plays,
        delay_s=delay_s if plays else 0.0,
        microphone=microphone,
        last_frame=last_frame,
        punch=punch,
        speaks=speaks,
    )


def played_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """First and last frame that Blender plays: the preview range where one is in use."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end
