# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to a live capture: of pictures, or of what another program has tracked."""

from __future__ import annotations

from ..core.requests import LiveRequest
from .capture import Capture
from .live import LiveCapture
from .stream import StreamCapture

STREAMS = ("udp", "tcp")


def open_capture(request: LiveRequest) -> Capture:
    """Open what a request names.

    Raises:
        FacewrightError: What the capture raises.
    """
    if request.source.partition(":")[0] in STREAMS:
        return StreamCapture(request)
    return LiveCapture(request)
