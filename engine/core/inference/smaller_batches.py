# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a network on a card in batches, and in smaller ones where the card's memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .bound_session import BoundSession, PlainSession
from .provider_faults import fault_of, is_memory


class SmallerBatches:
    """A network on a card. While batches have more than one row, one thread at a time may run it.

    Args:
        device: The network as it was opened first.
        reopen: Opens it anew, for a largest batch.
        largest: Rows in a batch at first.
        tell: Told once about each way down: (rows that were too many, rows that are not).

    Attributes:
        largest: Rows in a batch now.
    """

    def __init__(
        self,
        device: BoundSession | PlainSession,
        reopen: Callable[[int], BoundSession | PlainSession],
        largest: int,
        tell: Callable[[int, int], None],
    ) -> None:
        self.largest = largest
        self._device: BoundSession | PlainSession | None = device
        self._reopen, self._tell = reopen, tell

    @property
    def session(self) -> Any:
        """onnxruntime's, of now."""
        return self._device.session if self._device else None

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for float32 (n, ...).

        Raises:
            Exception: Whatever onnxruntime raises; too little memory only for single rows.
        """
        before = self.largest
        while True:
            try:
                if self._device is None:
                    self._device = self._reopen(self.largest)
                outputs = self._device.run(array)
            except Exception as error:
                if self.largest == 1 or not is_memory(fault_of(error)):
                    raise
            else:
                if self.largest < before:
                    self._tell(before, self.largest)
                return outputs
            # Here, where the error is gone, whose traceback holds the buffers. A session's memory
            # comes back with its end alone: what it took for a large batch is no use for smaller.
            self._device = None
            self.largest //= 2
