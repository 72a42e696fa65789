# SPDX-License-Identifier: GPL-3.0-or-later
"""A take of speech: the values of a face that speaks a recording, with the cues beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from ..core.cues import Cue, write_cues
from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .imported import write_values

SPEECH_KIND = "speech"
CUES_SUFFIX = ".cues.json"


def cues_path(take: Path | str) -> Path:
    """Where the cues of a take are: ``NAME.cues.json`` beside ``NAME.fwtake``."""
    return Path(take).with_suffix(CUES_SUFFIX)


def is_live_speech(header: dict) -> bool:
    """Whether a take's header is that of a live capture of sound: no face was seen."""
    live = header.get("source", {}).get("kind") == "live"
    return live and header.get("engine") == SPEECH_KIND


def check_free(take: Path | str) -> None:
    """Refuse a name that is in use, before any work is done.

    Raises:
        FacewrightError: ``take-exists`` or ``cues-exist``.
    """
    take = Path(take)
    if take.exists():
        raise FacewrightError(
            f"The take {take} exists already.",
            "Choose another name, or have it replaced.",
            "take-exists",
        )
    if cues_path(take).exists():
        raise FacewrightError(
            f"There is a {cues_path(take).name} beside the take already.",
            "Choose another name for the take.",
            "cues-exist",
        )


def write_speech_take(
    take: Path | str,
    track: FaceTrack,
    cues: Sequence[Cue],
    sound: Path | str,
    *,
    rate_hz: float,
    sound_offset_s: float,
    codec: str,
    speech: dict,
    models: dict[str, str],
    provider: str,
    overwrite: bool = False,
) -> None:
    """Make a take of speech and its cues.

    Args:
        take: The new take.
        track: Its values, times from second 0 of the recording.
        cues: What is spoken.
        sound: The recording.
        rate_hz: Frames per second of the track.
        sound_offset_s, codec: Of the recording, ``sources.sound_file.SoundInfo``.
        speech: How it was made, so that edited cues can be shown in the same manner.
        models: SHA-256 of the networks that were used, by id.
        provider: What ran them.
        overwrite: Replace a take of that name, and its cues.

    Raises:
        FacewrightError: ``take-exists``, ``cues-exist``, ``take-unwritable``, ``cues-unwritable``
            or ``disk-full``; what was there stays, and nothing half is left.
    """
    take, sound = Path(take), Path(sound)
    if not overwrite:
        check_free(take)
    exact = Fraction(rate_hz).limit_denominator(1001)
    with sound.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    header = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": {
            "kind": SPEECH_KIND,
            "file": sound.name,
            "path": str(sound.absolute()),
            "relative": _relative(sound, take),
            "sha256": digest,
            "width": 0,
            "height": 0,
            "rate": [exact.numerator, exact.denominator],
            "frame_count": len(track),
            "codec": codec,
            "has_audio": True,
            "audio_offset_s": sound_offset_s,
        },
        "engine": SPEECH_KIND,
        "solver": "none",
        "models": models,
        "provider": provider,
        "settings": {},
        "state": "complete",
        "faces_seen": 1,
        SPEECH_KIND: speech | {"cues": cues_path(take).name},
    }
    parts = {take: Path(f"{take}.part"), cues_path(take): Path(f"{cues_path(take)}.part")}
    try:
        parts[take].unlink(missing_ok=True)  # of a run that was killed
        write_values(parts[take], header, track)
        write_cues(parts[cues_path(take)], cues)
        for path, part in parts.items():
            part.replace(path)
    except FacewrightError as error:
        if error.code != "disk-full":
            raise
        raise FacewrightError(
            f"The disk is full: the take {take} could not be written.",
            "Free some space and try again; nothing half was left.",
            "disk-full",
        ) from error
    except OSError as error:
        raise FacewrightError(
            f"The take {take} cannot be written ({error.strerror or error}).",
            "Choose a folder that exists and may be written to.",
            "take-unwritable",
        ) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _relative(sound: Path, take: Path) -> str:
    """From the take's folder to the sound, so that both are found when they are moved together."""
    try:
        return Path(os.path.relpath(sound.absolute(), take.absolute().parent)).as_posix()
    except ValueError:  # another drive
        return ""
