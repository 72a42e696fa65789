# SPDX-License-Identifier: GPL-3.0-or-later
"""What every live source of sound is: packets as they are made, none left out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

# Values that are told a second (``pipeline.speak_live``).
VALUES_HZ = 50


@dataclass(frozen=True)
class SoundPacket:
    """Some sound.

    Attributes:
        samples: float32 (n,), 16 kHz, mono.
        end_s: When its last sample was heard, on the clock of ``core.clock.now_s``.
        begins_anew: It does not follow the packet before it.
    """

    samples: np.ndarray
    end_s: float
    begins_anew: bool = False


class LiveSound(Protocol):
    """Sound as it comes; see ``sources.live.LiveSource`` for what is not told here.

    Attributes:
        received: Packets that came.
        dropped: Those of them that nobody took.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    state: str
    problem: str
    received: int
    dropped: int

    def next_packet(self, timeout_s: float) -> SoundPacket | None:
        """The next packet, none left out; None when there is none in time."""
        ...

    def close(self) -> None:
        """Let go of the device or file."""
        ...
