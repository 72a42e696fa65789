# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves a provider against the processor before it is used, once per card, driver and network.

Cards, drivers and libraries give wrong numbers, or work slower than the processor, more often than
they fail. So both run a network on the same input, made from a seed; what came of it is kept in
``home()/cache/providers.json`` until the card, the driver, the library or the network is another.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..file_lock import lock
from .provider_faults import fault_in

# Another way of checking makes what was kept void.
VERSION = 1
# Largest difference allowed, as a share of the range of the processor's values. Another order of
# the same sums in 32 bits gives about 1e-5; 16 bits, or ten bits of mantissa, 3e-3 and more. For
# landmarks in a crop of 256 pixels it is a quarter of a pixel.
TOLERANCE = 1e-3
RUNS = 5
# Two seconds for others to write their verdicts.
_LOCK_TRIES, _LOCK_TRY_S = 100, 0.02
# What stands for a side of the input that is not fixed: networks halve it five times at most.
_FREE_SIDE = 256
# Cells of the coarse noise that the input is made of: smooth like a picture, with edges of sizes
# that every layer sees.
_CELLS = (4, 16, 64)

Run = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Verdict:
    """What came of a check.

    Attributes:
        problem: What is wrong with the values, for the middle of a sentence; empty for nothing.
        difference: The largest difference, as a share of the range of the processor's values.
        device_ms, cpu_ms: Milliseconds a picture, the processor with all streams that it would
            work in; 0 where a problem came first.
    """

    problem: str
    difference: float = 0.0
    device_ms: float = 0.0
    cpu_ms: float = 0.0

    @property
    def is_slower(self) -> bool:
        """Whether the processor is faster."""
        return self.device_ms > self.cpu_ms


def stored_input(picture: Sequence[int | None], rows: int) -> np.ndarray:
    """Smooth noise, the same everywhere and always; every row is another.

    Args:
        picture: Shape of one row; None for a side that is not fixed.
        rows: How many.

    Returns:
        float32 (rows, *picture), 0..1.
    """
    shape = tuple(side or _FREE_SIDE for side in picture)
    generator = np.random.default_rng(20260101)
    if len(shape) < 3:
        return generator.random((rows, *shape), np.float32)
    # Of the three sides the smallest is colour; where it lies is the network's own affair.
    colour = int(np.argmin(shape))
    height, width = (side for axis, side in enumerate(shape) if axis != colour)
    whole = np.zeros((rows, shape[colour], height, width), np.float32)
    for cells in _CELLS:
        coarse = generator.random((rows, shape[colour], cells, cells), np.float32)
        down = np.arange(height) * cells // height
        across = np.arange(width) * cells // width
        whole += coarse[:, :, down[:, None], across]
    whole /= len(_CELLS)
    return np.ascontiguousarray(np.moveaxis(whole, 1, colour + 1))


def difference(ours: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> float:
    """The largest difference of any output, as a share of the range of its reference values."""
    worst = 0.0
    for one, other in zip(ours, reference, strict=True):
        if one.shape != other.shape:
            return float("inf")
        if other.size:
            # A single number has no range; its size counts then.
            scale = max(float(np.ptp(other)), float(np.abs(other).max()), 1e-3)
            worst = max(worst, float(np.abs(one - other).max()) / scale)
    return worst


def check(
    on_device: Run,
    on_cpu: Run,
    picture: Sequence[int | None],
    rows: int,
    *,
    cpu_streams: int = 1,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Verdict:
    """Runs both on the same input.

    Args:
        on_device: The provider in question.
        on_cpu: The processor.
        picture: Shape of one row of the input; None for a side that is not fixed.
        rows: Pictures in a batch of the device; the processor is given one by one.
        cpu_streams: Pictures that the processor would work on at once.
        warm_up: Runs before the time is taken.
        clock: Seconds.

    Raises:
        Exception: Whatever either raises.
    """
    given = stored_input(picture, rows)
    ours = on_device(given)
    if problem := fault_in(ours):
        return Verdict(problem)
    singles = [on_cpu(row[None]) for row in given]
    reference = [np.concatenate(outputs) for outputs in zip(*singles, strict=True)]
    if fault_in(reference):
        return Verdict("the processor itself gives values that are not numbers")
    gap = difference(ours, reference)
    if not gap <= TOLERANCE:
        return Verdict(f"its values differ from the processor's by {gap:.1%} of their range", gap)
    for _ in range(warm_up):
        on_device(given)
    device_ms = _median_ms(lambda: on_device(given), clock) / rows
    cpu_ms = _median_ms(lambda: on_cpu(given[:1]), clock) / cpu_streams
    return Verdict("", gap, device_ms, cpu_ms)


def _median_ms(work: Callable[[], object], clock: Callable[[], float]) -> float:
    times = []
    for _ in range(RUNS):
        begin = clock()
        work()
        times.append(1e3 * (clock() - begin))
    return statistics.median(times)


class Verdicts:
    """The verdicts that are kept. A file that is damaged or not there is an empty one.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, key: str) -> Verdict | None:
        """What is known for a key of ``providers.cache_key``."""
        entry = self._read().get(key)
        try:
            kept = Verdict(**entry["verdict"])
            # Numbers are numbers, or this is no verdict.
            numbers = [kept.difference + 0.0, kept.device_ms + 0.0, kept.cpu_ms + 0.0]
        except (TypeError, KeyError, OverflowError):
            return None
        # A difference without end is true: outputs of another shape have it.
        known = isinstance(kept.problem, str) and not np.isnan(numbers).any()
        return kept if known and np.isfinite(numbers[1:]).all() else None

    def keep(self, key: str, verdict: Verdict) -> None:
        """Replaces the file as a whole; a folder that cannot be written costs only time."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Two workers that start together would otherwise lose each other's verdicts.
            with self._path.with_suffix(".lock").open("a+b") as file:
                _wait_for(file.fileno())
                entries = self._read() | {key: {"verdict": asdict(verdict)}}
                self._replace(json.dumps({"version": VERSION, "entries": entries}, indent=1))

    def _read(self) -> dict:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            entries = data["entries"] if data["version"] == VERSION else {}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _replace(self, text: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(self._path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _wait_for(descriptor: int) -> None:
    """Waits for others to write, which takes milliseconds; who is stopped there is not waited for.

    Nor does a file system without locks keep anything from being written.
    """
    for _ in range(_LOCK_TRIES):
        try:
            return lock(descriptor)
        except (BlockingIOError, PermissionError):  # as Linux and Windows say that it is taken
            time.sleep(_LOCK_TRY_S)
        except OSError:
            return None
    return None
