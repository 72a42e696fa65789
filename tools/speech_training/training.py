# SPDX-License-Identifier: GPL-3.0-or-later
"""Teaches the network the corpus."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.core.phones import INDEX, PHONES
from engine.speech import features

from .augment import Augment
from .labels import UNKNOWN, phone_labels
from .network import SpeechNetwork
from .timed import read

_CROP = 320
_BATCH = 32
_SILENT_SHARE = 0.12
# What is seen most when it is wrong counts more.
_WEIGHT = {"p": 2.0, "f": 1.8, "w": 1.3, "u": 1.3, "o": 1.2}


@dataclass
class Item:
    """One sentence: log power as float16 (T, 257), labels int64 (T,), and its kind of voice."""

    spectra: np.ndarray
    labels: np.ndarray
    voice: str


class Corpus:
    """The sentences of a folder, taken in as they appear."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items: list[Item] = []
        self._known: set[str] = set()

    def look(self) -> int:
        """Take in what is new; the number of frames in all."""
        for path in sorted(self.folder.glob("*.json")):
            if path.stem in self._known or not path.with_suffix(".wav").exists():
                continue
            self._known.add(path.stem)
            speech = read(path.with_suffix(""))
            spectra = np.log(features.power(speech.sound) + 1e-10).astype(np.float16)
            labels = phone_labels(speech, len(spectra))
            self.items.append(Item(spectra, labels, speech.voice.split()[0]))
        return sum(len(item.labels) for item in self.items)


def train(
    corpus: Corpus,
    save: Path,
    *,
    both: bool,
    delay: int,
    minutes: float,
    seed: int = 0,
    test: Corpus | None = None,
    start: Path | None = None,
) -> SpeechNetwork:
    """Learn for some minutes; the network's weights are written to ``save`` now and then.

    Args:
        corpus: Looked through anew at every passing, so that voices may still be speaking.
        save: File of weights.
        both, delay: See ``SpeechNetwork``.
        minutes: Of the clock; the rate of learning falls along them.
        seed: Of everything drawn.
        test: Sentences to report the error on.
        start: Weights to go on from.
    """
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    network = SpeechNetwork(features.BANDS, len(PHONES), both, delay)
    if start is not None:
        network.load_state_dict(torch.load(start))
    augment = Augment(features.mel_filters, features.FLOOR, draw)
    rate = 4e-3 if start is None else 1e-3
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-2)
    weight = torch.ones(len(PHONES))
    for phone, value in _WEIGHT.items():
        weight[INDEX[phone]] = value
    loss_of = torch.nn.CrossEntropyLoss(weight, ignore_index=UNKNOWN, label_smoothing=0.03)
    begun, step, shown = time.monotonic(), 0, 0.0
    mean = 0.0
    corpus.look()
    while (share := (time.monotonic() - begun) / (minutes * 60)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, step / 60 + 0.05) * (0.5 + 0.5 * np.cos(np.pi * share))
        bands, labels = _batch(corpus, augment, draw)
        if delay:
            labels = torch.nn.functional.pad(labels, (delay, 0), value=UNKNOWN)[
                :, : labels.shape[1]
            ]
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = network(bands)
        loss = loss_of(logits.float().flatten(0, 1), labels.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        step += 1
        mean = 0.95 * mean + 0.05 * loss.item() if step > 1 else loss.item()
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            frames = corpus.look()
            torch.save(network.state_dict(), save)
            right = f", test {accuracy(network, test):.3f}" if test and test.look() else ""
            print(
                f"{share * minutes:5.1f} min, step {step}, loss {mean:.3f}{right}, "
                f"corpus {frames / 6000:.0f} min",
                flush=True,
            )
    torch.save(network.state_dict(), save)
    return network


def accuracy(network: SpeechNetwork, test: Corpus) -> float:
    """Share of a test's frames whose phone is right."""
    network.eval()
    right = count = 0
    filters = features.mel_filters()
    with torch.no_grad():
        for item in test.items:
            mel = np.log(np.exp(item.spectra.astype(np.float32)) @ filters + features.FLOOR)
            mel = mel[: len(mel) // 2 * 2]
            logits, _ = network(torch.from_numpy(mel)[None])
            found = logits[0].argmax(1).numpy()[network.delay :]
            labels = item.labels[: len(found)]
            known = labels != UNKNOWN
            right += (found[known] == labels[known]).sum()
            count += known.sum()
    network.train()
    return right / max(count, 1)


def _batch(corpus: Corpus, augment: Augment, draw: torch.Generator):
    """One batch: (B, T, 40) and (B, T). Half of it Kokoro's voices, which are nearest to people."""
    chance = np.random.default_rng(int(torch.randint(0, 2**31, (1,), generator=draw)))
    voices: dict[str, list[Item]] = {}
    for item in corpus.items:
        voices.setdefault(item.voice, []).append(item)
    noises = voices.pop("noise")
    share = {"kokoro": 0.62, "espeak": 0.16, "flite": 0.12, "festival": 0.10}
    names = [name for name in share if name in voices]
    odds = np.array([share[name] for name in names])
    spectra = np.zeros((_BATCH, _CROP, features.BINS), np.float32)
    labels = np.full((_BATCH, _CROP), UNKNOWN, np.int64)
    for row, name in enumerate(chance.choice(names, _BATCH, p=odds / odds.sum())):
        item = voices[name][chance.integers(len(voices[name]))]
        spectra[row], labels[row] = _crop(item, chance)
    noise = np.stack([_crop(noises[k], chance)[0] for k in chance.integers(0, len(noises), _BATCH)])
    speech = torch.from_numpy(chance.random(_BATCH) >= _SILENT_SHARE)
    labels[~speech.numpy()] = INDEX["sil"]
    silent = torch.from_numpy(labels == INDEX["sil"])
    bands = augment(torch.from_numpy(spectra), speech, silent, torch.from_numpy(noise))
    return bands, torch.from_numpy(labels)


def _crop(item: Item, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A stretch of an item, slower or faster: power (T, 257) and labels (T,)."""
    stretch = chance.uniform(0.8, 1.25)
    first = chance.uniform(-0.3, max(0.0, len(item.labels) / stretch - _CROP * 0.7))
    at = ((first + np.arange(_CROP)) * stretch).round().astype(int)
    inside = (at >= 0) & (at < len(item.labels))
    spectra = np.zeros((_CROP, features.BINS), np.float32)
    labels = np.full(_CROP, UNKNOWN, np.int64)
    spectra[inside] = np.exp(item.spectra[at[inside]].astype(np.float32))
    labels[inside] = item.labels[at[inside]]
    labels[at >= len(item.labels)] = INDEX["sil"]
    return spectra, labels
