# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a sender's samples come in order, which are late or twice, and how many never came."""

from __future__ import annotations

from collections import deque
from statistics import median

# A longer step is a pause, and a longer one back a sender that began anew.
_PAUSE_S = 1.0
# Times that are known again when they come twice, and steps that tell the usual one.
_MEMORY = 64
# So many steps tell of a rate; so many longer ones, without a usual one between, of a new rate.
_ENOUGH = 10
# So many late ones in a row, each after the other, come from a clock that was set back.
_SET_BACK = 5
# So many equal stamps in a row are no copies of one packet: the sender's clock is coarse or stands
# still. Its stamps count again after as many that increase as are remembered.
_STANDS_STILL = 3
# Of so many samples no more may come late: stamps that jump about tell nothing. PyLiveLinkFace
# takes milliseconds for frames, so its times run back and forth within every second.
_WATCHED, _MOST_LATE = 32, 16


class StreamOrder:
    """Follows the time stamps of one sender.

    Attributes:
        lost: Samples that never came, by the steps of the sender's clock.
        late: Samples that came after a later one.
        restarts: How often the sender's clock was set anew.
        trusted: Whether the stamps increase. Where they do not, every sample is shown as it
            comes, and none is counted.
    """

    def __init__(self) -> None:
        self.lost = self.late = self.restarts = 0
        self.trusted = True
        self._last: float | None = None
        self._seen: deque[float] = deque(maxlen=_MEMORY)
        self._steps: deque[float] = deque(maxlen=_MEMORY)
        self._behind: list[float] = []
        self._equal, self._increasing, self._is_coarse = 0, 0, False
        # Consecutive steps that were longer than usual, and what was counted as lost in them.
        self._longer: list[tuple[float, int]] = []
        # Of the last samples: whether each was late, and how many were lost before it.
        self._recent: deque[tuple[bool, int]] = deque(maxlen=_WATCHED)

    def follows(self, time_s: float | None) -> bool:
        """Whether a sample may be shown after those before it.

        Args:
            time_s: On the sender's clock; None where the sample has no time, as one without a
                face: it is always shown, and what lies between it and the next is not counted.
        """
        if time_s is None:
            self._last = None
            return True
        self._watch_clock(time_s)
        lost, late = self.lost, self.late
        in_order = self._hear(time_s)
        self._recent.append((self.late > late, self.lost - lost))
        was_trusted = self.trusted
        many_late = sum(is_late for is_late, _ in self._recent) > _MOST_LATE
        self.trusted = not (many_late or self._is_coarse)
        if not self.trusted:
            self.lost, self.late = lost, late
            if was_trusted:  # nor was lost what such stamps told of
                self.lost = max(0, lost - sum(count for _, count in self._recent))
        return in_order or not self.trusted

    def _watch_clock(self, time_s: float) -> None:
        """Find out whether the sender's clock runs with every sample."""
        last = self._last
        self._equal = self._equal + 1 if time_s == last else 0
        self._increasing = self._increasing + 1 if last is not None and time_s > last else 0
        if self._equal >= _STANDS_STILL:
            self._is_coarse = True
        elif self._increasing >= _MEMORY:
            self._is_coarse = False

    def _hear(self, time_s: float) -> bool:
        last = self._last
        if last is not None and time_s <= last and last - time_s <= _PAUSE_S:
            return self._hear_late(time_s)
        if last is not None and time_s < last:
            self._begin_anew()
        elif last is not None and time_s - last <= _PAUSE_S:
            self._hear_step(time_s - last)
        self._behind.clear()
        self._last = time_s
        self._seen.append(time_s)
        return True

    def _hear_late(self, time_s: float) -> bool:
        if self._behind and time_s <= self._behind[-1]:
            self._behind.clear()
        self._behind.append(time_s)
        if len(self._behind) == _SET_BACK:
            self._begin_anew()
            self._behind.clear()
            self._last = time_s
            return True
        if time_s not in self._seen:  # else it came twice
            # It was counted as lost when its successor came.
            self.lost = max(0, self.lost - 1)
            self.late += 1
        return False

    def _hear_step(self, step_s: float) -> None:
        usual_s = median(self._steps) if len(self._steps) >= _ENOUGH else step_s
        if step_s < 1.5 * usual_s:
            self._steps.append(step_s)
            self._longer.clear()
            return
        missing = round(step_s / usual_s) - 1
        self.lost += missing
        self._longer.append((step_s, missing))
        if len(self._longer) == _ENOUGH:  # nothing was lost: the sender is slower now
            self.lost -= sum(count for _, count in self._longer)
            self._steps.clear()
            self._steps.extend(step for step, _ in self._longer)
            self._longer.clear()

    def _begin_anew(self) -> None:
        self.restarts += 1
        self._steps.clear()
        self._longer.clear()
        self._seen.clear()
