# SPDX-License-Identifier: GPL-3.0-or-later
"""Time stamps for frames of a timeline that are sent as they are shown."""

from __future__ import annotations

# Beyond this a receiver would take the timeline's pace for the sender's clock going wrong.
_MOST_APART_S = 0.1


class PlayClock:
    """Even stamps while the timeline plays, the clock's otherwise; they never go back.

    A window shows frames with a tremble of some milliseconds. The timeline has none: while it
    plays, a frame's stamp is where it stands on the timeline, counted from a frame that the clock
    has stamped. That count begins anew where the timeline jumps, and where it plays slower or
    faster than its rate.
    """

    def __init__(self) -> None:
        self._anchor: tuple[float, float] | None = None
        self._last_s = float("-inf")

    def stamp(self, now_s: float, timeline_s: float | None = None) -> float:
        """The time of what is shown now.

        Args:
            now_s: The clock (``core.clock.now_s``).
            timeline_s: Where the timeline is while it plays, seconds; None while it does not.

        Returns:
            Seconds on the clock, at least those returned before.
        """
        if timeline_s is None:
            self._anchor, stamp_s = None, now_s
        else:
            begin_s, begin_timeline_s = self._anchor or (now_s, timeline_s)
            stamp_s = begin_s + timeline_s - begin_timeline_s
            if self._anchor is None or abs(stamp_s - now_s) > _MOST_APART_S:
                self._anchor, stamp_s = (now_s, timeline_s), now_s
        self._last_s = max(self._last_s, stamp_s)
        return self._last_s
