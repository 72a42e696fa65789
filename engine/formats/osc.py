# SPDX-License-Identifier: GPL-3.0-or-later
"""Open Sound Control 1.0: messages and bundles, as datagrams. https://opensoundcontrol.org/spec-1_0

Why not python-osc: a bundle whose element has a negative size makes its parser (1.10) run for
ever, and a deeply nested one ends in RecursionError. Packets come from the network. The tests hold
this file against python-osc.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .packet import limited, shown, unreadable

TITLE = "OSC"
# What fits into one Ethernet frame; VMC asks for no more.
LARGEST_BUNDLE = 1500
_BUNDLE = b"#bundle\0"
_IMMEDIATELY = b"\0\0\0\0\0\0\0\1"
_DEEPEST = 4
_MOST_MESSAGES, _MOST_ARGUMENTS = 1024, 256
_SIZE = struct.Struct(">i")
# Type tags of a fixed size.
_FIXED = {
    "i": struct.Struct(">i"),
    "f": struct.Struct(">f"),
    "h": struct.Struct(">q"),
    "d": struct.Struct(">d"),
    "t": struct.Struct(">Q"),
    "c": struct.Struct(">I"),
    "r": struct.Struct(">I"),
    "m": struct.Struct(">I"),
}
_CONSTANT = {"T": True, "F": False, "N": None, "I": float("inf")}

Argument = int | float | str | bytes | bool | None
Message = tuple[str, list[Argument]]


def parse(data: bytes) -> list[Message]:
    """All messages of a datagram, in order, out of their bundles; time tags are not kept.

    Raises:
        FacewrightError: ``packet-unreadable``.
    """
    limited(data, TITLE)
    messages: list[Message] = []
    _collect(data, 0, messages)
    return messages


def message(address: str, *arguments: int | float | str) -> bytes:
    """One message: whole numbers as ``i``, others as ``f``, text as ``s``."""
    tags, body = ",", b""
    for argument in arguments:
        if isinstance(argument, str):
            tags, body = tags + "s", body + _padded(argument)
        else:
            tag = "i" if isinstance(argument, int) else "f"
            tags, body = tags + tag, body + _FIXED[tag].pack(argument)
    return _padded(address) + _padded(tags) + body


def bundles(messages: Iterable[bytes], largest: int = LARGEST_BUNDLE) -> list[bytes]:
    """Messages in as few bundles as hold them in order, none larger than ``largest`` bytes.

    A message that is larger by itself gets a bundle of its own.
    """
    made: list[bytes] = []
    for item in messages:
        element = _SIZE.pack(len(item)) + item
        if made and len(made[-1]) + len(element) <= largest:
            made[-1] += element
        else:
            made.append(_BUNDLE + _IMMEDIATELY + element)
    return made


def _collect(data: bytes, depth: int, messages: list[Message]) -> None:
    if not data.startswith(_BUNDLE):
        if len(messages) == _MOST_MESSAGES:
            raise unreadable(TITLE, f"it has more than {_MOST_MESSAGES} messages")
        messages.append(_message(data))
        return
    if depth == _DEEPEST:
        raise unreadable(TITLE, "bundles lie in bundles too deep")
    offset = len(_BUNDLE) + len(_IMMEDIATELY)
    if len(data) < offset:
        raise unreadable(TITLE, "a bundle ends too early")
    while offset < len(data):
        if offset + 4 > len(data):
            raise unreadable(TITLE, "a bundle ends too early")
        (size,) = _SIZE.unpack_from(data, offset)
        offset += 4
        if not 0 < size <= len(data) - offset or size % 4:
            raise unreadable(TITLE, f"a part of {size} bytes")
        _collect(data[offset : offset + size], depth + 1, messages)
        offset += size


def _message(data: bytes) -> Message:
    if not data.startswith(b"/"):
        raise unreadable(TITLE, "a message has no address")
    address, offset = _string(data, 0)
    if offset == len(data):  # old senders leave the tags out where there are no arguments
        return address, []
    tags, offset = _string(data, offset)
    if not tags.startswith(","):
        raise unreadable(TITLE, "a message has no type tags")
    if len(tags) > _MOST_ARGUMENTS:
        raise unreadable(TITLE, f"a message has {len(tags)} arguments")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag == "s" or tag == "S":
            text, offset = _string(data, offset)
            arguments.append(text)
        elif tag in _FIXED:
            layout = _FIXED[tag]
            if offset + layout.size > len(data):
                raise unreadable(TITLE, "a message ends too early")
            arguments.append(layout.unpack_from(data, offset)[0])
            offset += layout.size
        elif tag in _CONSTANT:
            arguments.append(_CONSTANT[tag])
        elif tag == "b":
            blob, offset = _blob(data, offset)
            arguments.append(blob)
        else:
            raise unreadable(TITLE, f'an argument of the unknown type "{shown(tag)}"')
    return address, arguments


def _string(data: bytes, offset: int) -> tuple[str, int]:
    end = data.find(b"\0", offset)
    if end < 0:
        raise unreadable(TITLE, "a text does not end")
    try:
        text = data[offset:end].decode()
    except UnicodeDecodeError as error:
        raise unreadable(TITLE, "a text is not UTF-8") from error
    return text, min(end + 4 - (end - offset) % 4, len(data))


def _blob(data: bytes, offset: int) -> tuple[bytes, int]:
    begin = offset + 4
    size = _SIZE.unpack_from(data, offset)[0] if begin <= len(data) else -1
    if not 0 <= size <= len(data) - begin:
        raise unreadable(TITLE, f"a blob of {size} bytes")
    return data[begin : begin + size], min(begin + (size + 3) // 4 * 4, len(data))


def _padded(text: str) -> bytes:
    raw = text.encode()
    return raw + b"\0" * (4 - len(raw) % 4)
