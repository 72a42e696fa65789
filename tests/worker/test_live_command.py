# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m engine live``, as a person without Blender runs it."""

import csv
import json
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from engine.takes.take_file import read_header, read_track

ROOT = Path(__file__).parents[2]
CLIPS = ROOT / ".cache" / "clips"
CLIP = CLIPS / "WolfgangLanger_Pexels.mp4"
# More than twenty frames of a take that grows.
ENOUGH_BYTES = 200_000

pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="needs tools/fetch_clips.py")


def live(*arguments, **options):
    command = [sys.executable, "-m", "engine", "live", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600, **options
    )


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_paced_clip_keeps_its_times_and_tells_its_delay(tmp_path):
    out, report = tmp_path / "out.csv", tmp_path / "report.json"
    started = time.monotonic()
    done = live(
        "--source", f"file:{CLIP}", "--realtime", "--seconds", 3, "-o", out, "--json", report
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started > 3.0  # not faster than a camera
    found, rows = json.loads(report.read_text()), rows_of(out)
    assert found["frames"] == len(rows) and found["frames"] + found["dropped"] >= 70
    assert 0 < found["delay_ms"] <= found["delay_p95_ms"]
    steps = np.diff([float(row["time_s"]) for row in rows]) * 24000 / 1001
    assert np.abs(steps - np.rint(steps)).max() < 1e-3  # whole frames of the clip


def test_a_clip_may_be_named_by_its_path_alone(tmp_path):
    out = tmp_path / "out.csv"
    done = live("--source", CLIP, "--seconds", 1, "-o", out)
    assert done.returncode == 0, done.stderr
    assert len(rows_of(out)) == 25


def test_a_clip_at_full_speed_loses_no_frame_and_becomes_a_take(tmp_path):
    out, take = tmp_path / "out.csv", tmp_path / "out.fwtake"
    done = live("--source", f"file:{CLIP}", "--seconds", 4, "-o", out, "--take", take)
    assert done.returncode == 0, done.stderr
    rows, track = rows_of(out), read_track(take)
    assert len(rows) == len(track) == 97  # 4 s and the frame that ends them
    assert float(rows[0]["time_s"]) == track.time_s[0] == 0.0
    assert read_header(take)["state"] == "complete"
    assert read_header(take)["performer"]["frames"] >= 24


def test_a_clips_sound_lies_beside_its_take(tmp_path):
    take = tmp_path / "out.fwtake"
    arguments = ("--source", f"file:{CLIP}", "--realtime", "--seconds", 2, "--take", take)
    done = live(*arguments, "--microphone", 0)
    assert done.returncode == 0, done.stderr
    with wave.open(str(tmp_path / "out.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert 2.0 <= seconds <= 3.0
    assert read_header(take)["sound"]["offset_s"] == pytest.approx(0, abs=0.05)


def test_a_microphone_that_is_not_there_costs_a_warning_and_no_take(tmp_path):
    take = tmp_path / "out.fwtake"
    arguments = ("--source", "webcam:lavfi:testsrc=size=320x180:rate=30,realtime")
    done = live(*arguments, "--seconds", 1, "--take", take, "--microphone", "Grandmother's")
    assert done.returncode == 0, done.stderr
    assert "warning: " in done.stderr and "microphone" in done.stderr.lower()
    assert read_header(take)["sound"] is None and len(read_track(take)) > 15


def test_frames_without_a_face_stay_empty(tmp_path):
    out = tmp_path / "out.csv"
    assert live("--source", f"file:{CLIPS / 'face_noface.mov'}", "-o", out).returncode == 0
    counts = [row["BlendShapeCount"] for row in rows_of(out)]
    assert counts[0] == "61" and counts[-1] == "0"
    assert all(row["JawOpen"] == "" for row in rows_of(out) if row["BlendShapeCount"] == "0")


def test_steady_trembles_less_than_responsive(tmp_path):
    jitter = []
    for steadiness in (0, 1):
        out = tmp_path / f"{steadiness}.csv"
        arguments = ("--seconds", 4, "--steadiness", steadiness, "-o", out)
        assert live("--source", f"file:{CLIP}", *arguments).returncode == 0
        values = [float(row["BrowInnerUp"]) for row in rows_of(out)]
        jitter.append(np.abs(np.diff(values, 2)).mean())
    assert jitter[1] < 0.5 * jitter[0]


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl+C by signal")
def test_ctrl_c_keeps_what_there_is(tmp_path):
    out, take = tmp_path / "out.csv", tmp_path / "out.fwtake"
    command = [sys.executable, "-m", "engine", "live", "--source", f"file:{CLIP}", "--realtime"]
    process = subprocess.Popen(
        [*command, "-o", str(out), "--take", str(take)], cwd=ROOT, stderr=subprocess.PIPE
    )
    while process.poll() is None and (not take.exists() or take.stat().st_size < ENOUGH_BYTES):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert len(rows_of(out)) == len(read_track(take)) > 20
    assert read_header(take)["state"] == "complete"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--source", "file:nowhere.mp4", "-o", "x.csv"), 1, "nowhere.mp4"),
        (("--source", "nowhere.mp4", "-o", "x.csv"), 1, "nowhere.mp4"),
        (("--source", "telescope:1", "-o", "x.csv"), 1, "telescope:1"),
        (("--source", f"file:{CLIP}"), 2, "nothing to do"),
        (("--source", f"file:{CLIP}", "-o", "x.csv", "--size", "big"), 2, "no size"),
    ],
)
def test_bad_input_gets_a_sentence(arguments, code, words, tmp_path):
    done = live(*arguments)
    assert done.returncode == code
    assert words in done.stderr and "Traceback" not in done.stderr
