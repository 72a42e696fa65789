# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of the fuzzer, and that it finds what it looks for."""

from __future__ import annotations

import mmap
import time

import numpy as np

from engine.core.errors import FacewrightError
from engine.formats.sample import FaceSample
from tools import fuzz_formats
from tools.fuzz_formats import Target, fuzz


def test_broken_packets_do_no_harm():
    count, harm = fuzz(fuzz_formats.targets(), 12_000, 60.0, seed=11)
    assert harm is None, str(harm)
    assert count > 1000


def harm_of(feed, packets: int = 50) -> str:
    _, harm = fuzz({"planted": Target(lambda: feed, (b"seed" * 20,))}, packets, 60.0, seed=1)
    return harm.what if harm else ""


def test_the_fuzzer_sees_exceptions_and_broken_results():
    def wrong(_data: bytes) -> list[FaceSample]:
        raise KeyError("planted")

    def refusing(_data: bytes) -> list[FaceSample]:
        raise FacewrightError("No.")

    def infinite(_data: bytes) -> list[FaceSample]:
        return [FaceSample(None, head_deg=np.array([0.0, np.inf, 0.0]))]

    def misshapen(_data: bytes) -> list[FaceSample]:
        return [FaceSample(None, weights=np.zeros(51))]

    def timeless(_data: bytes) -> list[FaceSample]:
        return [FaceSample(float("nan"))]

    assert "planted" in harm_of(wrong)
    assert "inf" in harm_of(infinite)
    assert "51" in harm_of(misshapen)
    assert "nan" in harm_of(timeless)
    assert harm_of(refusing) == ""


def test_the_fuzzer_sees_slow_packets_and_growth(monkeypatch):
    def slow(_data: bytes) -> list[FaceSample]:
        end_s = time.thread_time() + 2 * fuzz_formats.SLOW_S
        while time.thread_time() < end_s:
            pass
        return []

    kept: list[mmap.mmap] = []

    def growing(_data: bytes) -> list[FaceSample]:
        # Pages of its own: an array could lie in what other tests have left free.
        pages = mmap.mmap(-1, 2**20)
        pages.write(b"x" * 2**20)
        kept.append(pages)
        return []

    assert harm_of(slow).endswith("ms")
    monkeypatch.setattr(fuzz_formats, "GROWTH_BYTES", 8 * 2**20)
    assert "memory grew" in harm_of(growing, packets=100)
    assert kept


def test_the_same_seed_gives_the_same_packets():
    def heard(seed: int) -> list[bytes]:
        packets: list[bytes] = []
        fuzz({"a": Target(lambda: packets.append, (b"seed" * 20,))}, 50, 60.0, seed)
        return packets

    assert heard(1) == heard(1) != heard(2)


def test_the_command_tells_what_it_did(capsys):
    assert fuzz_formats.main(["--packets", "200", "--dialect", "vmc"]) == 0
    assert "200 packets" in capsys.readouterr().out
