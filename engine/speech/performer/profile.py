# SPDX-License-Identifier: GPL-3.0-or-later
"""A performer's voice profile: what was learned, and how it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.arkit import COUNT, INDEX
from ...core.cues import Cue
from ...core.curve_math import smoothstep
from ...core.errors import FacewrightError
from ...core.mouth_style import MouthStyle
from ...core.progress import Progress
from ..decode import decode
from ..hearing import Heard
from ..mouth import curves
from . import retrieval
from .closures import close_lips
from .inputs import Normal, features_of
from .lips import CHANNEL_NAMES, CHANNELS, EigenLips
from .recording import STEP_S, sampled, step_times
from .sound_keys import sound_keys, weighted
from .training import run

METHODS = ("network", "retrieval")
# After the end of the sound the mouth comes to rest in so long.
_REST_S = 0.3
# The general model needs room while it works.
_FRAMES_AT_ONCE = 20_000
_TONGUE = INDEX["tongueOut"]
_JAWS = [CHANNEL_NAMES.index("jawOpen"), CHANNEL_NAMES.index("jawForward")]


@dataclass(frozen=True)
class Profile:
    """How one performer speaks.

    Attributes:
        lips: Their movements.
        normal: Brings features to what the network learned from.
        parameters: Of the network.
        rest: float32 (27,), the mouth in silence.
        stock: Captured motion for the method "retrieval"; its weights are scaled by ``lips``.
        about: JSON values: name, created, recordings (name, sha256, seconds), hearing_model,
            seconds learned from and measured on, errors.
    """

    lips: EigenLips
    normal: Normal
    parameters: dict[str, np.ndarray]
    rest: np.ndarray
    stock: retrieval.Stock
    about: dict

    def curves(
        self,
        heard: Heard,
        mel: np.ndarray,
        times_s: np.ndarray,
        *,
        cues: Sequence[Cue] | None = None,
        method: str = "network",
        style: MouthStyle | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """The performer's mouth at each time.

        Args:
            heard: What the general network hears in the recording.
            mel: (T, 40), ``features.log_mel`` of the recording.
            times_s: (N,) seconds, ascending, on the recording's clock.
            cues: Where lips have to close, and what the tongue does; decoded where left out.
            method: "network", or "retrieval" for captured motion.
            style: How far jaw and lips move.
            progress: Told by "retrieval"; may cancel.

        Returns:
            float32 (N, 52) weights in ARKit order, 0..1; 0 for what is neither jaw, lips nor
            tongue.

        Raises:
            FacewrightError: ``voice-method`` for a method that does not exist or that the
                profile has nothing for.
        """
        times = np.asarray(times_s, np.float64).reshape(-1)
        style = style or MouthStyle()
        cues = decode(heard) if cues is None else list(cues)
        weights = np.zeros((len(times), COUNT), np.float32)
        for first in range(0, len(times) if len(cues) else 0, _FRAMES_AT_ONCE):
            rows = slice(first, first + _FRAMES_AT_ONCE)
            weights[rows, _TONGUE] = curves(cues, times[rows], style)[:, _TONGUE]
        weights[:, CHANNELS] = self._mouth(heard, mel, times, method, progress) * _factors(style)
        return close_lips(np.clip(weights, 0, 1), cues, times)

    def _mouth(self, heard, mel, times, method: str, progress) -> np.ndarray:
        """float32 (N, 27)."""
        features = self.normal(features_of(mel, heard.log_probs))
        movements = run(self.parameters, features)
        if not len(movements):
            return np.broadcast_to(self.rest, (len(times), len(self.rest)))
        if method == "retrieval":
            steps = self._retrieved(heard, features, movements, progress)
        elif method == "network":
            steps = self.lips.expand(movements)
        else:
            raise FacewrightError(
                f'There is no method "{method}" to speak by.',
                f"Choose one of: {', '.join(METHODS)}.",
                "voice-method",
            )
        spoken = sampled(step_times(len(steps)), steps, times)
        end_s = len(steps) * STEP_S
        outside = np.maximum(-times, times - end_s)
        share = smoothstep(outside / _REST_S)[:, None].astype(np.float32)
        return spoken + (self.rest - spoken) * share

    def _retrieved(self, heard, features, movements, progress) -> np.ndarray:
        if not len(self.stock.units):
            raise FacewrightError(
                "This voice profile holds no captured motion.",
                'Use the method "network", or learn the performer again.',
                "voice-method",
            )
        count = len(movements)
        edges = retrieval.unit_edges(decode(heard), count * STEP_S) / STEP_S
        if len(edges) < 2:
            edges = np.array([0.0, count])
        stock = replace(self.stock, keys=weighted(self.stock.keys))
        wanted = weighted(sound_keys(features, movements))
        chain = retrieval.choose(stock, wanted, edges, progress)
        motion = retrieval.render(self.stock, chain, edges, count)
        motion = motion * self.lips.scale + self.lips.mean
        return np.where(np.isfinite(motion), motion, self.lips.expand(movements))


def _factors(style: MouthStyle) -> np.ndarray:
    factors = np.full(len(CHANNELS), style.strength * style.lips, np.float32)
    factors[_JAWS] = style.strength * style.jaw
    return factors
