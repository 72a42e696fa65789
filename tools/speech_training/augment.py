# SPDX-License-Identifier: GPL-3.0-or-later
"""Other throats, rooms, microphones and noises, made from spectra while the network learns.

All of it works on power spectra, where sounds add up and a room is a decay, so that every passing
of the corpus sounds different and none of it has to be stored.
"""

from __future__ import annotations

import math

import torch

_WARPS = 23


class Augment:
    """Changes batches of spectra.

    Args:
        filters: Function from a warp to mel filters (257, bands).
        floor: Added before the logarithm.
        draw: Source of chance.
    """

    def __init__(self, filters, floor: float, draw: torch.Generator) -> None:
        warps = [0.78 * (1.36 / 0.78) ** (k / (_WARPS - 1)) for k in range(_WARPS)]
        self._filters = torch.stack([torch.from_numpy(filters(w).copy()) for w in warps])
        self._plain = min(range(_WARPS), key=lambda k: abs(warps[k] - 1))
        self._floor = floor
        self._draw = draw
        bins = self._filters.shape[1]
        hz = torch.linspace(0, 8000, bins)
        self._colours = torch.stack(
            [torch.ones(bins), 300 / (hz + 100), (300 / (hz + 100)) ** 2, (hz / 4000) + 0.02]
        )

    def __call__(
        self,
        power: torch.Tensor,
        speech: torch.Tensor,
        silent: torch.Tensor,
        noise: torch.Tensor,
    ) -> torch.Tensor:
        """Log-mel bands of a batch, changed.

        Args:
            power: (B, T, 257).
            speech: bool (B,); False makes the item a noise without speech.
            silent: bool (B, T); where nobody speaks and somebody may breathe.
            noise: (B, T, 257); what else is heard: music, hands, machines.
        """
        count = len(power)
        power = power * speech[:, None, None]
        power = self._breathing(power, silent)
        power = self._whispered(power)
        power = self._articulated(power)
        # The room comes before its noise.
        level = power.mean((1, 2)).clamp_min(1e-7)
        noise = self._noises(noise, power, speech)
        snr_db = self._uniform(count, 2, 50)
        gain = level / noise.mean((1, 2)).clamp_min(1e-12) * 10 ** (-snr_db / 10)
        quiet = 10 ** (self._uniform(count, -7, -2))
        gain = torch.where(speech, gain, quiet / noise.mean((1, 2)).clamp_min(1e-12))
        gain = gain * ((self._uniform(count, 0, 1) < 0.6) | ~speech)
        which = torch.randint(0, _WARPS, (count,), generator=self._draw)
        which[self._uniform(count, 0, 1) < 0.35] = self._plain
        mel = torch.bmm(power, self._filters[which])
        mel = self._room(mel) + gain[:, None, None] * (noise @ self._filters[self._plain])
        mel = mel * self._microphone(count, mel.shape[2])
        return self._masked(torch.log(mel + self._floor))

    def _uniform(self, count: int, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, generator=self._draw)

    def _whispered(self, power: torch.Tensor) -> torch.Tensor:
        """No voice: the envelope of the spectrum, filled with noise, without its low end."""
        chosen = torch.nonzero(self._uniform(len(power), 0, 1) < 0.04).ravel()
        if not len(chosen):
            return power
        part = power[chosen]
        envelope = torch.nn.functional.avg_pool1d(
            part.flatten(0, 1)[:, None], 17, 1, 8, count_include_pad=False
        ).view_as(part)
        tilt = torch.linspace(-2.5, 1.0, part.shape[2]).clamp_max(0).exp()
        chance = -torch.log(torch.rand(part.shape, generator=self._draw).clamp_min(1e-6))
        power = power.clone()
        power[chosen] = envelope * tilt * chance
        return power

    def _articulated(self, power: torch.Tensor) -> torch.Tensor:
        """Some speak consonants softly and some sharply: what is quiet becomes more so, or less.

        An expander: a frame's level under the loudest is multiplied by 0.8 to 1.7, in decibels.
        """
        count = len(power)
        level = power.mean(2).clamp_min(1e-10).log()
        # The mean of neighbours, so that no frame jumps out of its sound.
        level = torch.nn.functional.avg_pool1d(level[:, None], 3, 1, 1, count_include_pad=False)[
            :, 0
        ]
        under = (level - level.amax(1, keepdim=True)).clamp_min(-9.0)
        more = self._uniform(count, -0.2, 0.7) * (self._uniform(count, 0, 1) < 0.6)
        return power * (under * more[:, None]).exp()[:, :, None]

    def _breathing(self, power: torch.Tensor, silent: torch.Tensor) -> torch.Tensor:
        """Breath, lips and tongue are heard in pauses: noise in the shape of some vowel."""
        count, length, _ = power.shape
        moment = torch.randint(0, length, (count,), generator=self._draw)
        shape = power.roll(3, 0)[torch.arange(count), moment][:, None]
        shape = torch.nn.functional.avg_pool1d(shape, 25, 1, 12, count_include_pad=False)
        shape = shape / shape.mean(2, keepdim=True).clamp_min(1e-12)
        # Flatter than a voice: there is no glottis in it.
        shape = shape.clamp_max(50) ** 0.6
        swell = torch.nn.functional.interpolate(
            torch.randn((count, 1, max(3, length // 12)), generator=self._draw),
            length,
            mode="linear",
        )[:, 0]
        swell = (swell * 2).exp() * silent
        chance = -torch.log(torch.rand(power.shape, generator=self._draw).clamp_min(1e-6))
        level = power.mean((1, 2)) * 10 ** (self._uniform(count, -38, -14) / 10)
        level = level * (self._uniform(count, 0, 1) < 0.6)
        return power + level[:, None, None] * swell[:, :, None] * shape * chance

    def _noises(
        self, noise: torch.Tensor, power: torch.Tensor, speech: torch.Tensor
    ) -> torch.Tensor:
        """At times a steady colour, or babble: what others of the batch say."""
        count, length, bins = noise.shape
        kind = self._uniform(count, 0, 1)
        colour = self._colours[torch.randint(0, len(self._colours), (count,), generator=self._draw)]
        chance = -torch.log(torch.rand((count, length, bins), generator=self._draw).clamp_min(1e-6))
        noise = torch.where((kind < 0.2)[:, None, None], colour[:, None] * chance, noise)
        others = power.roll(1, 0) + power.roll(2, 0).flip(1) + power.roll(5, 0)
        babble = others / others.mean((1, 2), keepdim=True).clamp_min(1e-9) + 0.01
        # Babble alone would be speech.
        return torch.where(((kind > 0.8) & speech)[:, None, None], babble, noise)

    def _room(self, mel: torch.Tensor) -> torch.Tensor:
        """A room's decay: energy that fades by 60 dB within 0.2 to 0.9 s."""
        chosen = torch.nonzero(self._uniform(len(mel), 0, 1) < 0.25).ravel()
        if not len(chosen):
            return mel
        steps = torch.arange(40)
        rt60 = self._uniform(len(chosen), 20, 90)
        decay = 10 ** (-6 * steps[None] / rt60[:, None])
        share = 10 ** self._uniform(len(chosen), -2.3, -0.9)
        decay = decay * share[:, None]
        decay[:, 0] = 1
        part = mel[chosen]
        groups, length, _ = part.shape
        flat = torch.nn.functional.pad(part.permute(2, 0, 1), (len(steps) - 1, 0))
        heard = torch.nn.functional.conv1d(flat, decay.flip(1)[:, None], groups=groups)
        mel = mel.clone()
        mel[chosen] = heard.permute(1, 2, 0)[:, :length]
        return mel

    def _microphone(self, count: int, bands: int) -> torch.Tensor:
        place = torch.linspace(0, 1, bands)[None]
        curve_db = self._uniform(count, -9, 9)[:, None] * (place - 0.5)
        for waves in (1, 2, 3):
            phase = self._uniform(count, 0, 2 * math.pi)[:, None]
            curve_db = curve_db + self._uniform(count, 0, 4)[:, None] * torch.sin(
                2 * math.pi * waves * place + phase
            )
        telephone = (self._uniform(count, 0, 1) < 0.10)[:, None]
        # 300 to 3400 Hz, as places on the mel scale from 60 to 7600 Hz.
        outside = (place < 0.12) | (place > 0.70)
        curve_db = torch.where(telephone & outside, torch.tensor(-55.0), curve_db)
        curve_db = curve_db + self._uniform(count, -22, 12)[:, None]
        return 10 ** (curve_db / 10)[:, None, :]

    def _masked(self, bands: torch.Tensor) -> torch.Tensor:
        count, _, width = bands.shape
        first = torch.randint(0, width, (count,), generator=self._draw)
        wide = torch.randint(0, 7, (count,), generator=self._draw)
        wide[self._uniform(count, 0, 1) < 0.6] = 0
        place = torch.arange(width)[None]
        hole = (place >= first[:, None]) & (place < (first + wide)[:, None])
        return torch.where(hole[:, None], bands.mean((1, 2), keepdim=True), bands)
