# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits the mouth's table to captured takes and says how near it comes.

    python tools/fit_mouth.py FOLDER [--cache FOLDER] [--write]

FOLDER holds clips with their words, as the GRID corpus has them (tools/mouth_fitting/grid.py).
They are tracked by Facewright and their phones aligned by PocketSphinx (``pip install
pocketsphinx==5.1.1``); both are kept in the cache. Every second clip is fitted, the others judge.
With ``--write`` the result becomes ``engine/speech/mouth_table.json``. docs/speech_mouth.md
explains the model.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from mouth_fitting import captured, fit, grid  # noqa: E402
from mouth_fitting.hand import hand_table  # noqa: E402

from engine.speech.mouth_table import TABLE, write_table  # noqa: E402


def load(folder: Path, cache: Path, channels: tuple[str, ...]) -> list[tuple]:
    """Cues, times and captured weights of each clip whose words could be aligned."""
    aligned = cache / "aligned"
    aligned.mkdir(parents=True, exist_ok=True)
    captured.track(folder, cache / "tracked")
    missing = [c for c in grid.clips(folder) if not (aligned / f"{c.stem}.json").exists()]
    aligner = grid.Aligner() if missing else None
    for clip in missing:
        grid.aligned(clip, aligner, aligned)
    return captured.known(folder, cache, channels)


def main() -> int:
    """Command line entry; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "mouth")
    parser.add_argument("--write", action="store_true", help="replace the table that ships")
    options = parser.parse_args()
    hand = hand_table()
    clips = load(options.folder, options.cache, hand.channels)
    if len(clips) < 10:
        print(f"{options.folder} has {len(clips)} clips that can be used; 10 are needed")
        return 1
    learnt, judged = fit.sample(clips[0::2]), fit.sample(clips[1::2])
    table = fit.fit(hand, learnt)
    print(f"{len(clips)} clips; correlation with the half that was not fitted")
    rows = [fit.correlations(*pair) for pair in ((hand, judged), (table, judged), (table, learnt))]
    print(f"{'':16}{'by hand':>9}{'fitted':>9}{'(fitted half)':>15}{'before':>9}{'after':>8}")
    for i, name in enumerate(table.channels):
        if name in rows[1]:
            figures = [row.get(name, float("nan")) for row in rows]
            print(
                f"{name:16}{figures[0]:9.2f}{figures[1]:9.2f}{figures[2]:15.2f}"
                f"{table.before_s[i] * 1000:6.0f} ms{table.after_s[i] * 1000:5.0f} ms"
            )
    if options.write:
        write_table(TABLE, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
