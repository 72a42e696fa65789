# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped head speaks each language: clips with sound, and sheets of its mouth.

    python tools/speech_clips.py                       all languages, in demo/speech
    python tools/speech_clips.py --languages en --sheet-only

Leaves for each language ``LANGUAGE.mp4``, made by the command that a person would type, and
``LANGUAGE.png``: the mouth in the middle of every sound, with the sound's time, viseme and phone.
The voices are those of the speech benchmark, which are made first where they are not there yet.
Rendering takes longest: about a second a frame.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.support.speech_packages import environments  # noqa: E402

CACHE = ROOT / ".cache" / "speech"
LANGUAGES = ("en", "es", "fr", "it", "pt", "de", "ja", "zh")
# Enough for a sentence's first words, sound by sound.
_TILES = 32
_COLUMNS = 8


def main(argv: list[str]) -> int:
    """Make the clips and the sheets; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--out", type=Path, default=ROOT / "demo" / "speech")
    parser.add_argument("--size", type=int, default=360, help="height of the clips, pixels")
    parser.add_argument("--tile", type=int, default=200, help="of the sheets, pixels")
    parser.add_argument("--sheet-only", action="store_true", help="no clips")
    parser.add_argument(
        "--without-text", action="store_true", help="from sound alone, as live speech is"
    )
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for language in options.languages:
        sound = _sound(language)
        if sound is None:
            print(f"{language}: there is no voice; run `python3 dev.py bench speech` first")
            continue
        text = json.loads(sound.with_suffix(".json").read_text(encoding="utf-8"))["text"]
        told = [] if options.without_text else ["--text", text, "--language", language]
        take = options.out / f"{language}.fwtake"
        _call("-m", "engine", "lipsync", str(sound), "--take", str(take), "--overwrite", *told)
        make_sheet(take, options.out / f"{language}.png", options.tile)
        print(f"{language}: {text}", flush=True)
        if not options.sheet_only:
            movie = options.out / f"{language}.mp4"
            with tempfile.TemporaryDirectory() as scratch:
                blend = str(Path(scratch, "head.blend"))
                _call(
                    *("tools/run_in_bpy.py", "lipsync", str(sound), *told, "--gestures"),
                    *("--out", blend, "--render", str(movie), "--resolution", str(options.size)),
                )
    print(f"Watch {options.out}")
    return 0


def make_sheet(take: Path, path: Path, tile: int) -> None:
    """Draw the mouth in the middle of each sound of a take, from the front."""
    import cv2
    import numpy as np

    from engine.core.arkit import NAMES
    from engine.core.cues import SILENCE, read_cues
    from engine.takes.speech import cues_path
    from engine.takes.take_file import read_track
    from tools import contact_sheet

    track = read_track(take)
    cues = [cue for cue in read_cues(cues_path(take)) if cue.spoken != SILENCE][:_TILES]
    studio = contact_sheet.Studio(tile, 1)
    studio.closer(studio.camera.data.lens * 3.2, -0.45)
    tiles = []
    for cue in cues:
        nearest = int(np.abs(track.time_s - (cue.start + cue.end) / 2).argmin())
        weights = dict(zip(NAMES, map(float, track.weights[nearest]), strict=True))
        label = f"{cue.start:.2f} {cue.viseme} ({cue.spoken})"
        tiles.append(contact_sheet.label(studio.render(weights), label))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    rows = [np.concatenate(tiles[i : i + _COLUMNS], 1) for i in range(0, len(tiles), _COLUMNS)]
    cv2.imwrite(str(path), np.concatenate(rows))


def _sound(language: str) -> Path | None:
    """The first sentence of a language; the voices are made where there are none."""
    found = sorted((CACHE / "said" / language).glob("*.json"))
    python = environments(CACHE).python if not found else None
    if python is not None:
        command = [str(python), "-m", "benchmarks.support.speech_voices", str(CACHE)]
        subprocess.run(command, cwd=ROOT, check=True)
        found = sorted((CACHE / "said" / language).glob("*.json"))
    return found[0].with_suffix(".wav").absolute() if found else None


def _call(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
