# SPDX-License-Identifier: GPL-3.0-or-later
"""From a SPEC, as on the command line, to a live source."""

from __future__ import annotations

from ..core.errors import FacewrightError
from ..core.requests import LiveRequest
from .live import LiveSource
from .paced_file import PacedFile

KINDS = ("webcam", "screen", "file")


def open_live_source(request: LiveRequest) -> LiveSource:
    """Open what a request names.

    Args:
        request: ``source`` is "webcam:0", "webcam:part of its name", "screen::0.0" or
            "file:clip.mp4".

    Raises:
        FacewrightError: ``source-unknown``, or what the camera or file raises.
    """
    kind, colon, rest = request.source.partition(":")
    if colon and kind == "file":
        return PacedFile(rest, request.realtime, request.repeat)
    if colon and kind in ("webcam", "screen"):
        from .camera import Camera
        from .devices import Device, find_camera

        device = (
            find_camera(rest) if kind == "webcam" else Device(rest, f"Screen {rest}", "x11grab")
        )
        return Camera(device, size=(request.width, request.height), rate=request.rate)
    raise FacewrightError(
        f'"{request.source}" names no live source.',
        'Give "webcam:0", "webcam:NAME" or "file:CLIP.mp4".',
        "source-unknown",
    )
