# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one batch of what several threads ask of a network at the same time.

Nobody waits for a batch to fill. Whoever finds the device idle runs what is there; what comes
meanwhile is the next batch. So one thread alone is as fast as without, and many fill the card.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np


class _Request:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.outputs: list[np.ndarray] | None = None
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.outputs is not None or self.error is not None


class Gatherer:
    """Runs requests of many threads as batches.

    Args:
        run: Runs a batch: float32 (n, ...) -> outputs (n, ...). It is called by one thread at a
            time. Each row's outputs must not depend on the other rows.
        largest: Rows in a batch at most; a single request may have more.
    """

    def __init__(self, run: Callable[[np.ndarray], list[np.ndarray]], largest: int) -> None:
        self._run = run
        self._largest = largest
        self._waiting: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._busy = False

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for some rows; raises what the batch that they were in raised."""
        request = _Request(array)
        with self._changed:
            self._waiting.append(request)
        while not request.done:
            self._run_next(request)
        if request.error is not None:
            raise request.error
        return request.outputs

    def _run_next(self, own: _Request) -> None:
        """Run a batch, or wait until whoever does has finished."""
        with self._changed:
            while self._busy and not own.done:
                self._changed.wait()
            if own.done:
                return
            self._busy = True
            batch = self._take()
        try:
            outputs = self._run(
                batch[0].array
                if len(batch) == 1
                else np.concatenate([request.array for request in batch])
            )
            first = 0
            for request in batch:
                rows = slice(first, first + len(request.array))
                # A copy, so that a small part does not keep a whole batch in memory.
                own_rows = outputs if len(batch) == 1 else [out[rows].copy() for out in outputs]
                request.outputs = own_rows
                first = rows.stop
        except BaseException as error:  # noqa: BLE001 - each thread raises it
            for request in batch:
                request.outputs, request.error = None, error
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _take(self) -> list[_Request]:
        """The longest waiting requests that fit into a batch and are alike; at least one."""
        batch = [self._waiting.popleft()]
        rows, shape = len(batch[0].array), batch[0].array.shape[1:]
        while self._waiting:
            coming = self._waiting[0].array
            if rows + len(coming) > self._largest or coming.shape[1:] != shape:
                break
            rows += len(coming)
            batch.append(self._waiting.popleft())
        return batch
