# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves of the contestants against the truth, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.support.truth import Truth
from engine.core.arkit import INDEX
from engine.core.types import FaceTrack

# One or two of every region, those that networks are known to miss among them.
CHANNELS = (
    *("eyeBlinkLeft", "eyeSquintLeft", "eyeLookDownLeft"),
    *("browDownLeft", "browInnerUp", "noseSneerLeft"),
    *("cheekPuff", "jawOpen", "mouthPucker"),
    *("mouthSmileLeft", "mouthLowerDownLeft", "mouthPressLeft"),
)
_COLOURS = ("tab:orange", "tab:blue", "tab:green", "tab:red")


def plot(truth: Truth, tracks: Mapping[str, FaceTrack], path: Path) -> None:
    """Draw twelve weights and the three head angles over seconds."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(5, 3, figsize=(18, 12), sharex=True, layout="constrained")
    for axis, name in zip(axes.flat, CHANNELS, strict=False):
        true = truth.weights[:, truth.names.index(name)]
        curves = {key: track.weights[:, INDEX[name]] for key, track in tracks.items()}
        _panel(axis, name, truth.time_s, true, curves)
        axis.set_ylim(-0.03, 1.05)
    for column, name in enumerate(("pitch", "yaw", "roll")):
        curves = {key: track.head_deg[:, column] for key, track in tracks.items()}
        title = f"head {name}, degrees"
        _panel(axes[4, column], title, truth.time_s, truth.head_deg[:, column], curves)
        axes[4, column].set_xlabel("seconds")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    figure.suptitle(truth.video.stem)
    figure.savefig(path, dpi=85)
    plt.close(figure)


def _panel(
    axis, title: str, time_s: np.ndarray, true: np.ndarray, curves: dict[str, np.ndarray]
) -> None:
    axis.fill_between(time_s, 0, true, color="0.85")
    axis.plot(time_s, true, color="black", linewidth=1.4, label="truth")
    for (name, values), colour in zip(curves.items(), _COLOURS, strict=False):
        axis.plot(time_s, values, color=colour, linewidth=1.1, label=name)
    axis.set_title(title, fontsize=10)
    axis.grid(alpha=0.3)
