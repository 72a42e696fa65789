# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of lip sync, on the command line and inside Blender."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import not_negative
from .core.cues import OVR
from .core.live_source import SOUND_SUFFIXES
from .core.mouth_style import MouthStyle
from .core.requests import GestureSettings, LipsyncRequest
from .options import count
from .takes.recordings import VIDEO_SUFFIXES


def add_lipsync_options(parser: argparse.ArgumentParser, rate_hz: float = 60.0) -> None:
    """What is said and how the mouth says it, shared with the commands inside Blender.

    Args:
        parser: Gets the options.
        rate_hz: Frames a second where the person gives none.
    """
    usual = LipsyncRequest("")
    parser.add_argument("--text", default="", help="what is said, for exact times")
    parser.add_argument(
        "--text-file",
        default="",
        metavar="FILE",
        help="the same in a .txt or .srt; a folder: the text of each recording's name in it",
    )
    parser.add_argument(
        "--language", default=usual.language, help='of the text, e.g. "en", "es" (%(default)s)'
    )
    parser.add_argument(
        "--fps", type=_rate, default=rate_hz, help="frames a second of the result (%(default)s)"
    )
    parser.add_argument(
        "--start", type=not_negative, default=0.0, metavar="S", help="begin there, seconds"
    )
    parser.add_argument("--end", type=not_negative, metavar="S", help="end there, seconds")
    parser.add_argument(
        "--offset",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="move the mouth in time; below 0 it leads the sound",
    )
    mouth = parser.add_argument_group("mouth")
    mouth.add_argument("--profile", default="", metavar="FILE", help="a performer's voice profile")
    mouth.add_argument(
        "--method",
        choices=("network", "retrieval"),
        default=usual.method,
        help="how a profile speaks; retrieval is captured motion (%(default)s)",
    )
    for name, what in (
        ("strength", "all of the mouth"),
        ("jaw", "the jaw"),
        ("lips", "the lips"),
        ("tongue", "the tongue"),
    ):
        mouth.add_argument(
            f"--{name}",
            type=not_negative,
            default=1.0,
            metavar="F",
            help=f"how far {what} moves, 1 as usual",
        )
    mouth.add_argument(
        "--viseme-strength",
        type=_viseme,
        action="append",
        default=[],
        metavar="NAME=F",
        help=f"how far one viseme goes, e.g. PP=1.2; may be repeated ({', '.join(OVR)})",
    )
    mouth.add_argument(
        "--emphasis",
        type=not_negative,
        default=usual.emphasis,
        metavar="F",
        help="how much louder speech opens wider, 0 for not at all (%(default)s)",
    )
    face = parser.add_argument_group("rest of the face")
    face.add_argument(
        "--gestures", action="store_true", help="brows, blinks, looks and nods from the voice"
    )
    face.add_argument("--seed", type=count, default=1, help="another number, other gestures")
    for name in ("brows", "blinks", "gaze", "head"):
        face.add_argument(
            f"--gesture-{name}",
            type=not_negative,
            default=1.0,
            metavar="F",
            help="amount, 1 as usual",
        )


def lipsync_request_from(
    options: argparse.Namespace, sound: Path | str, take: Path | str = "", text_file: str = ""
) -> LipsyncRequest:
    """The request that these command-line options ask for.

    Args:
        options: As parsed; ``overwrite`` counts where it is among them.
        sound, take: Paths; no take where empty.
        text_file: The text of this recording (``text_of``), or empty.
    """
    return LipsyncRequest(
        sound=str(sound),
        take=str(take),
        start_s=options.start,
        end_s=options.end,
        rate_hz=options.fps,
        text=options.text,
        text_file=text_file,
        language=options.language,
        profile=options.profile,
        method=options.method,
        mouth=MouthStyle(
            options.strength,
            options.jaw,
            options.lips,
            options.tongue,
            dict(options.viseme_strength),
        ),
        emphasis=options.emphasis,
        gestures=GestureSettings(
            on=options.gestures,
            seed=options.seed,
            brows=options.gesture_brows,
            blinks=options.gesture_blinks,
            gaze=options.gesture_gaze,
            head=options.gesture_head,
        ),
        offset_s=options.offset,
        overwrite=getattr(options, "overwrite", False),
    )


def sounds_in(folder: Path) -> list[Path]:
    """The recordings of a folder, and its videos, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SOUND_SUFFIXES | VIDEO_SUFFIXES and not path.name.startswith(".")
    )


def is_text_folder(text_file: str) -> bool:
    """Whether it is a folder with a text of each recording's name, and not one text."""
    try:
        return bool(text_file) and Path(text_file).is_dir()
    except OSError:  # a text itself, too long for a name
        return False


def text_of(sound: Path, text_file: str, suffixes: tuple[str, ...] = (".txt", ".srt", ".vtt")):
    """The file with a recording's text: as given, or of its name in the folder given; or empty."""
    if not is_text_folder(text_file):
        return text_file
    beside = (Path(text_file, f"{sound.stem}{suffix}") for suffix in suffixes)
    return next((str(path) for path in beside if path.is_file()), "")


def _rate(text: str) -> float:
    value = not_negative(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no number of frames a second")
    return value


def _seconds(text: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    return sign * not_negative(text.removeprefix("-"))


def _viseme(text: str) -> tuple[str, float]:
    name, _, factor = text.partition("=")
    if name not in OVR:
        raise argparse.ArgumentTypeError(
            f"{name!r} is no viseme; there are {', '.join(OVR)}, e.g. PP=1.2"
        )
    return name, not_negative(factor)
