# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: two convolutions over log-mel frames, recurrence over pairs of them, phones out."""

from __future__ import annotations

import torch
from torch import nn

# Log-mel runs from about -18 to 4.
_MEAN, _SCALE = -8.0, 4.0
KERNEL = 5


class SpeechNetwork(nn.Module):
    """Log-mel bands (B, T, 40) to logits (B, T, phones).

    Args:
        bands: Mel bands.
        phones: Classes.
        both: Hear the future, too: for recordings. For live sound the recurrence only looks back,
            and all that is known of the future is ``delay`` frames and what the convolutions see.
        delay: Frames by which the output lags behind the sound.
    """

    def __init__(self, bands: int, phones: int, both: bool = True, delay: int = 0) -> None:
        super().__init__()
        width, memory = 112, 144 if both else 224
        self.both, self.delay = both, delay
        self.convolve = nn.Sequential(
            nn.Conv1d(bands, width, KERNEL, padding=KERNEL // 2),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )
        self.pair = nn.Linear(2 * width, 176)
        self.recur = nn.GRU(
            176, memory, num_layers=2, batch_first=True, bidirectional=both, dropout=0.25
        )
        found = memory * (2 if both else 1)
        self.dropout = nn.Dropout(0.25)
        self.unpair = nn.Linear(found, 2 * 96)
        self.name = nn.Linear(96 + width, phones)

    def forward(self, mel: torch.Tensor, state: torch.Tensor | None = None):
        """Logits, and the state of the recurrence (for live sound). T must be even."""
        seen = self.convolve(((mel - _MEAN) / _SCALE).transpose(1, 2)).transpose(1, 2)
        pairs = torch.relu(self.pair(seen.reshape(seen.shape[0], -1, 2 * seen.shape[2])))
        heard, state = self.recur(pairs, state)
        fine = torch.relu(self.unpair(self.dropout(heard)))
        fine = fine.reshape(fine.shape[0], -1, fine.shape[2] // 2)
        return self.name(torch.cat([fine, seen], 2)), state
