# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw random and mutated files at every reader of face files.

    python -m tools.fuzz_files [--count N] [--seed S] [--seconds LIMIT] [--samples FOLDER]

Each reader gets files that its writer made, cut, overwritten, repeated and spliced with one
another, and random bytes. A reader may return a take or raise FacewrightError, within
``_PATIENCE_S``; the process may not grow. Anything else is printed with the seed that made it, and
the exit code is 1. Same seed, same files.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.core.arkit import COUNT
from engine.core.errors import FacewrightError
from engine.core.types import FaceTrack
from engine.formats.foreign import FORMATS, FaceFormat, write_face_file
from engine.formats.foreign_take import ReadOptions, Start, WriteOptions

_PATIENCE_S = 5.0
# What the first files may claim for caches, and nothing after them.
_GROWTH_MB = 300
_TOKENS = (
    b"nan", b"inf", b"-1e308", b"1e999", b"0", b"-0", b"", b'""', b"null", b"true", b"[]", b"{}",
    b"[" * 5000, b"{" * 50, b'{"frames":', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b",",
    b",,,,,,,,", b";", b"\t", b'"', b"99:99:99:9999", b"23:59:59;29", b"00:00:00:00", b"-5",
    b"9" * 400, b"BlendShapeCount", b"Timecode", b"jawOpen", b"categories", b"weights", b"time",
    b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"1_0", "١٢".encode(), b"blendShapes.JawOpen",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run and print how often which reader gave what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="files (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--samples", type=Path, help="a folder of real files to mutate as well")
    options = parser.parse_args(argv)
    seeds = _written_files()
    if options.samples:
        for path in sorted(options.samples.iterdir()):
            data = path.read_bytes()[:100_000]
            # Cut text where a line ends: what is cut elsewhere is refused before anything is read.
            data = data if data[:2] == b"\x1f\x8b" else data[: data.rfind(b"\n") + 1]
            seeds += [(known, data) for known in FORMATS if known.recognises(data[:65536], data)]
    outcomes: Counter[str] = Counter()
    failures = 0
    started = time.perf_counter()
    grown_from = 0.0
    number = 0
    while number < options.count and time.perf_counter() - started < options.seconds:
        chance = random.Random(f"{options.seed} {number}")
        known, data = _mutated(seeds, chance)
        if chance.random() < 0.1:
            known = chance.choice(FORMATS)
        begun = time.perf_counter()
        try:
            with warnings.catch_warnings(action="error"):
                known.recognises(data[:65536], data)
                fps = chance.choice([None, 30.0])
                take = known.read(data, f"fuzz{number}", ReadOptions(fps=fps))
                problem = _unsound(take.track)
            outcomes[f"{known.name}: read"] += 1
        except FacewrightError:
            problem = ""
            outcomes[f"{known.name}: refused"] += 1
        except Exception:  # noqa: BLE001 - that is what is looked for
            problem = traceback.format_exc()
        took = time.perf_counter() - begun
        if took > _PATIENCE_S:
            problem = f"took {took:.1f} s. {problem}"
        if problem:
            failures += 1
            print(f"seed {options.seed}, file {number}, {known.name}: {problem}")
        number += 1
        if number == 500:
            grown_from = _peak_mb()
    growth = _peak_mb() - grown_from if number > 500 else 0.0
    if growth > _GROWTH_MB:
        failures += 1
        print(f"the process grew by {growth:.0f} MB")
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome:32} {count:>9}")
    seconds = time.perf_counter() - started
    print(f"{number} files in {seconds:.0f} s, {growth:.0f} MB more at most, {failures} failures")
    return int(failures > 0)


def _written_files() -> list[tuple[FaceFormat, bytes]]:
    """A small file of every format that is written, and packed ones unpacked."""
    valid = np.ones(12, bool)
    valid[4] = False
    values = np.random.default_rng(0).uniform(0, 1, (12, COUNT + 10)).astype(np.float32)
    values[~valid] = np.nan
    track = FaceTrack(
        np.arange(12) / 30 + 0.9,
        valid,
        valid.astype(np.float32),
        np.where(valid[:, None], np.float32(1), np.float32("nan")).repeat(COUNT, 1),
        values[:, :COUNT],
        values[:, COUNT : COUNT + 3],
        values[:, COUNT + 3 : COUNT + 6],
        values[:, COUNT + 6 :].reshape(12, 2, 2),
    )
    files = []
    with tempfile.TemporaryDirectory(prefix="facewright-") as folder:
        for known in FORMATS:
            if known.write:
                path = Path(folder, f"file{known.suffixes[0]}")
                start = Start(86399.8, Fraction(60))
                write_face_file(path, track, known.name, WriteOptions(start=start))
                files.append((known, path.read_bytes()))
    return files


def _mutated(
    seeds: list[tuple[FaceFormat, bytes]], chance: random.Random
) -> tuple[FaceFormat, bytes]:
    """One file and its reader: a seed with a few changes, or random bytes."""
    known, seed = chance.choice(seeds)
    if chance.random() < 0.05:
        return known, chance.randbytes(chance.randrange(300))
    data = bytearray(seed)
    packed = data[:2] == b"\x1f\x8b" and chance.random() < 0.8
    if packed:
        data = bytearray(gzip.decompress(bytes(data)))
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(data) + 1)
        length = int(chance.expovariate(1 / 20))
        kind = chance.randrange(6)
        if kind == 0:
            data[at : at + length] = chance.choice(_TOKENS)
        elif kind == 1:
            data[at : at + length] = chance.randbytes(length)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            data[at:at] = data[at : at + length] * chance.randrange(1, 50)
        elif kind == 4:
            _, other = chance.choice(seeds)
            begin = chance.randrange(len(other))
            data[at : at + length] = other[begin : begin + chance.randrange(400)]
        elif data:
            place = min(at, len(data) - 1)
            data[place] ^= 1 << chance.randrange(8)
    return known, gzip.compress(bytes(data), 1) if packed else bytes(data)


def _unsound(track: FaceTrack) -> str:
    """What a track must never be, or empty."""
    if not len(track):
        return "a track without frames"
    if not np.isfinite(track.time_s).all() or (np.diff(track.time_s) <= 0).any():
        return "times that do not rise"
    for name in ("weights", "head_deg", "head_cm", "gaze_deg"):
        if not np.isfinite(getattr(track, name)[track.valid]).all():
            return f"{name} that are not finite"
        if not np.isnan(getattr(track, name)[~track.valid]).all():
            return f"{name} where there is no face"
    return ""


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
