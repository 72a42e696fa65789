# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording that behaves like a microphone: for rehearsals, and where there is no microphone."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.sound import SOUND_HZ
from .live_sound import VALUES_HZ, SoundPacket
from .sound_file import SoundFile

# Length of a packet.
_PACKET_S = 0.01


class PacedSound:
    """A recording as a ``live_sound.LiveSound``: each packet is given when it is due.

    Args:
        path: The file.
        realtime: Give packets when they are due; otherwise as fast as they are asked for.
        repeat: Begin again at the end, with times that go on.

    Raises:
        FacewrightError: What ``SoundFile`` raises.
    """

    width = height = 0
    rate = Fraction(VALUES_HZ)

    def __init__(self, path: Path | str, realtime: bool = True, repeat: bool = False) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.state, self.problem = "running", ""
        self.received = self.dropped = 0
        self._realtime, self._repeat = realtime, repeat
        self._file = SoundFile(self.path)
        self._blocks = self._file.blocks(block_s=_PACKET_S)
        self._begins_s = [now_s()]
        self._samples = 0
        self._next: SoundPacket | None = None
        self._begins_anew = True

    def next_packet(self, timeout_s: float) -> SoundPacket | None:
        """See ``live_sound.LiveSound``."""
        if self._next is None:
            self._next = self._read()
        if self._next is None:
            return None
        wait_s = self._next.end_s - now_s() if self._realtime else 0.0
        if wait_s > 0:
            threading.Event().wait(min(wait_s, timeout_s))
            if wait_s > timeout_s:
                return None
        packet, self._next = self._next, None
        self.received += 1
        return packet

    def clip_seconds(self, time_s: float) -> float:
        """Where in the recording a moment is, seconds."""
        begun = [begin_s for begin_s in self._begins_s if begin_s <= time_s]
        return time_s - (begun[-1] if begun else self._begins_s[0])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self.state = "ended"

    def _read(self) -> SoundPacket | None:
        if self.state == "ended":
            return None
        try:
            block = next(self._blocks, None)
            if block is None and self._repeat:
                self._begin_again()
                block = next(self._blocks, None)
        except FacewrightError as error:
            self.problem, block = str(error), None
        if block is None:
            self.state = "ended"
            return None
        self._samples += len(block)
        end_s = self._begins_s[-1] + self._samples / SOUND_HZ
        packet = SoundPacket(block, end_s, self._begins_anew)
        self._begins_anew = False
        return packet

    def _begin_again(self) -> None:
        self._begins_s.append(self._begins_s[-1] + self._samples / SOUND_HZ)
        self._samples, self._begins_anew = 0, True
        self._file.close()
        self._file = SoundFile(self.path)
        self._blocks = self._file.blocks(block_s=_PACKET_S)
