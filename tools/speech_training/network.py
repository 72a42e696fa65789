# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: convolutions over log-mel frames, recurrence over pairs of them, phones out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import pad

# Log-mel runs from about -18 to 4.
_MEAN, _SCALE = -8.0, 4.0
_KERNEL = 5
_HALF = _KERNEL // 2
# Frames between the taps of each convolution. Those of the live network beyond the first two see
# the past alone.
_DILATIONS = (1, 1, 2, 4, 8)
LIVE_AHEAD = 2 * _HALF
LIVE_PAST = _HALF * 2 + (_KERNEL - 1) * sum(_DILATIONS[2:])


class _Layer(nn.Module):
    """One convolution, added to what it was given from the second one on."""

    def __init__(self, inputs: int, width: int, dilation: int, causal: bool) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(inputs, width, _KERNEL, dilation=dilation)
        self.norm = nn.BatchNorm1d(width)
        past = _HALF * dilation
        self.past, self.future = (2 * past, 0) if causal else (past, past)
        self.padded = True
        self.residual = inputs == width

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        if self.padded:
            seen = pad(seen, (self.past, self.future))
        found = torch.relu(self.norm(self.convolve(seen)))
        if not self.residual:
            return found
        return found + seen[:, :, self.past : seen.shape[2] - self.future]


class SpeechNetwork(nn.Module):
    """Log-mel bands (B, T, 40) to logits (B, T, phones).

    Args:
        bands: Mel bands.
        phones: Classes.
        both: Hear the future, too: for recordings. For live sound all that is known of the future
            is ``delay`` frames and the ``LIVE_AHEAD`` frames that the first convolutions see.
        delay: Frames by which the output lags behind the sound.
    """

    def __init__(self, bands: int, phones: int, both: bool = True, delay: int = 0) -> None:
        super().__init__()
        width, memory = 144, 128 if both else 208
        self.both, self.delay = both, delay
        self.layers = nn.ModuleList(
            _Layer(bands if i == 0 else width, width, dilation, not both and i > 1)
            for i, dilation in enumerate(_DILATIONS)
        )
        self.dropout = nn.Dropout(0.1)
        self.pair = nn.Linear(2 * width, 160)
        self.recur = nn.GRU(160, memory, batch_first=True, bidirectional=both)
        found = memory * (2 if both else 1)
        self.unpair = nn.Linear(found, 2 * 96)
        self.name = nn.Linear(96 + width, phones)

    def forward(self, mel: torch.Tensor, state: torch.Tensor | None = None):
        """Logits, and the state of the recurrence (for live sound). T must be even."""
        seen = ((mel - _MEAN) / _SCALE).transpose(1, 2)
        for layer in self.layers:
            seen = layer(seen)
        seen = self.dropout(seen).transpose(1, 2)
        pairs = torch.relu(self.pair(seen.reshape(seen.shape[0], -1, 2 * seen.shape[2])))
        heard, state = self.recur(pairs, state)
        fine = torch.relu(self.unpair(self.dropout(heard)))
        fine = fine.reshape(fine.shape[0], -1, fine.shape[2] // 2)
        return self.name(torch.cat([fine, seen], 2)), state
