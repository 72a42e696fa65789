# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the speech benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.support.speech_contestants import Contestant, Run
from benchmarks.support.speech_recordings import Recording, references
from benchmarks.support.speech_scoring import CLASSES, Score, best_shift, score

_WIDTH = 32


def scored(run: Run, recordings: Sequence[Recording]) -> tuple[Score, Score] | None:
    """At no shift and at the best one, over the recordings that were heard; None for none."""
    refs = {name: ref for name, ref in references(recordings).items() if name in run.cues}
    return (score(refs, run.cues), best_shift(refs, run.cues)) if refs else None


def main_table(runs: Mapping[Contestant, Run], recordings: Sequence[Recording]) -> dict:
    """Everything about the English voices; returns the scores by contestant, as they are."""
    seconds = sum(recording.seconds for recording in recordings)
    print(
        f"{'':{_WIDTH}} {'balanced':>8} {'P B M':>6} {'P B M':>6}"
        + "".join(f"{name:>7}" for name in CLASSES[1:])
        + f" {'at its best shift':>19} {'x real':>7} {'x real time':>12} {'MiB':>5}  not heard"
    )
    print(
        f"{'':{_WIDTH}} {'recall':>8} {'recall':>6} {'prec.':>6}"
        + f"{'recall':>7}" * (len(CLASSES) - 1)
        + f" {'balanced  P B M   ms':>19} {'time':>7} {'a core':>12}"
    )
    scores = {}
    for contestant, run in runs.items():
        found = scored(run, recordings)
        if found is None:
            print(f"{contestant.name:{_WIDTH}} heard nothing: {next(iter(run.failed.values()))}")
            continue
        plain, best = scores[contestant] = found
        print(
            f"{contestant.name:{_WIDTH}} {plain.balanced:8.3f} {plain.recall['PBM']:6.2f} "
            f"{plain.precision['PBM']:6.2f}"
            + "".join(f"{plain.recall.get(name, float('nan')):7.2f}" for name in CLASSES[1:])
            + f" {best.balanced:8.3f} {best.recall['PBM']:6.2f} {best.shift_ms:+4d} "
            f"{seconds / run.seconds:7.1f} {seconds / run.cpu_seconds:12.1f} {run.peak_mib:5.0f}"
            f"  {len(run.failed)}/{len(recordings)}"
        )
        fallen = sum(bool(notes) for notes in run.notes.values())
        if fallen:
            print(f"{'':{_WIDTH}} {fallen} of them not as asked: {_first(run.notes)}")
    return scores


def ratios(runs: Mapping[Contestant, Run], scores: Mapping, seconds: float) -> None:
    """Each of ours against the best rival that knows as much as it does."""
    for ours in [contestant for contestant in scores if contestant.ours]:
        rivals = [c for c in scores if not c.ours and c.with_text == ours.with_text]
        if not rivals:
            continue
        best = max(rivals, key=lambda c: scores[c][1].balanced)
        mine, theirs = scores[ours][0], scores[best][1]
        speed = runs[best].cpu_seconds / runs[ours].cpu_seconds
        missed = (1 - mine.recall["PBM"]) / max(1 - theirs.recall["PBM"], 1e-9)
        print(
            f"{ours.name} against {best.name} at its best shift: balanced recall "
            f"{mine.balanced / theirs.balanced:.2f} times, P B M recall "
            f"{mine.recall['PBM'] / max(theirs.recall['PBM'], 1e-9):.2f} times "
            f"({missed:.2f} times as many missed), {speed:.1f} times as fast a core"
        )
    print(f"{seconds:.0f} s of speech")


def table_of_sets(
    title: str,
    sets: Mapping[str, Sequence[Recording]],
    runs: Mapping[Contestant, Mapping[str, Run]],
) -> None:
    """Balanced recall and recall of P, B and M of each contestant on each set, at no shift."""
    print(f"\n{title}")
    shown = [contestant for contestant in runs if runs[contestant]]
    print(f"{'':24}" + "".join(f"{_short(contestant):>22}" for contestant in shown))
    for name, recordings in sets.items():
        cells = []
        for contestant in shown:
            run = runs[contestant].get(name)
            found = scored(run, recordings) if run else None
            if found is None:
                cells.append(f"{'–':>22}")
            else:
                cells.append(f"{found[0].balanced:14.2f} / {found[0].recall.get('PBM', 0):5.2f}")
        print(f"{name:24}" + "".join(cells))


def _short(contestant: Contestant) -> str:
    name = contestant.name.replace("PocketSphinx 5.1.1", "Sphinx").replace("Facewright", "ours")
    name = name.replace("PocketSphinx", "Sphinx").replace(", true", ",")
    return name.split(" 0.")[0].split(", wasm")[0][:21]


def _first(notes: Mapping[str, list[str]]) -> str:
    return next(name + ": " + found[0] for name, found in notes.items() if found)
