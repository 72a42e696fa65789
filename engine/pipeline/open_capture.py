# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to a live capture: of pictures, of sound, or of what another program tracks."""

from __future__ import annotations

from ..core.live_source import is_live_sound
from ..core.requests import LiveRequest
from .capture import Capture
from .listen import AnySource
from .live import LiveCapture
from .speak_live import SpeechCapture
from .stream import StreamCapture

_STREAMS = ("udp", "tcp")
# Whoever speaks first, on any of the usual ports.
_ANYBODY = "udp:any"


def open_capture(request: LiveRequest) -> Capture:
    """Open what a request names.

    Raises:
        FacewrightError: What the capture raises.
    """
    where, _, phone = request.source.partition("@")
    if where == _ANYBODY:
        return StreamCapture(request, AnySource(request.network, phone))
    if where.partition(":")[0] in _STREAMS:
        return StreamCapture(request)
    if is_live_sound(request.source):
        return SpeechCapture(request)
    return LiveCapture(request)
