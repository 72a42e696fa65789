# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cameras and microphones Linux has, read from the kernel itself.

libavdevice's lists are weak here: the one of video4linux2 asks what the whole apparatus can, so
that the metadata nodes of USB cameras look like cameras, and leaves out what may not be opened;
the one of ALSA names the configuration's devices, not the cards.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# linux/videodev2.h: struct v4l2_capability, its ioctl, and the bits that matter.
_CAPABILITY = struct.Struct("16s32s32s6I")
_QUERYCAP = 2 << 30 | _CAPABILITY.size << 16 | ord("V") << 8
_VIDEO_CAPTURE, _DEVICE_CAPS = 0x1, 0x80000000
# One line of /proc/asound/cards names a card, one of /proc/asound/pcm a device of it.
_CARD = re.compile(r"^\s*(\d+) \[(.+?)\s*\]: .*? - (.+?)\s*$", re.MULTILINE)
_PCM = re.compile(r"^(\d+)-(\d+): [^:]*: ([^:]*?)\s*:.*\bcapture \d+", re.MULTILINE)


@dataclass(frozen=True)
class VideoNode:
    """A node of video4linux.

    Attributes:
        path: "/dev/video0".
        name: The kernel's name of the apparatus.
        index: Its number among the nodes of the same apparatus; 0 is usually the camera.
        captures: Whether it gives pictures; None where it may not be asked.
    """

    path: str
    name: str
    index: int
    captures: bool | None


def cameras_among(nodes: Iterable[VideoNode]) -> list[tuple[str, str]]:
    """(path, name) of the nodes that are cameras, by their number.

    A node that may not be opened counts if it is the first of its apparatus: choosing it then
    tells why it cannot be used.
    """

    def number(node: VideoNode) -> int:
        return int(re.sub(r"\D", "", node.path) or 0)

    return [
        (node.path, node.name)
        for node in sorted(nodes, key=number)
        if node.captures or (node.captures is None and node.index == 0)
    ]


def gives_pictures(capability: bytes) -> bool:
    """Whether a ``struct v4l2_capability`` is one of a node that cameras send pictures through.

    Nodes with several planes only (codecs and raw sensors of boards) are left out: libavdevice
    cannot read them.
    """
    whole, node = _CAPABILITY.unpack(capability)[4:6]
    # The first word speaks of the whole apparatus, the second, where there is one, of the node.
    return bool((node if whole & _DEVICE_CAPS else whole) & _VIDEO_CAPTURE)


def microphones_in(cards: str, pcm: str) -> list[tuple[str, str]]:
    """(ALSA name, name for people) of every device that records.

    Args:
        cards: Text of ``/proc/asound/cards``.
        pcm: Text of ``/proc/asound/pcm``.

    Returns:
        ``plughw`` names with the card's own id, which survive replugging and convert rate and
        channels where the card has others than asked for.
    """
    known = {int(number): (key, name) for number, key, name in _CARD.findall(cards)}
    found = []
    for card, device, title in _PCM.findall(pcm):
        key, name = known.get(int(card), (str(int(card)), f"card {int(card)}"))
        label = f"{name}, {title}" if title and title != name else name
        found.append((f"plughw:CARD={key},DEV={int(device)}", label))
    return found


def list_video() -> list[tuple[str, str]]:
    """The cameras of this machine as (path, name)."""
    folder = Path("/sys/class/video4linux")
    nodes = []
    for entry in folder.glob("video*") if folder.is_dir() else ():
        try:
            name = (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
            index = int((entry / "index").read_text())
        except (OSError, ValueError):
            continue  # unplugged between two looks
        path = f"/dev/{entry.name}"
        nodes.append(VideoNode(path, name or entry.name, index, _captures(path)))
    return cameras_among(nodes)


def list_audio() -> list[tuple[str, str]]:
    """The microphones of this machine as (ALSA name, name)."""
    try:
        cards, pcm = (Path("/proc/asound", n).read_text(errors="replace") for n in ("cards", "pcm"))
    except OSError:
        return []
    return microphones_in(cards, pcm)


def _captures(path: str) -> bool | None:
    import fcntl  # not on Windows

    try:
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return gives_pictures(fcntl.ioctl(node, _QUERYCAP, bytes(_CAPABILITY.size)))
    except OSError:
        return False
    finally:
        os.close(node)
