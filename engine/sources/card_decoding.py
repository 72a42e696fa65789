# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a card decode a video, where it can and where that is worth while.

A card's decoder gives the very same pictures (the standards of H.264, HEVC, VP9 and AV1 fix every
bit), in another layout. FFmpeg's conversion of that layout to RGB is another one, with differences
of 20 levels and more, so pictures are brought to the processor's layout first, which loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from ..core.inference.providers import COREML, CUDA, DIRECTML, TENSORRT

# What runs the networks -> FFmpeg's name of what decodes beside it.
_DECODERS = {
    CUDA: "cuda",
    TENSORRT: "cuda",
    DIRECTML: "d3d11va",
    COREML: "videotoolbox",
}
# Layouts that cards give -> the same numbers as the processor's decoders lay them out.
_LAYOUTS = {"nv12": "yuv420p", "p010le": "yuv420p10le", "nv16": "yuv422p", "nv24": "yuv444p"}
# Smaller pictures are decoded by several processor cores sooner than a card's decoder is started
# and its pictures are copied. The bound is a guess: no card was at hand to measure it.
MIN_PIXELS = 1280 * 720


class CardDecodingError(Exception):
    """The card does not decode this, or no longer; the processor has to."""


def decoder_beside(provider: str) -> str:
    """FFmpeg's name of the decoder of the card that a provider runs on; empty for none."""
    name = _DECODERS.get(provider, "")
    return name if name in hwdevices_available() else ""


def open_on_card(path: Path, decoder: str) -> av.container.InputContainer:
    """The file, to be decoded by the card alone.

    Raises:
        CardDecodingError: The card does not decode this codec, or there is none.
    """
    try:
        container = av.open(
            str(path), mode="r", hwaccel=HWAccel(decoder, allow_software_fallback=False)
        )
    except (FFmpegError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise CardDecodingError(str(error)) from error
    stream = container.streams.video[0]
    if not stream.codec_context.is_hwaccel:
        container.close()
        raise CardDecodingError(f"{stream.codec_context.name} is not decoded by {decoder}")
    return container


def decoded_on_card(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Pictures as the processor's decoder would give them.

    Unlike the processor it steps over nothing: where a file is damaged the processor takes over.

    Raises:
        CardDecodingError: From here on the processor has to decode.
    """
    converter = VideoReformatter()
    try:
        for packet in container.demux(stream):
            for picture in packet.decode():
                if picture.is_corrupt:
                    raise CardDecodingError("a damaged picture")
                yield in_the_processors_layout(converter, picture)
    except (FFmpegError, RuntimeError, ValueError) as error:
        raise CardDecodingError(str(error)) from error


def in_the_processors_layout(converter: VideoReformatter, picture: av.VideoFrame) -> av.VideoFrame:
    """The same picture with its planes apart, as the processor's decoders give it."""
    layout = _LAYOUTS.get(picture.format.name)
    if layout is None:
        return picture
    apart = converter.reformat(picture, format=layout, threads=1)
    apart.pts, apart.time_base = picture.pts, picture.time_base
    return apart
