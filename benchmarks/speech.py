# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to mouth cues: ours against HeadAudio, Rhubarb and PocketSphinx, in the same run.

    python -m benchmarks.speech

Voices that the network was not trained on say sentences that were written for this; what each
contestant makes of them is scored in six mouth classes, a hundredth of a second at a time
(``support/speech_scoring.py``). Rivals and voices are fetched by name from the registries of Python
and npm into ``.cache/speech``; what cannot be had is left out with a word. Time is measured in each
contestant's process from the first recording to the last, without its start.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.support import speech_sets as sets
from benchmarks.support.speech_contestants import Contestant, Run, contestants, run
from benchmarks.support.speech_packages import environments
from benchmarks.support.speech_recordings import Recording, recordings_in
from benchmarks.support.speech_tables import main_table, ratios, table_of_sets

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "speech"
RESEARCH = ROOT.parent / "shared" / "data" / "audio" / "aligned"
LANGUAGES = ("es", "fr", "it", "pt", "de", "ja", "zh")
PARTS = ("english", "research", "languages", "robust", "speechless", "hour")
USUAL = PARTS[:-1]


def main() -> int:
    """Run and print."""
    options = _options()
    found = environments(CACHE)
    for words in found.missing:
        print(f"left out: {words}")
    if found.python is None:
        print("There are no voices, so there is nothing to hear.")
        return 1
    command = [str(found.python), "-m", "benchmarks.support.speech_voices", str(CACHE)]
    subprocess.run(command, cwd=ROOT, check=True)
    benchmark = _Benchmark(options, contestants(found, options.network))
    for part in options.parts:
        getattr(benchmark, part)()
    return 0


class _Benchmark:
    """The parts of the benchmark, one method each."""

    def __init__(self, options: argparse.Namespace, those: list[Contestant]) -> None:
        self._options = options
        without = [name.lower() for name in options.without]
        self._those = [
            contestant
            for contestant in those
            if (contestant.ours or not options.ours)
            and not any(name in contestant.name.lower() for name in without)
        ]
        self._recordings = recordings_in(CACHE / "said" / "en", "en")

    def english(self) -> None:
        """The main table, and each voice."""
        recordings = self._recordings
        print(f"\nEnglish, {len(recordings)} recordings of voices that were not trained on")
        runs = self._all(recordings)
        scores = main_table(runs, recordings)
        ratios(runs, scores, sum(recording.seconds for recording in recordings))
        voices = {
            voice: [recording for recording in recordings if recording.voice == voice]
            for voice in sorted({recording.voice for recording in recordings})
        }
        alike = {c: dict.fromkeys(voices, made) for c, made in runs.items()}
        table_of_sets("Voices: balanced recall / recall of P B M", voices, alike)

    def research(self) -> None:
        """The recordings that the rivals were first measured on."""
        recordings = sets.research_recordings(RESEARCH)
        if not recordings:
            print("\nThe recordings of the research are not here.")
            return
        print(f"\nEnglish, {len(recordings)} recordings that came with the research")
        main_table(self._all(recordings), recordings)

    def languages(self) -> None:
        """Other languages; times of espeak-ng for German, of Kokoro for the others."""
        said = {name: recordings_in(CACHE / "said" / name, name) for name in LANGUAGES}
        those = [c for c in self._those if c.ours or not c.with_text]
        self._table("Languages: balanced recall / recall of P B M", said, those)

    def robust(self) -> None:
        """Some of the English recordings in trouble."""
        those = [c for c in self._those if not c.with_text or c.ours]
        title = "In trouble: balanced recall / recall of P B M, some of the English recordings"
        kinds = {"as they are": sets.some(self._recordings)}
        self._table(title, kinds | sets.damaged(self._recordings, CACHE), those)

    def speechless(self) -> None:
        """How much of what is not speech moves the mouth."""
        print("\nNo speech: share of the time in which the mouth speaks")
        recordings = sets.speechless(CACHE)
        print(f"{'':32}" + "".join(f"{recording.name:>17}" for recording in recordings))
        for contestant in self._those:
            if contestant.with_text:
                continue
            cells = []
            for recording in recordings:
                made = self._made(contestant, [recording])
                cues = made.cues.get(recording.name) if made else None
                spoken = sum(
                    cue["end"] - cue["start"] for cue in cues or () if cue["viseme"] != "sil"
                )
                cells.append(
                    f"{spoken / recording.seconds:17.2f}" if cues is not None else "–".rjust(17)
                )
            print(f"{contestant.name:32}" + "".join(cells))

    def hour(self) -> None:
        """One hour in one file."""
        recording = sets.long_recording(self._recordings, CACHE, 1.0)
        print("\nOne hour in one file")
        for contestant in self._those:
            if contestant.with_text or "Rhubarb" in contestant.name:
                continue  # Rhubarb takes half an hour
            made = self._made(contestant, [recording])
            if made and recording.name in made.cues:
                print(
                    f"{contestant.name:32} {made.seconds:7.1f} s, "
                    f"{recording.seconds / made.seconds:6.1f} times real time "
                    f"({recording.seconds / made.cpu_seconds:.1f} a core), "
                    f"{made.peak_mib:.0f} MiB at most, {len(made.cues[recording.name])} cues"
                )

    def _table(self, title: str, said: dict[str, list[Recording]], those: list[Contestant]) -> None:
        runs = {}
        for contestant in those:
            made = {name: self._made(contestant, said[name]) for name in said}
            runs[contestant] = {name: one for name, one in made.items() if one is not None}
        table_of_sets(title, said, runs)

    def _all(self, recordings: Sequence[Recording]) -> dict[Contestant, Run]:
        made = {contestant: self._made(contestant, recordings) for contestant in self._those}
        return {contestant: one for contestant, one in made.items() if one is not None}

    def _made(self, contestant: Contestant, recordings: Sequence[Recording]) -> Run | None:
        """What a contestant makes of recordings; None, with a word, where it cannot run."""
        if contestant.ours or not self._options.known_rivals:
            made = self._tried(contestant, recordings)
            if made is not None and not contestant.ours:
                self._kept(contestant, recordings).write_bytes(pickle.dumps(made))
            return made
        kept = self._kept(contestant, recordings)
        if not kept.exists():
            made = self._tried(contestant, recordings)
            if made is None:
                return None
            kept.write_bytes(pickle.dumps(made))
        return pickle.loads(kept.read_bytes())

    def _tried(self, contestant: Contestant, recordings: Sequence[Recording]) -> Run | None:
        try:
            return run(contestant, recordings, self._options.threads)
        except RuntimeError as error:
            print(f"{contestant.name} is left out: {error}", flush=True)
            return None

    def _kept(self, contestant: Contestant, recordings: Sequence[Recording]) -> Path:
        """A file for what a rival makes of just these recordings."""
        digest = hashlib.sha256(repr((contestant.command, contestant.mode)).encode())
        for recording in recordings:
            digest.update(recording.path.read_bytes())
        folder = CACHE / "rivals"
        folder.mkdir(exist_ok=True)
        return folder / f"{digest.hexdigest()[:24]}.pickle"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=USUAL, help="%(default)s")
    parser.add_argument("--ours", action="store_true", help="leave the rivals out")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="NAME", help="leave some out, as rhubarb"
    )
    parser.add_argument(
        "--known-rivals",
        action="store_true",
        help="rivals are not run again on recordings that they have heard in an earlier run",
    )
    parser.add_argument("--network", type=Path, help="instead of the shipped one, but for live")
    parser.add_argument("--threads", type=int, default=2, help="that a contestant may use")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
