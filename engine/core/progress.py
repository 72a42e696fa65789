# SPDX-License-Identifier: GPL-3.0-or-later
"""How long work tells where it stands, and learns that nobody wants it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Cancelled(Exception):  # noqa: N818 - it is a request, not an error
    """The person asked to stop. What is done so far stays."""


class Progress:
    """Passed down through long work; the default one is silent and never cancels.

    Args:
        on_step: Called with (done, total, unit); total is 0 where unknown.
        on_warning: Called with a sentence that the person should read.
        is_cancelled: Asked between steps.
    """

    def __init__(
        self,
        on_step: Callable[[int, int, str], None] | None = None,
        on_warning: Callable[[str], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._on_step = on_step
        self._on_warning = on_warning
        self._is_cancelled = is_cancelled
        self.warnings: list[str] = []

    def step(self, done: int, total: int, unit: str = "frames") -> None:
        """Report; raises ``Cancelled`` when asked to stop."""
        if self._is_cancelled and self._is_cancelled():
            raise Cancelled
        if self._on_step:
            self._on_step(done, total, unit)

    def warn_once(self, sentences: Iterable[str]) -> None:
        """Tell what was not told before."""
        for sentence in sentences:
            if sentence not in self.warnings:
                self.warn(sentence)

    def warn(self, sentence: str) -> None:
        """Tell something that does not prevent the result."""
        self.warnings.append(sentence)
        if self._on_warning:
            self._on_warning(sentence)
