# SPDX-License-Identifier: GPL-3.0-or-later
"""A model is fetched, as a job of the worker."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.progress import Cancelled, Progress
from ..core.requests import FetchModelRequest
from ..models.fetch import fetch


@dataclass(frozen=True)
class FetchReport:
    """What happened.

    Attributes:
        model: Its id.
        bytes: Size of the file that is there now.
        state: "complete" or "cancelled".
        warnings: Sentences.
    """

    model: str
    bytes: int = 0
    state: str = "complete"
    warnings: list[str] = field(default_factory=list)


def fetch_model(request: FetchModelRequest, progress: Progress) -> FetchReport:
    """Fetch it; cancelling leaves nothing.

    Raises:
        FacewrightError: See ``models.fetch.fetch``.
    """
    try:
        path = fetch(request.model, progress)
    except Cancelled:
        return FetchReport(request.model, state="cancelled")
    return FetchReport(request.model, path.stat().st_size)
