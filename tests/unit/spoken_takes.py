# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up performer: sounds that a network would hear, and the lips that go with them."""

from __future__ import annotations

import numpy as np

from engine.core.phones import INDEX, PHONES
from engine.speech.performer.lips import CHANNEL_NAMES
from engine.speech.performer.recording import Recording

# What this performer does for a phone: other than the general model, and not alike on both sides.
POSES = {
    "a": {"jawOpen": 0.55, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.1},
    "i": {"jawOpen": 0.1, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.2, "mouthRight": 0.2},
    "u": {"jawOpen": 0.2, "mouthPucker": 0.7, "mouthFunnel": 0.3},
    "p": {"jawOpen": 0.2, "mouthClose": 0.12, "mouthRollLower": 0.3},
    "s": {"jawOpen": 0.05, "jawForward": 0.4, "mouthStretchLeft": 0.3},
    "sil": {"jawOpen": 0.02, "mouthLeft": 0.1},
}
# Frames are seen so many times a second.
RATE_HZ = 30


def speech(seconds: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-mel (T, 40), log-probabilities (T, 25), and the lips (T, 27), 100 a second."""
    draw = np.random.default_rng(seed)
    count = round(seconds * 100)
    phones: list[str] = []
    while len(phones) < count:
        phone = str(draw.choice(list(POSES)))
        phones += [phone] * int(draw.integers(7, 20))
    phones = phones[:count]
    index = np.array([INDEX[phone] for phone in phones])
    probs = np.full((count, len(PHONES)), 0.2 / len(PHONES))
    probs[np.arange(count), index] += 0.8
    colours = np.random.default_rng(99).normal(0, 2, (len(PHONES), 40))
    mel = colours[index] - 6 + draw.normal(0, 1, (count, 40))
    mel[index == 0] -= 6
    poses = np.zeros((count, len(CHANNEL_NAMES)))
    for row, phone in enumerate(phones):
        for name, value in POSES[phone].items():
            poses[row, CHANNEL_NAMES.index(name)] = value
    kernel = np.hanning(15) / np.hanning(15).sum()
    padded = np.pad(poses, ((7, 7), (0, 0)), mode="edge")
    lips = np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)
    return mel.astype(np.float32), np.log(probs).astype(np.float32), lips


def recording(seconds: float, seed: int, *, lips_of: int | None = None, late_s: float = 0.0):
    """A recording; with ``lips_of`` the lips are those of another one, which fit no sound."""
    mel, log_probs, lips = speech(seconds, seed)
    if lips_of is not None:
        lips = speech(seconds, lips_of)[2]
    times = np.arange(0, seconds, 1 / RATE_HZ)
    at = (np.arange(len(lips)) + 0.5) / 100
    weights = np.stack([np.interp(times - late_s, at, column) for column in lips.T], axis=1)
    weights = weights + np.random.default_rng(seed).normal(0, 0.01, weights.shape)
    return Recording(
        f"take {seed}",
        mel,
        log_probs,
        times,
        np.clip(weights, 0, 1).astype(np.float32),
        np.ones(weights.shape, np.float32),
    )
