# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues to curves: do the lips close, how near are captured mouths, how fast is it.

    python -m benchmarks.speech_mouth [--grid FOLDER]

Lips are measured on the shipped head (support/lip_gap.py) in speech made by a seed. With clips of
the GRID corpus, tracked and aligned by ``tools/fit_mouth.py`` before (its cache is read), the
curves are compared with captured ones of the clips that were not fitted.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.support.closures import closures
from benchmarks.support.mouth_sequences import babble, short_closures, spoken
from engine.core.mouth_style import MouthStyle
from engine.core.phones import PHONES
from engine.speech.mouth import curves

ROOT = Path(__file__).resolve().parents[1]
GRID = ROOT.parent / "shared" / "data" / "video" / "grid_s1"
CACHE = ROOT / ".cache" / "mouth"
SHOWN = ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--grid", type=Path, default=GRID)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    _lips()
    _captured(options.grid, options.cache)
    _speed()


def _lips() -> None:
    print(
        f"{'P, B, M on the shipped head':34}{'< 1 mm':>8}{'>= 90 %':>9}{'longest':>10}{'> .25':>7}"
    )
    quiet, loud = MouthStyle(strength=0.5), MouthStyle(strength=1.6, lips=1.3)
    cases = [
        ("babble", babble(), MouthStyle(), 60),
        ("babble, 24 fps", babble(), MouthStyle(), 24),
        ("fast babble", babble(1, speed=1.6), MouthStyle(), 60),
        ("m, b of 40-60 ms, open vowels", short_closures(), MouthStyle(), 60),
        ("the same at 24 fps", short_closures(), MouthStyle(), 24),
        ("the same, strength 1.6, lips 1.3", short_closures(), loud, 60),
        ("the same, strength 0.5", short_closures(), quiet, 60),
        ("the same, PP at 0", short_closures(), MouthStyle(viseme_strength={"PP": 0.0}), 60),
    ]
    for name, cues, style, fps in cases:
        found = closures(cues, lambda c, t, style=style: curves(c, t, style), fps)
        print(
            f"{name:34}{found.touching:8.1%}{found.whole:9.1%}{found.longest_s * 1000:7.0f} ms"
            f"{found.over_250:7d}"
        )


def _captured(folder: Path, cache: Path) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    from mouth_fitting import captured, fit
    from mouth_fitting.hand import hand_table

    from engine.speech.mouth_table import load_table

    table = load_table()
    clips = captured.known(folder, cache, table.channels)
    if not clips:
        print("\nno captured clips here: tools/fit_mouth.py tracks and aligns them")
        return
    judged = fit.sample(clips[1::2])
    rows = [fit.correlations(one, judged) for one in (hand_table(), table)]
    print(
        f"\n{len(clips) // 2} captured clips that were not fitted: correlation, by hand and fitted"
    )
    for name in SHOWN:
        print(f"{name:34}{rows[0][name]:8.2f}{rows[1][name]:9.2f}")


def _speed() -> None:
    draw = np.random.default_rng(0)
    edges = np.cumsum(draw.uniform(0.04, 0.14, 40000))
    phones = [PHONES[i] for i in draw.integers(0, len(PHONES), len(edges))]
    cues = spoken(list(zip(phones, np.diff(edges, prepend=0.0), strict=True)))
    times = np.arange(0.0, edges[-1], 1 / 60)
    begin = time.process_time()
    curves(cues, times)
    took = time.process_time() - begin
    print(f"\n{edges[-1] / 3600:.1f} h, {len(cues)} cues, {len(times)} times: {took:.1f} s")
    last = [cue for cue in cues if cue.start > edges[-1] - 1.0]
    begin = time.process_time()
    for _ in range(100):
        curves(last, times[-2:])
    print(f"the last second, two times: {(time.process_time() - begin) * 10:.2f} ms")


if __name__ == "__main__":
    main()
