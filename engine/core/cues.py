# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouth cues: what is spoken from when to when, under the names that animators know."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import FacewrightError
from .phones import PHONES

SILENCE = "sil"
# The 15 visemes of Oculus Lipsync (XR_META_face_tracking_visemes lists the same), in its order.
OVR = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")

# phone: OVR, Rhubarb, Preston Blair, VRM, MMD. Rhubarb's letters are those of its documentation;
# the Preston Blair names are Papagayo's; VRM and MMD know the five Japanese vowels.
# A close e opens the jaw hardly more than an i, so it is called ih and not E.
_NAMES = {
    "sil": ("sil", "X", "rest", "neutral", ""),
    "p": ("PP", "A", "MBP", "neutral", "ん"),
    "f": ("FF", "G", "FV", "I", "い"),
    "th": ("TH", "H", "L", "I", "い"),
    "t": ("DD", "B", "etc", "I", "い"),
    "n": ("nn", "B", "etc", "I", "ん"),
    "l": ("nn", "H", "L", "E", "え"),
    "s": ("SS", "B", "etc", "I", "い"),
    "ch": ("CH", "B", "etc", "U", "う"),
    "k": ("kk", "B", "etc", "E", "え"),
    "h": ("kk", "C", "etc", "E", "え"),
    "r": ("RR", "E", "etc", "U", "う"),
    "rr": ("RR", "H", "L", "E", "え"),
    "w": ("ou", "F", "WQ", "U", "う"),
    "j": ("ih", "B", "etc", "I", "い"),
    "i": ("ih", "B", "E", "I", "い"),
    "e": ("ih", "B", "E", "E", "え"),
    "eh": ("E", "C", "E", "E", "え"),
    "ae": ("aa", "C", "AI", "A", "あ"),
    "a": ("aa", "D", "AI", "A", "あ"),
    "ah": ("aa", "C", "AI", "A", "あ"),
    "o": ("oh", "E", "O", "O", "お"),
    "u": ("ou", "F", "U", "U", "う"),
    "oe": ("ou", "F", "U", "U", "う"),
    "schwa": ("E", "B", "etc", "E", "え"),
}
SETS = ("ovr", "rhubarb", "preston_blair", "vrm", "mmd")
# What a cue stands for when a person types only the viseme.
MAIN_PHONE = {
    "sil": "sil",
    "PP": "p",
    "FF": "f",
    "TH": "th",
    "DD": "t",
    "kk": "k",
    "CH": "ch",
    "SS": "s",
    "nn": "n",
    "RR": "r",
    "aa": "a",
    "E": "eh",
    "ih": "i",
    "oh": "o",
    "ou": "u",
}


@dataclass(frozen=True)
class Cue:
    """One phone of speech and the viseme that shows it.

    Attributes:
        start, end: Seconds from the start of the recording.
        viseme: One of ``OVR``.
        phone: One of ``phones.PHONES``: which of the viseme's sounds it is.
        strength: How far the mouth goes, 1 as usual; louder or stressed speech is above 1.
    """

    start: float
    end: float
    viseme: str
    phone: str = ""
    strength: float = 1.0

    @classmethod
    def of_phone(cls, phone: str, start: float, end: float, strength: float = 1.0) -> Cue:
        """The cue of a phone."""
        return cls(start, end, viseme_of(phone), phone, strength)

    @property
    def spoken(self) -> str:
        """The phone; the viseme's main one where none is said."""
        return self.phone or MAIN_PHONE[self.viseme]


def viseme_of(phone: str, names: str = "ovr") -> str:
    """The name of a phone's mouth shape in one of ``SETS``."""
    return _NAMES[phone][SETS.index(names)]


def named(cues: Iterable[Cue], names: str = "ovr") -> list[tuple[float, float, str]]:
    """Cues under the names of a set: (start, end, name), neighbours of one name joined."""
    joined: list[tuple[float, float, str]] = []
    for cue in cues:
        name = cue.viseme if names == "ovr" else viseme_of(cue.spoken, names)
        if joined and joined[-1][2] == name and cue.start - joined[-1][1] < 1e-6:
            joined[-1] = (joined[-1][0], cue.end, name)
        else:
            joined.append((cue.start, cue.end, name))
    return joined


def write_cues(path: Path | str, cues: Sequence[Cue], names: str = "ovr") -> None:
    """Write cues as JSON, completely or not at all: objects with ``start``, ``end``, ``viseme``.

    With the OVR names every phone stays a cue of its own, with ``phone`` and ``strength`` beside
    it, so that ``read_cues`` gives the same cues back; with other sets neighbours are joined.

    Raises:
        FacewrightError: ``cues-unwritable``.
    """
    if names == "ovr":
        rows = [
            {key: round(v, 4) if isinstance(v, float) else v for key, v in asdict(cue).items()}
            for cue in cues
        ]
    else:
        rows = [
            {"start": round(start, 4), "end": round(end, 4), "viseme": name}
            for start, end, name in named(cues, names)
        ]
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
    path = Path(path)
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise FacewrightError(
            f"The cues {path} cannot be written: {error.strerror or error}.",
            "Choose another folder.",
            "cues-unwritable",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def read_cues(path: Path | str) -> list[Cue]:
    """Read cues with OVR names, in order of time.

    Raises:
        FacewrightError: ``cues-unreadable`` with what is wrong.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        return cues_from_rows(rows)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path, f"it is not a list of cues ({error})") from error


def cues_from_rows(rows: list[dict]) -> list[Cue]:
    """Cues of plain data, as ``write_cues`` writes it.

    Raises:
        ValueError, KeyError or TypeError where a row is no cue.
    """
    if not isinstance(rows, list):
        raise TypeError("no list")
    cues = []
    for row in rows:
        cue = Cue(
            float(row["start"]),
            float(row["end"]),
            str(row["viseme"]),
            str(row.get("phone", "")),
            float(row.get("strength", 1.0)),
        )
        if cue.viseme not in MAIN_PHONE:
            raise ValueError(f"there is no viseme {cue.viseme!r}")
        if cue.phone and cue.phone not in PHONES:
            raise ValueError(f"there is no phone {cue.phone!r}")
        if not (math.isfinite(cue.start) and math.isfinite(cue.end) and cue.start < cue.end):
            raise ValueError(f"a cue goes from {cue.start} s to {cue.end} s")
        cues.append(cue)
    return sorted(cues, key=lambda cue: cue.start)


def _unreadable(path: Path | str, why: str) -> FacewrightError:
    return FacewrightError(
        f"The cues {path} cannot be read: {why}.",
        'Cues are a JSON list such as [{"start": 0.1, "end": 0.2, "viseme": "PP"}].',
        "cues-unreadable",
    )
