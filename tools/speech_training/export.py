# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes learned networks as ONNX."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from .network import LIVE_AHEAD, LIVE_PAST, SpeechNetwork

_OPSET = 17


class _Recording(nn.Module):
    """All of a recording at once: mel (1, T, 40) to log-probabilities (1, T, phones)."""

    def __init__(self, network: SpeechNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel):
        return torch.log_softmax(self.network(mel)[0], 2)


class _Stream(nn.Module):
    """Piece by piece: the caller keeps the frames that the convolutions need, and the state."""

    def __init__(self, network: SpeechNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel, state):
        logits, state = self.network(mel, state)
        return torch.log_softmax(logits, 2), state


def export(network: SpeechNetwork, path: Path) -> None:
    """Write the network; a live one takes and gives its state, and pads nothing."""
    network = network.eval()
    length, bands = 40, network.layers[0].convolve.in_channels
    if network.both:
        torch.onnx.export(
            _Recording(network),
            (torch.zeros(1, length, bands),),
            str(path),
            input_names=["mel"],
            output_names=["log_probs"],
            dynamic_axes={"mel": {1: "frames"}, "log_probs": {1: "frames"}},
            opset_version=_OPSET,
            dynamo=False,
        )
        return
    for layer in network.layers:
        layer.padded = False
    state = torch.zeros(network.recur.num_layers, 1, network.recur.hidden_size)
    torch.onnx.export(
        _Stream(network),
        (torch.zeros(1, length + LIVE_PAST + LIVE_AHEAD, bands), state),
        str(path),
        input_names=["mel", "state"],
        output_names=["log_probs", "state_out"],
        dynamic_axes={"mel": {1: "frames"}, "log_probs": {1: "frames"}},
        opset_version=_OPSET,
        dynamo=False,
    )
