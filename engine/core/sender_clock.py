# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose clock is it: a sender's time stamps on our own clock, without the jitter of arrival.

A camera or another machine stamps what it sends with a clock of its own. What arrives was delayed
by the way, never the opposite, so the smallest "arrival minus sender's time" of the last seconds
is the best estimate of how far the two clocks are apart (the lower envelope, as in NTP's clock
filter: Mills, RFC 5905, section 10). The constant part of the delay cannot be seen and stays in.
"""

from __future__ import annotations

from collections import deque

# Stamps that stand still or run together come out this far apart, so that times increase.
_STEP_S = 1e-4


class SenderClock:
    """Maps the times of one sender to ours, both in seconds.

    Args:
        window_s: How far back the smallest delay is looked for.
        jump_s: When the sender's clock moved by this much more or less than ours between two
            stamps, it was set anew (a restart, a wrap-around): everything before is forgotten.
        rise: Seconds per second by which the estimate may grow. Quartz clocks differ by less
            than 0.0002; more lets it follow a way that became longer, without a step.
    """

    def __init__(self, window_s: float = 5.0, jump_s: float = 1.0, rise: float = 0.005) -> None:
        self._window_s, self._jump_s, self._rise = window_s, jump_s, rise
        # (arrival, delay) with delays increasing: the first is the smallest of the window.
        self._delays: deque[tuple[float, float]] = deque()
        self._last: tuple[float, float] | None = None  # sender's time, arrival
        self._offset_s = 0.0
        self._given_s = float("-inf")

    def reset(self) -> None:
        """Forget the sender's clock, as when it is connected anew; times still increase."""
        self._delays.clear()
        self._last = None

    def ours(self, sender_s: float | None, arrival_s: float) -> float:
        """When something was sent, on our clock.

        Args:
            sender_s: The sender's stamp; None where it has none.
            arrival_s: When it arrived, on our clock; does not decrease from call to call.

        Returns:
            Seconds on our clock: at most ``arrival_s``, more than every earlier result. Only
            stamps that come closer together than 0.1 ms can put it past ``arrival_s``.
        """
        time_s = arrival_s
        if sender_s is not None:
            time_s = sender_s + self._estimate(sender_s, arrival_s)
        self._given_s = max(time_s, self._given_s + _STEP_S)
        return self._given_s

    def _estimate(self, sender_s: float, arrival_s: float) -> float:
        """How far our clock is ahead of the sender's."""
        delay_s = arrival_s - sender_s
        if self._last is not None:
            moved_s, passed_s = sender_s - self._last[0], arrival_s - self._last[1]
            if abs(moved_s - passed_s) > self._jump_s:
                self.reset()
        while self._delays and self._delays[-1][1] >= delay_s:
            self._delays.pop()
        self._delays.append((arrival_s, delay_s))
        while self._delays[0][0] < arrival_s - self._window_s:
            self._delays.popleft()
        smallest_s = self._delays[0][1]
        if self._last is not None:
            risen_s = self._offset_s + self._rise * (arrival_s - self._last[1])
            smallest_s = min(smallest_s, risen_s)
        self._offset_s = smallest_s
        self._last = (sender_s, arrival_s)
        return smallest_s
