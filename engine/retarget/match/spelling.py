# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit's names in all the ways that people write them.

A name is cut into words; the word for the side is taken out before the rest is put together and
looked up. Nothing is guessed: what is not one of ARKit's names, whole, is not read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ...core.arkit import DIRECTIONS, NAMES

# Ways to write the side at the end of a name, by the ARKit ending. Only names that are one of a
# left/right pair take part: "mouthLeft" moves the whole mouth and has no side to abbreviate.
SIDES: dict[str, tuple[str, ...]] = {
    "Left": ("Left", "_Left", ".Left", "_L", ".L", "L"),
    "Right": ("Right", "_Right", ".Right", "_R", ".R", "R"),
}
# Words that are a side. Short forms stand alone between separators or capitals.
SIDE_WORDS: dict[str, str] = {
    **dict.fromkeys(("left", "l", "lf", "lft", "lt"), "Left"),
    **dict.fromkeys(("right", "r", "rg", "rgt", "rt"), "Right"),
}
FULL_SIDE_WORDS = frozenset({"left", "right"})


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words around the name that say where it comes from, not what it does.
NOISE = _set(
    """arkit apple blendshape blendshapes blend bs bsn shape shapes shapekey shapekeys key keys
    morph morphs morpher morphtarget morphtargets target targets exp ex expr expression expressions
    ctrl control controls jnt facs face facial fac head body mesh geo geometry node
    ue unreal metahuman mocap track tracking ft perfectsync ps vrc vrm max"""
)
# Centre channels that some rigs cut into a left and a right half.
HALVED = _set(
    """browInnerUp cheekPuff mouthClose mouthFunnel mouthPucker mouthRollLower mouthRollUpper
    mouthShrugLower mouthShrugUpper"""
)
# A key with one of these words mends or mixes other keys.
CORRECTIONS = _set(
    """corrective correction corr cor fix combo combination comb inbetween inb sculpt delta
    inverse inverted inv neg negative anti jcm mcm pbm helper map half quarter partial tweak
    driven"""
)

_SEPARATORS = re.compile(r"[\s_\-.]+")
_COPY = re.compile(r"\.\d{3,}$")
_NUMBERING = re.compile(r"^(?:(?:[A-Za-z]\d{2,3}|\d{1,3})[\s_\-.:)]+(?=\D)|\d{1,3}(?=[A-Za-z]{3}))")
_DIV = re.compile(r"[\s_\-]*div\s*2$", re.IGNORECASE)
_FIN = re.compile(r"\s*\((?:fin|3\.0)\)$", re.IGNORECASE)
_CUTS = re.compile(r"[.:|/\\]+|__+")
# VRoid's keys keep their mesh's name in front, joined as the words themselves are.
_VROID = re.compile(r"^.*?(?=fcl_)", re.IGNORECASE)
WORDS = re.compile(
    r"[A-Z]+(?=[A-Z][a-z])"  # an acronym before a word
    r"|[A-Z]?[a-z]+|[A-Z]+|\d+"
    r"|[左右]"
    r"|[^\W\d_a-zA-Z左右]+"  # other scripts run on
)


@dataclass(frozen=True)
class Reading:
    """What a spelling of an ARKit name means.

    Attributes:
        kind: "whole": the one channel; "both": both channels of a pair; "half": one side of a
            channel in the middle.
        channels: One or two ARKit names.
        side: "Left" or "Right" of a half.
        distance: 0 is ARKit's own spelling; the greater, the further from it.
    """

    kind: str
    channels: tuple[str, ...]
    side: str
    distance: int


def spellings(name: str) -> tuple[str, ...]:
    """Every known short spelling of an ARKit name, the ARKit spelling first, in its own case."""
    for ending, forms in SIDES.items():
        if name.endswith(ending) and name not in DIRECTIONS:
            stem = name.removesuffix(ending)
            return tuple(stem + form for form in forms)
    return (name,)


def cleaned(name: str) -> str:
    """A name in one width of letters, without a copy's number or Daz's endings."""
    text = unicodedata.normalize("NFKC", name).strip()
    for ending in (_COPY, _FIN, _DIV):
        text = ending.sub("", text)
    return text.strip()


@lru_cache(maxsize=8192)
def one_separator(name: str) -> str:
    """A cleaned name in lower case with one kind of separator: ``A14 Eye-Blink`` as A14_eye_blink.

    Separators are not left out, for they tell ``Eye_Blink_L`` of one family from ``eyeBlinkL``.
    """
    return _SEPARATORS.sub("_", cleaned(name).casefold())


@lru_cache(maxsize=4096)
def cuts(name: str) -> tuple[str, ...]:
    """The name, then without more and more of what mesh, node or file put in front.

    A side after a dot stays: ``Head.eyeBlink.L`` gives ``Head.eyeBlink.L``, ``eyeBlink.L``.
    What is itself a movement is not cut off: ``jawOpen.eyeBlinkLeft`` is a mix of two.
    """
    text = cleaned(name)
    found = [text]
    ends = [match.end() for match in _CUTS.finditer(text)]
    for end in ends:
        rest = text[end:]
        if rest and rest.lower() not in SIDE_WORDS:
            found.append(rest)
    found += [_VROID.sub("", item) for item in found if "fcl_" in item.lower()]
    found += [_NUMBERING.sub("", item) for item in found]
    labelled = [item for item in found[1:] if item and _may_go(_in_front(text, item))]
    return tuple(dict.fromkeys((text, *labelled)))


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words of a name in lower case: cut at separators, capitals, digits, 左 and 右."""
    mapped = text.replace("左", " left ").replace("右", " right ")
    return tuple(match.group().lower() for match in WORDS.finditer(mapped))


def without_noise(found: tuple[str, ...]) -> tuple[str, ...]:
    """The words without those at both ends that only say where a key comes from."""
    start, stop = 0, len(found)
    while start < stop and (found[start] in NOISE or (start and found[start].isdigit())):
        start += 1  # "blendShape1" is noise with its number.
    while stop > start and found[stop - 1] in NOISE:
        stop -= 1
    return found[start:stop]


def canonical(text: str) -> str:
    """A name for comparing within a family: its words joined, the side short, no noise."""
    short = {"Left": "l", "Right": "r"}
    return "".join(short.get(SIDE_WORDS.get(w, ""), w) for w in without_noise(words(text)))


def _tables() -> tuple[dict[str, str], dict[str, tuple[str, str]], dict[str, str]]:
    """Joined lower-case words: whole names, stems of pairs, halved names; nothing in two."""
    whole = {name.lower(): name for name in NAMES}
    pairs: dict[str, tuple[str, str]] = {}
    for name in NAMES:
        if name.endswith("Left") and name not in DIRECTIONS:
            stem = name.removesuffix("Left")
            pairs[stem.lower()] = (name, f"{stem}Right")
    for stem, (left, right) in pairs.items():
        for joined, target in (
            (f"{stem}l", left),
            (f"{stem}r", right),
            (f"left{stem}", left),
            (f"right{stem}", right),
        ):
            if whole.setdefault(joined, target) != target:
                raise AssertionError(f"{joined} stands for {whole[joined]} and {target}")
    halves = {name.lower(): name for name in HALVED}
    if pairs.keys() & whole.keys() or halves.keys() & pairs.keys():
        raise AssertionError("a spelling has two meanings")
    return whole, pairs, halves


_WHOLE, _PAIRS, _HALVES = _tables()
# The spellings that differ by no more than case and the short side: these come first.
_NEAR = {
    spelling.lower(): (name, rank)
    for name in NAMES
    for rank, spelling in enumerate(spellings(name))
}
_EXACT = frozenset(NAMES)
# From this distance on, something in front was cut off.
CUT = 20
# Every spelling holds one of these.
STEMS = (
    *_PAIRS,
    *(name.lower() for name in NAMES if not name.endswith(("Left", "Right"))),
    *(name.lower() for name in DIRECTIONS),
)


@lru_cache(maxsize=8192)
def read(name: str) -> Reading | None:
    """What a key's name means if it is a spelling of an ARKit name, else None."""
    if name in _EXACT:
        return Reading("whole", (name,), "", 0)
    near = _NEAR.get(name.lower())
    if near is not None:
        return Reading("whole", (near[0],), "", 1 + near[1])
    for step, cut in enumerate(cuts(name)):
        spoken = words(cut)
        for more, found in enumerate(dict.fromkeys((spoken, without_noise(spoken)))):
            reading = _read_words(found, 10 + (CUT - 10) * step + 5 * more)
            if reading is not None:
                return reading
    return None


def _read_words(found: tuple[str, ...], distance: int) -> Reading | None:
    joined = "".join(found)
    if joined in _WHOLE:
        target = _WHOLE[joined]
        # "jaw_l" is no direction: a short side says where a key is, not where it goes.
        return Reading("whole", (target,), "", distance)
    if joined in _PAIRS:
        return Reading("both", _PAIRS[joined], "", distance + 2)
    at = [i for i, word in enumerate(found) if word in SIDE_WORDS]
    if len(at) != 1:
        return None
    side = SIDE_WORDS[found[at[0]]]
    rest = "".join(found[: at[0]] + found[at[0] + 1 :])
    # The order of ARKit's own words: the side may stand anywhere, but best at the end.
    moved = 0 if at[0] == len(found) - 1 else 1
    if rest in _PAIRS:
        return Reading("whole", (_PAIRS[rest][side == "Right"],), "", distance + moved)
    if rest in _HALVES:
        return Reading("half", (_HALVES[rest],), side, distance + moved)
    return None


def is_plain_label(affix: str) -> bool:
    """Whether it only says where keys come from.

    It is no movement, no correction, no side, and no mere number, which would be an in-between.
    """
    found = words(affix)
    return (
        _is_label(affix.strip("._:|- "))
        and not set(found) & SIDE_WORDS.keys()
        and not all(word.isdigit() for word in found)
    )


def _in_front(text: str, cut: str) -> str:
    """What was cut off a name."""
    return text.removesuffix(cut).strip("._:|-/\\ ")


def _may_go(front: str) -> bool:
    """Whether what stands in front can be cut off; a side cannot."""
    spoken = words(front)
    sided = bool(FULL_SIDE_WORDS & set(spoken)) or (spoken and spoken[-1] in SIDE_WORDS)
    return not sided and _is_label(front)


def _is_label(affix: str) -> bool:
    """Whether it only says where a key comes from; "jawOpen_" in front is a mix of movements."""
    return not CORRECTIONS & set(words(affix)) and (not affix or read(affix) is None)
