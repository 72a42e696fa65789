# SPDX-License-Identifier: GPL-3.0-or-later
"""Live speech: how late the mouth is, what it costs, and how like the offline mouth it is.

    python -m benchmarks.speech_live [--sound FILE] [--seconds N] [--network FILE]

Delay is counted from the moment at which a sample is heard, which for a recording paced as a
microphone is the moment at which it is due, to the moment at which the values that show it

sent       leave the capture
arrived    are in the hands of a client that polls 120 times a second, through the worker process

A microphone's own buffer comes on top; a packet of 10 ms is counted, as a good driver gives it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from engine.core.arkit import INDEX
from engine.core.clock import now_s
from engine.core.requests import LipsyncRequest, LiveRequest
from engine.models.catalog import list_models
from engine.pipeline import speak_live
from engine.pipeline.capture import follow
from engine.pipeline.speak import NETWORK as OFFLINE
from engine.pipeline.speak import speak
from engine.worker.client import WorkerClient
from engine.worker.live_wire import unpack_values
from engine.worker.protocol import LAST_WORDS, Kind

_POLL_S = 1 / 120
_MUST_MS = 150.0
_SHOWN = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker")
# The first values wait for the network to be warm.
_WARM_S = 1.0


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sound", help="a recording of speech; a made one where left out")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--network", help="another live network than the shipped one")
    options = parser.parse_args()
    shipped = {model.id for model in list_models()}
    if options.network:
        speak_live.model_path = lambda _id: Path(options.network)
    elif speak_live.NETWORK not in shipped:
        print(f"There is no network {speak_live.NETWORK} yet; give --network.")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        sound = options.sound or str(babble(Path(scratch, "babble.wav")))
        request = LiveRequest(f"file:{sound}", repeat=True)
        rows = {"sent": _sent(request, options.seconds)}
        if not options.network:
            rows["arrived"] = _arrived(request, options.seconds)
        print("| delay (ms) | median | 95 % | 99 % | largest | values a second |")
        print("|---|---|---|---|---|---|")
        for name, (delays, rate) in rows.items():
            told = np.percentile(1e3 * delays, (50, 95, 99, 100))
            print(f"| {name} | {' | '.join(f'{ms:.0f}' for ms in told)} | {rate:.1f} |")
        late = max(np.percentile(1e3 * delays, 95) for delays, _ in rows.values())
        print(f"must: {_MUST_MS:.0f} ms; {'met' if late <= _MUST_MS else 'missed'} by 95 %")
        if OFFLINE in shipped and options.sound:
            _likeness(options.sound)
    return 0


def babble(path: Path, seconds: float = 20.0) -> Path:
    """Syllables of a buzzing voice, four a second, with pauses."""
    at = np.arange(round(seconds * 16000)) / 16000
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.4 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 25))
    loud = np.clip(np.sin(2 * np.pi * 4 * at), 0, 1) * (np.sin(2 * np.pi * 0.3 * at) > -0.6)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((0.15 * buzz * loud * 32767).astype("<i2").tobytes())
    return path


def _sent(request: LiveRequest, seconds: float) -> tuple[np.ndarray, float]:
    """Delays in seconds, and values a second."""
    capture = speak_live.SpeechCapture(request)
    begun_s, cpu_s = now_s(), time.process_time()
    times, delays = [], []
    for frame in follow(capture):
        now = now_s()
        if now - begun_s > _WARM_S:
            delays.append(now - frame.time_s)
            times.append(frame.time_s)
        if now - begun_s > seconds:
            break
    share = (time.process_time() - cpu_s) / (now_s() - begun_s)
    left_out = capture.status().dropped
    capture.close()
    print(f"processor: {100 * share:.1f} % of one core; {left_out} moments left out")
    return np.array(delays), (len(times) - 1) / (times[-1] - times[0])


def _arrived(request: LiveRequest, seconds: float) -> tuple[np.ndarray, float]:
    """The same at the other end of the worker's wire."""
    client = WorkerClient([sys.executable, "-I"], [Path(np.__file__).parents[1]])
    times, delays, begun_s = [], [], None
    try:
        client.live(request)
        while begun_s is None or now_s() - begun_s < seconds:
            for message in client.poll():
                if message.kind in LAST_WORDS:
                    raise SystemExit(f"The worker stopped: {message.data}")
                if message.kind is not Kind.VALUES:
                    continue
                now, time_s = now_s(), unpack_values(message.data).time_s[0]
                begun_s = begun_s or now
                if now - begun_s > _WARM_S:
                    delays.append(now - time_s)
                    times.append(time_s)
            time.sleep(_POLL_S)
    finally:
        client.close()
    return np.array(delays), (len(times) - 1) / (times[-1] - times[0])


def _likeness(sound: str) -> None:
    """Correlation with the offline mouth, at the shift that suits best."""
    capture = speak_live.SpeechCapture(LiveRequest(f"file:{sound}", realtime=False))
    frames = list(follow(capture))
    times = np.array([capture.source.clip_seconds(frame.time_s) for frame in frames])
    capture.close()
    live = np.concatenate([frame.track.weights for frame in frames])
    offline = speak(LipsyncRequest(sound, rate_hz=100.0)).track
    print("\n| channel | correlation with offline | later by (ms) |")
    print("|---|---|---|")
    for name in _SHOWN:
        curve = offline.weights[:, INDEX[name]]
        found = {
            shift: np.corrcoef(
                np.interp(times - shift / 1e3, offline.time_s, curve), live[:, INDEX[name]]
            )[0, 1]
            for shift in range(-50, 210, 10)
        }
        best = max(found, key=found.get)
        print(f"| {name} | {found[best]:.2f} | {best} |")


if __name__ == "__main__":
    raise SystemExit(main())
