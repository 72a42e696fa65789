# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig writes around its keys' names, and nobody can list: found because it is repeated."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from .spelling import CUT, STEMS, WORDS, Reading, cleaned, is_plain_label, read, words

# So many different channels must carry a beginning or an ending.
_LEAST = 5
# A number at the end is taken for a mere index when so many channels have one, each another.
_NUMBERED = 10
# Readings without a label are nearer.
_FURTHER = 100
_INDEX = re.compile(r"[\s_\-.]*\d{1,3}$")


@dataclass(frozen=True)
class Labels:
    """Labels of one rig.

    Attributes:
        before: Beginnings such as ``Wolf3D_Head_``.
        after: Endings such as ``_Geo``.
        numbered: Whether names end in an index.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    numbered: bool = False

    def read(self, name: str) -> Reading | None:
        """``spelling.read``, also without the labels."""
        found = read(name)
        if found is not None:
            return found
        text = cleaned(name)
        bare = [text[len(label) :] for label in self.before if text.startswith(label)]
        bare += [text[: -len(label)] for label in self.after if text.endswith(label)]
        if self.numbered:
            bare.append(_INDEX.sub("", text))
        for rest in bare:
            if (found := read(rest)) is not None:
                return replace(found, distance=found.distance + _FURTHER)
        return None


def find_labels(names: Collection[str]) -> Labels:
    """Finds the labels of a rig; what is a movement or a correction itself is none.

    Args:
        names: The rig's keys.
    """
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    indexed: dict[str, list[str]] = {}
    for name in names:
        text = cleaned(name)
        joined = "".join(words(text))
        if read(name) is not None or not any(stem in joined for stem in STEMS):
            continue
        for match in WORDS.finditer(text):
            _count(before, text[: match.start()], text[match.start() :])
            _count(after, text[match.end() :], text[: match.end()])
        if (index := _INDEX.search(text)) and (channel := _channel(text[: index.start()])):
            indexed.setdefault(channel, []).append(re.sub(r"\D", "", index.group()))
    numbers = [number for group in indexed.values() for number in group]
    # The same number again and again is a percentage: an in-between, not an index.
    return Labels(
        _labels(before),
        _labels(after),
        len(indexed) >= _NUMBERED and len(numbers) == len(set(numbers)) == len(indexed),
    )


def _channel(text: str) -> str:
    """The channel that a text is with nothing in front; else empty."""
    found = read(text) if text else None
    if found is None or found.kind != "whole" or found.distance >= CUT:
        return ""
    return found.channels[0]


def _count(labels: dict[str, set[str]], label: str, rest: str) -> None:
    if label and (channel := _channel(rest)):
        labels.setdefault(label, set()).add(channel)


def _labels(found: dict[str, set[str]]) -> tuple[str, ...]:
    return tuple(
        label
        for label, channels in found.items()
        if len(channels) >= _LEAST and is_plain_label(label)
    )
