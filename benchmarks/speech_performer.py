# SPDX-License-Identifier: GPL-3.0-or-later
"""A performer learned from video, against the general model, on stretches kept aside.

    python -m benchmarks.speech_performer [VIDEO|TAKE|FOLDER ...] [--network ONNX] [--json OUT]

Without arguments: the man of ``shared/data/video/grid_s1`` (ten minutes in 200 clips), tracked
here once and kept in ``.cache/speech_performer``. Then the same sounds with the motion of
other clips: what is learned from that has to be refused. Then an hour of new sound, by network and
by retrieval.

Processor seconds are those of this process, and do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.support.truth import SHARED
from engine.console import ProgressBar, write_json
from engine.core.errors import FacewrightError
from engine.core.progress import Progress
from engine.core.requests import TrackRequest
from engine.pipeline import learn_speech as pipeline
from engine.pipeline.track import track_video
from engine.speech.hearing import Heard
from engine.speech.performer.learning import Learned, learn
from engine.speech.performer.profile import Profile
from engine.speech.performer.recording import Recording
from engine.speech.performer.score import Score

KEPT = Path(__file__).resolve().parents[1] / ".cache" / "speech_performer"
CLIPS = SHARED / "video" / "grid_s1"
CHANNELS = ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthLowerDownLeft")
HOUR_S = 3600


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path)
    parser.add_argument("--network", help="a speech network other than the one that ships")
    parser.add_argument("--json", metavar="OUT", help="write the figures, too")
    options = parser.parse_args()
    if options.network:
        pipeline.model_path = lambda _name: Path(options.network)
    takes = _takes(options.sources or [CLIPS])
    if not takes:
        print(f"There is no take and no video in {CLIPS}.")
        return 1
    report = pipeline.LearnSpeechReport()
    recordings = pipeline.read_recordings([str(take) for take in takes], report, _progress("Hear"))
    print(f"{len(recordings)} recordings, {sum(one.length_s for one in recordings) / 60:.1f} min")
    figures: dict = {}
    learned, figures["learn_cpu_s"] = _timed(
        lambda: learn(recordings, {}, None, _progress("Learn"))
    )
    _print("learned from its own sound", learned)
    print(
        f"learned from {learned.learn_s:.0f} s, stopped by {learned.stop_s:.0f} s, measured on "
        f"{learned.measure_s:.0f} s; {learned.rounds} rounds; "
        f"{figures['learn_cpu_s']:.0f} processor seconds in all"
    )
    figures["scores"] = {name: one.to_json() for name, one in learned.scores.items()}
    figures["rounds"] = learned.rounds
    others, figures["permuted_cpu_s"] = _timed(
        lambda: learn(_permuted(recordings), {}, None, _progress("Learn permuted"))
    )
    _print("\nlearned from the motion of other clips (has to be refused)", others)
    figures["permuted_scores"] = {name: one.to_json() for name, one in others.scores.items()}
    figures["permuted_refused"] = bool(others.shortcomings)
    figures["hour_cpu_s"] = _hour(learned.profile, recordings)
    if options.json:
        write_json(options.json, figures)
    return 0


def _progress(label: str) -> Progress:
    return Progress(ProgressBar(label), lambda text: sys.stderr.write(f"warning: {text}\n"))


def _takes(sources: list[Path]) -> list[Path]:
    takes: list[Path] = []
    for source in sources:
        if source.is_dir():
            found = sorted(source.glob("*.fwtake")) or sorted(source.glob("*.mp4"))
        else:
            found = [source]
        takes += [_tracked(path) for path in found]
    return takes


def _tracked(path: Path) -> Path:
    if path.suffix == ".fwtake":
        return path
    take = KEPT / f"{path.stem}.fwtake"
    if not take.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        track_video(TrackRequest(str(path), str(take)), Progress())
    return take


def _permuted(recordings: list[Recording]) -> list[Recording]:
    """Each with the motion of another one, turned in time by a random part of its length.

    Turned, because the clips of a corpus may all begin and end with a pause, and that alone can be
    learned.
    """
    draw = np.random.default_rng(1)
    half = len(recordings) // 2
    mixed = []
    for one, other in zip(recordings, recordings[half:] + recordings[:half], strict=True):
        rows = int(len(other.time_s) * draw.uniform(0.2, 0.8))
        turned = {n: np.roll(getattr(other, n), rows, axis=0) for n in ("weights", "trust")}
        mixed.append(replace(one, time_s=other.time_s, **turned))
    return mixed


def _timed(work: Callable[[], Learned]) -> tuple[Learned, float]:
    begun = time.process_time()
    return work(), round(time.process_time() - begun, 1)


def _print(title: str, learned: Learned) -> None:
    print(title)
    print(f"{'':12}{'error':>8}{'likeness':>10}" + "".join(f"{name:>20}" for name in CHANNELS))
    for name, one in learned.scores.items():
        print(f"{name:12}{one.mae:>8.4f}{one.likeness:>10.2f}" + _cells(one))
    for method, why in (
        ("network", learned.shortcomings),
        ("retrieval", learned.retrieval_shortcomings),
    ):
        print(
            f"{method}: {'refused: ' + '; '.join(why) if why else 'better than the general model'}"
        )


def _cells(one: Score) -> str:
    found = (one.channel_likeness.get(name) for name in CHANNELS)
    return "".join(f"{'-' if value is None else f'{value:.2f}':>20}" for value in found)


def _hour(profile: Profile, recordings: list[Recording]) -> dict[str, float]:
    """Processor seconds for an hour of sound at 60 frames a second."""
    mel = np.concatenate([one.mel for one in recordings])
    log_probs = np.concatenate([one.log_probs for one in recordings])
    rows = np.arange(HOUR_S * 100) % len(mel)
    heard = Heard(log_probs[rows], np.zeros(len(rows), np.float32), mel[rows])
    times = np.arange(HOUR_S * 60) / 60
    found = {}
    for method in ("network", "retrieval"):
        begun = time.process_time()
        profile.curves(heard, heard.mel, times, method=method)
        found[method] = round(time.process_time() - begun, 1)
        print(f"an hour of sound, {method}: {found[method]:.0f} processor seconds")
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FacewrightError as error:
        sys.exit(f"error: {error}")
