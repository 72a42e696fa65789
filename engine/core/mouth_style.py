# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a mouth moves that speaks: the same for recordings, for live sound and for cues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What of a ``MouthStyle`` is one number.
AMOUNTS = ("strength", "jaw", "lips", "tongue")


@dataclass(frozen=True)
class MouthStyle:
    """How far the mouth moves; 1 everywhere is the table of ``speech.mouth`` as it is.

    Attributes:
        strength: All channels.
        jaw: Opening and jutting of the jaw.
        lips: All lip channels. Closed lips stay closed at any strength.
        tongue: The tongue.
        viseme_strength: Name of ``core.cues.OVR`` to factor, for one kind of sound; those left
            out have 1.
    """

    strength: float = 1.0
    jaw: float = 1.0
    lips: float = 1.0
    tongue: float = 1.0
    viseme_strength: Mapping[str, float] = field(default_factory=dict)

    @property
    def factors(self) -> tuple[float, ...]:
        """All numbers of it."""
        return (self.strength, self.jaw, self.lips, self.tongue, *self.viseme_strength.values())
