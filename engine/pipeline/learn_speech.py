# SPDX-License-Identifier: GPL-3.0-or-later
"""Videos or takes of a performer become a voice profile, if it beats the general model."""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError
from ..core.inference.onnx_session import OnnxModel, open_model
from ..core.progress import Cancelled, Progress
from ..core.requests import LearnSpeechRequest, TrackRequest
from ..core.types import FaceTrack
from ..models.catalog import model_path
from ..sources.sound_file import SoundFile
from ..speech.decode import decode
from ..speech.hearing import Heard
from ..speech.offset import measure_offset, sentence
from ..speech.performer.learning import Learned, learn
from ..speech.performer.recording import Recording
from ..speech.performer.voice_file import write_voice
from ..takes.take_file import SUFFIX as TAKE_SUFFIX
from ..takes.take_file import read_header, read_track
from .hear_file import PIECE_S, hear_pieces
from .solve import sha256_of
from .speak import NETWORK
from .track import track_video

# A recording of so many seconds has an offset of its own; shorter ones share theirs.
_LONG_S = 30.0
# Performers differ by less in how far their lips are ahead of what is heard.
_LEAST_LATE_S = 0.03


@dataclass
class LearnSpeechReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        voice: Path of the profile that was written; empty where none was.
        state: "complete", "refused" (the general model is not beaten) or "cancelled".
        verdict: The outcome in a sentence.
        better: Whether the network beats the general model on the stretches kept aside.
        retrieval_better: Whether the retrieval does.
        scores: "general", "network", "retrieval" and "mean_face": mean absolute error, likeness
            (correlation), and both for each channel, on the stretches kept aside.
        learn_s, stop_s, measure_s: Seconds that were learned from, that told when to stop, and
            that were kept aside to measure on.
        recordings: name, sha256 of the sound's file, seconds, late_s (by which its sound was
            late against the picture).
        rounds: Times through the stretches.
        train_s, seconds: Wall time of the training alone, and of all.
        warnings: Sentences.
    """

    voice: str = ""
    state: str = "complete"
    verdict: str = ""
    better: bool = False
    retrieval_better: bool = False
    scores: dict[str, dict] = field(default_factory=dict)
    learn_s: float = 0.0
    stop_s: float = 0.0
    measure_s: float = 0.0
    recordings: list[dict] = field(default_factory=list)
    rounds: int = 0
    train_s: float = 0.0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


def learn_speech(
    request: LearnSpeechRequest, progress: Progress | None = None
) -> LearnSpeechReport:
    """Learn how a performer speaks, and write it down where that is better than the general model.

    Args:
        request: From what, and where to.
        progress: Told of tracking, hearing and training; may cancel, and then nothing is written.

    Raises:
        FacewrightError: Anything wrong with videos, takes, their sound, the networks or the disk;
            ``voice-exists``; what ``learning.learn`` raises.
    """
    progress = progress or Progress()
    started = time.perf_counter()
    if not request.overwrite and Path(request.voice).exists():
        raise FacewrightError(
            f"The voice profile {request.voice} exists already.",
            "Choose another name, or replace it with --overwrite.",
            "voice-exists",
        )
    report = LearnSpeechReport()
    try:
        recordings = read_recordings(request.sources, report, progress)
        about = {
            "name": request.name or Path(request.voice).stem,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "hearing_model": sha256_of(NETWORK),
            "recordings": report.recordings,
        }
        learned = learn(recordings, about, None, progress)
    except Cancelled:
        report.state = "cancelled"
        report.verdict = "Stopped; nothing was written."
    else:
        _finish(request, learned, report)
    report.warnings = list(progress.warnings)
    report.seconds = round(time.perf_counter() - started, 1)
    return report


def read_recordings(
    sources: tuple[str, ...] | list[str], report: LearnSpeechReport, progress: Progress
) -> list[Recording]:
    """What the performer said and did, sound and picture brought together.

    A source that cannot be read is left out with a warning, as long as there are others.

    Args:
        sources: Paths of videos, which are tracked, and of takes.
        report: Gets ``recordings``.
        progress: Told; may cancel.

    Raises:
        FacewrightError: As ``learn_speech``.
    """
    if not sources:
        raise FacewrightError(
            "There is nothing to learn from.", "Give videos or takes.", "voice-no-source"
        )
    network = open_model(model_path(NETWORK), "cpu")
    pairs, failed = [], []
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        for number, source in enumerate(map(Path, sources)):
            progress.step(number, len(sources), "recordings")
            try:
                take = _take_of(source, Path(scratch, f"{number}{TAKE_SUFFIX}"), progress)
                pairs.append(_read(source, take, network, report, progress))
            except FacewrightError as error:
                failed.append(error)
                progress.warn(f"{source.name} is left out: {error}")
    if not pairs:
        raise failed[0]
    _align(pairs, report, progress)
    return [
        Recording.of_track(one["name"], heard.mel, heard.log_probs, track, -one["late_s"])
        for one, (track, heard) in zip(report.recordings, pairs, strict=True)
    ]


def _take_of(source: Path, scratch: Path, progress: Progress) -> Path:
    """The take of a source: itself, or a video that is tracked into a file of our own."""
    if source.suffix.lower() == TAKE_SUFFIX:
        return source
    if track_video(TrackRequest(str(source), str(scratch)), progress).state == "cancelled":
        raise Cancelled
    return scratch


def _read(
    source: Path, take: Path, network: OnnxModel, report: LearnSpeechReport, progress: Progress
) -> tuple[FaceTrack, Heard]:
    """What was seen, with times from second 0 of the sound on, and what was heard."""
    sound, begins_s = _sound_of(source, take, read_header(take))
    with SoundFile(sound) as file:
        seconds = round(file.info.duration_s)
        heard = hear_pieces(
            network,
            file.blocks(block_s=PIECE_S),
            lambda done: progress.step(round(done), max(seconds, round(done)), "s"),
        )
        if file.problem:
            progress.warn(file.problem)
    report.recordings.append(
        {
            "name": source.name,
            "sha256": _sha256(sound),
            "seconds": round(len(heard) / 100, 2),
            "late_s": 0.0,
        }
    )
    track = read_track(take)
    return replace(track, time_s=track.time_s - begins_s), heard


def _sound_of(source: Path, take: Path, header: dict) -> tuple[Path, float]:
    """The file with a take's sound, and the take's second at which its second 0 is.

    Raises:
        FacewrightError: ``voice-made-up`` or ``voice-no-sound``.
    """
    made = header.get("source", {})
    if made.get("kind") == "speech":
        raise FacewrightError(
            f"{source.name} was made from sound: nothing in it was captured.",
            "Choose takes of a face in a video.",
            "voice-made-up",
        )
    recorded = header.get("sound")
    if recorded and take.with_suffix(".wav").is_file():
        return take.with_suffix(".wav"), float(recorded["offset_s"])
    known = [Path(made.get("path") or "."), take.with_name(made.get("file") or ".")]
    video = next((path for path in known if path.is_file()), None)
    if video is None:
        raise FacewrightError(
            f"The sound of {source.name} is not there: {made.get('file') or 'its video'} is not "
            "where it was tracked.",
            "Put the video beside the take.",
            "voice-no-sound",
        )
    return video, 0.0


def _align(
    pairs: list[tuple[FaceTrack, Heard]], report: LearnSpeechReport, progress: Progress
) -> None:
    """Tell by how much each sound is late, for the offset would be learned, too."""
    short = [n for n, (_, heard) in enumerate(pairs) if len(heard) < _LONG_S * 100]
    groups = [[n] for n in range(len(pairs)) if n not in short]
    for group in [*groups, *([short] if short else [])]:
        progress.step(0, 0, "recordings")
        track, heard = _joined([pairs[n] for n in group])
        offset = measure_offset(track, heard, decode(heard))
        if not offset.is_sure or abs(offset.late_s) < _LEAST_LATE_S:
            continue
        names = ", ".join(report.recordings[n]["name"] for n in group[:3])
        more = f" and {len(group) - 3} more" if len(group) > 3 else ""
        progress.warn(f"{names}{more}: {sentence(offset)} This is corrected.")
        for n in group:
            report.recordings[n]["late_s"] = round(offset.late_s, 3)


def _joined(pairs: list[tuple[FaceTrack, Heard]]) -> tuple[FaceTrack, Heard]:
    """Several recordings, one after the other."""
    first_s, tracks = 0.0, []
    for track, heard in pairs:
        end_s = len(heard) / 100
        inside = track[(track.time_s >= 0) & (track.time_s < end_s)]
        tracks.append(replace(inside, time_s=inside.time_s + first_s))
        first_s += end_s
    parts = [heard for _, heard in pairs]
    return FaceTrack.concatenate(tracks), Heard(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("log_probs", "level_db", "mel")
        )
    )


def _finish(request: LearnSpeechRequest, learned: Learned, report: LearnSpeechReport) -> None:
    """Judge, and write."""
    report.scores = {name: one.to_json() for name, one in learned.scores.items()}
    report.learn_s, report.stop_s, report.measure_s = (
        round(seconds, 1) for seconds in (learned.learn_s, learned.stop_s, learned.measure_s)
    )
    report.rounds, report.train_s = learned.rounds, round(learned.train_s, 1)
    report.better = not learned.shortcomings
    report.retrieval_better = not learned.retrieval_shortcomings
    general, own = learned.scores["general"], learned.scores["network"]
    aside = f"On {report.measure_s:.0f} s that were kept aside,"
    if report.better:
        report.verdict = (
            f"{aside} the error is {own.mae:.4f} instead of the general model's "
            f"{general.mae:.4f}, the likeness {own.likeness:.2f} instead of "
            f"{general.likeness:.2f}."
        )
    else:
        kept = "It was kept as asked." if request.keep_anyway else "No profile was written."
        report.verdict = (
            f"{aside} what was learned is not better than the general model: "
            f"{'; '.join(learned.shortcomings)}. {kept}"
        )
    if not report.better and not request.keep_anyway:
        report.state = "refused"
        return
    figures = {name: getattr(report, name) for name in ("learn_s", "stop_s", "measure_s")}
    about = learned.profile.about | figures | {"scores": report.scores, "better": report.better}
    write_voice(request.voice, replace(learned.profile, about=about))
    report.voice = request.voice


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
