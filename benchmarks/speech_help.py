# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sound of a clip is worth to its picture: ``python -m benchmarks.speech_help``.

Two tables. How exactly the offset between sound and picture is found, by moving the sound of clips
by known amounts, and how often something is said where nothing can be known. And how wrong the
mouth is while it is hidden: by the picture alone, with what the filters can do, and by the sound.

The clips are those of one talker of the GRID corpus, several joined; they are not part of the
project, and without them there is nothing to run. Tracks are kept in ``.cache/speech_help``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.support.hidden_mouth import KINDS, Span, hide, join, read_clip, shifted
from engine.core.arkit import INDEX
from engine.core.inference.onnx_session import OnnxModel, open_model
from engine.core.requests import TrackRequest
from engine.core.types import FaceTrack
from engine.filters.doubt import settle_doubt
from engine.models.catalog import model_path
from engine.pipeline.track import track_video
from engine.speech.decode import decode
from engine.speech.hearing import Heard, hear
from engine.speech.offset import Offset, measure_offset
from engine.speech.stand_in import stand_in
from engine.takes.take_file import read_observations, read_track

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "speech_help"
SHIFTS_MS = (-300, -200, -100, -40, 0, 40, 100, 200, 300)
LENGTHS = (2, 3, 4, 6, 8, 16)
CHANNELS = ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel")
# Joined clips for the hidden mouth, and clips in each.
_GROUPS, _TOGETHER = 4, 8
_CLIP_S = 3.0


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grid", type=Path, required=True, help="folder of GRID's .mp4 clips")
    parser.add_argument("--network", type=Path, help="another network than the shipped one")
    parser.add_argument("--clips", type=int, default=100, help="clips for the offset")
    parser.add_argument("--draws", type=int, default=40, help="joined clips for each length")
    options = parser.parse_args()
    clips = sorted(options.grid.glob("*.mp4"))
    if len(clips) < _GROUPS * _TOGETHER:
        sys.stderr.write(f"error: fewer than {_GROUPS * _TOGETHER} clips in {options.grid}\n")
        return 1
    network = open_model(options.network or model_path("speech"), "cpu")
    CACHE.mkdir(parents=True, exist_ok=True)
    show_offsets(clips[:: max(len(clips) // options.clips, 1)], network, options.draws)
    show_hidden(clips[:: max(len(clips) // 40, 1)], network)
    return 0


def tracked(clip: Path, folder: Path = CACHE) -> Path:
    """The take of a clip, tracked once."""
    take = folder / f"{clip.stem}.fwtake"
    if not take.exists():
        track_video(TrackRequest(str(clip), str(take)))
    return take


def show_offsets(clips: list[Path], network: OnnxModel, draws: int) -> None:
    """The first table."""
    tracks = {clip: read_track(tracked(clip)) for clip in clips}
    sounds = {clip: _of_length(read_clip(clip)[1]) for clip in clips}
    rng = np.random.default_rng(0)
    print("Offset of the sound, errors in ms; clips joined, sound moved by -300 to 300 ms")
    print("clips  speech s  told  median  68 %  95 %  within 20 ms   told of another's sound")
    for count in LENGTHS:
        errors, spoken, told, wrong = [], [], 0, 0
        for draw in range(draws):
            chosen = [clips[i] for i in rng.choice(len(clips), count, replace=False)]
            track = joined([tracks[clip] for clip in chosen])
            sound = np.concatenate([sounds[clip] for clip in chosen])
            shift_s = SHIFTS_MS[draw % len(SHIFTS_MS)] / 1000
            found = _measured(track, hear(network, shifted(sound, shift_s)))
            spoken.append(found.spoken_s)
            if found.is_sure:
                told += 1
                errors.append(1000 * (found.late_s - shift_s))
            others = [clip for clip in clips if clip not in chosen]
            others = [others[i] for i in rng.choice(len(others), count, replace=False)]
            strange = np.roll(np.concatenate([sounds[clip] for clip in others]), 16000 + 977 * draw)
            wrong += _measured(track, hear(network, strange)).is_sure
        size = np.abs(errors) if errors else np.array([np.nan])
        print(
            f"{count:5} {np.mean(spoken):9.1f} {told / draws:5.0%} "
            f"{np.median(errors) if errors else np.nan:7.0f} {np.quantile(size, 0.68):5.0f} "
            f"{np.quantile(size, 0.95):5.0f} {(size <= 20).mean():13.0%} {wrong / draws:24.0%}"
        )
    _show_nothing(joined([tracks[clip] for clip in clips[:8]]), network)


def _show_nothing(track: FaceTrack, network: OnnxModel) -> None:
    """Sounds of which nothing can be told."""
    count = round(8 * _CLIP_S * 16000)
    time_s = np.arange(count) / 16000
    rng = np.random.default_rng(1)
    notes = 220 * 2 ** (rng.integers(0, 13, count // 4000 + 1).repeat(4000)[:count] / 12)
    music = sum(np.sin(2 * np.pi * np.cumsum(notes) * k / 16000) / k for k in (1, 2, 3, 4))
    music = 0.2 * music * (1 - (time_s % 0.25) / 0.25)
    for name, sound in (
        ("silence", np.zeros(count)),
        ("noise", rng.normal(0, 0.05, count)),
        ("music", music),
    ):
        found = _measured(track, hear(network, sound.astype(np.float32)))
        print(f"  {name}: {'TOLD' if found.is_sure else 'nothing told, ' + found.unsure}")


def show_hidden(clips: list[Path], network: OnnxModel) -> None:
    """The second table."""
    rng = np.random.default_rng(3)
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    noticed: dict[str, list[tuple[float, float]]] = {}
    for group in range(_GROUPS):
        parts = clips[_TOGETHER * group : _TOGETHER * (group + 1)]
        clean = CACHE / f"group{group}.mp4"
        starts = [_CLIP_S * i for i in range(len(parts))]
        spans = [
            Span(begin := start + rng.uniform(0.7, 1.2), begin + rng.uniform(0.5, 1.0))
            for start in starts
        ]
        if not clean.exists():
            join(parts, clean)
        truth = read_track(tracked(clean))
        cues = decode(hear(network, read_clip(clean)[1]))
        hidden = _inside(truth.time_s, spans)
        landmarks = read_observations(tracked(clean)).landmarks
        for kind in KINDS:
            clip = CACHE / f"group{group}_{kind}.mp4"
            if not clip.exists():
                hide(clean, clip, landmarks, spans, kind)
            track = read_track(tracked(clip))
            helped = stand_in(track, cues)
            ways = {
                "picture alone": track,
                "filter Hold": settle_doubt(track, "HOLD"),
                "filter Ease": settle_doubt(track, "EASE"),
                "sound": helped.track,
            }
            for name, way in ways.items():
                found.setdefault((kind, name), []).append(_errors(way, truth, hidden))
            told = _inside(truth.time_s, [Span(t.start_s, t.end_s + 1e-6) for t in helped.told])
            near = _inside(truth.time_s, [Span(s.start_s - 0.3, s.end_s + 0.3) for s in spans])
            noticed.setdefault(kind, []).append((told[hidden].mean(), told[~near].mean()))
    print(f"\nMouth hidden for 0.5 to 1 s, {_GROUPS * _TOGETHER} times each: mean error, weights")
    print(
        f"{'hidden by':8} {'way':14}" + "".join(f"{name:>13}" for name in CHANNELS) + "  opening r"
    )
    for (kind, name), rows in found.items():
        mean = np.nanmean(rows, axis=0)
        print(
            f"{kind:9} {name:14}"
            + "".join(f"{value:13.3f}" for value in mean[:-1])
            + f"{mean[-1]:11.2f}"
        )
    for kind, shares in noticed.items():
        seen, false = np.mean(shares, axis=0)
        print(
            f"{kind}: {seen:.0%} of the hidden time noticed, "
            f"{false:.1%} of the rest taken for hidden"
        )


def joined(tracks: list[FaceTrack]) -> FaceTrack:
    """Tracks of clips of 3 s, one after the other."""
    return FaceTrack.concatenate(
        [replace(track, time_s=track.time_s + _CLIP_S * i) for i, track in enumerate(tracks)]
    )


def _of_length(sound: np.ndarray) -> np.ndarray:
    wanted = round(_CLIP_S * 16000)
    return np.pad(sound, (0, max(wanted - len(sound), 0)))[:wanted]


def _measured(track: FaceTrack, heard: Heard) -> Offset:
    return measure_offset(track, heard, decode(heard))


def _inside(time_s: np.ndarray, spans: list[Span]) -> np.ndarray:
    inside = np.zeros(len(time_s), bool)
    for span in spans:
        inside |= (time_s >= span.start_s) & (time_s < span.end_s)
    return inside


def _errors(track: FaceTrack, truth: FaceTrack, rows: np.ndarray) -> np.ndarray:
    """Mean absolute error of each channel, and the correlation of the lips' opening."""
    columns = [INDEX[name] for name in CHANNELS]
    off = np.abs(track.weights - truth.weights)[rows][:, columns].mean(0)
    opening = [
        t.weights[rows, INDEX["jawOpen"]] - t.weights[rows, INDEX["mouthClose"]]
        for t in (track, truth)
    ]
    return np.append(off, np.corrcoef(*opening)[0, 1])


if __name__ == "__main__":
    sys.exit(main())
