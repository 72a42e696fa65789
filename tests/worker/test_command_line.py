# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m engine``: exit codes, sentences, and nothing left behind after a failure."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.arkit import REGIONS

ROOT = Path(__file__).resolve().parents[2]


def engine(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "engine", *map(str, words)],
        cwd=cwd,
        env=None,
        capture_output=True,
        text=True,
    )


def rows_of(path: Path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_clip_becomes_a_table_with_a_row_for_every_frame(clip, tmp_path):
    out, report = tmp_path / "out.csv", tmp_path / "report.json"
    done = engine("track", clip("single_face.mp4"), "-o", out, "--json", report)
    assert done.returncode == 0, done.stderr
    rows = rows_of(out)
    assert len(rows) == 72
    assert float(rows[71]["time_s"]) == pytest.approx(71 / 30, abs=1e-3)
    smile = [float(row["MouthSmileLeft"]) for row in rows]
    assert max(smile) > 0.6  # he smiles in the middle of the clip
    assert min(smile[:5]) < 0.2  # and not at the start
    told = json.loads(report.read_text())
    assert (told["frames"], told["valid_frames"], told["state"]) == (72, 72, "complete")
    assert told["provider"].endswith("ExecutionProvider")
    assert not list(tmp_path.glob("*.fwtake"))


# In both clips a man is on screen for a stretch; the rest is a title in a sky, and black.
@pytest.mark.parametrize(
    ("name", "first", "last"), [("noface_face.mov", 96, 167), ("face_noface.mov", 0, 71)]
)
def test_frames_without_a_face_are_gaps(clip, tmp_path, name, first, last):
    out = tmp_path / "out.csv"
    assert engine("track", clip(name), "-o", out).returncode == 0
    rows = rows_of(out)
    assert len(rows) == 169
    with_face = [i for i, row in enumerate(rows) if row["BlendShapeCount"] != "0"]
    assert with_face == list(range(first, last + 1))
    assert all(rows[i]["JawOpen"] == "" for i in range(169) if i not in with_face)


def test_a_video_without_a_face_fails_and_leaves_nothing(clip, tmp_path):
    done = engine("track", clip("no_face.mp4"), "-o", tmp_path / "a.csv", "--take", tmp_path / "a")
    assert done.returncode == 1
    assert "No face was found in no_face.mp4" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def two_faces(clip, tmp_path):
    """A clip that shows two people side by side, the larger one on the left."""
    import av
    import numpy as np

    from engine.sources.media import VideoSource

    path = tmp_path / "two.mp4"
    with (
        VideoSource(clip("single_face.mp4")) as left,
        VideoSource(clip("carphone_pristine.mp4")) as right,
        av.open(str(path), "w") as out,
    ):
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1040, 360, "yuv420p"
        for a, b in zip(left.frames(), right.frames(), strict=False):
            image = np.zeros((360, 1040, 3), np.uint8)
            image[:, :640] = a.image
            image[36:324, 650:1036] = b.image.repeat(2, axis=0).repeat(2, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(("face", "side"), [(0, "left"), (1, "right")])
def test_of_two_faces_the_largest_or_the_chosen_one_is_tracked(two_faces, tmp_path, face, side):
    from engine.takes.take_file import read_observations

    take = tmp_path / "a.fwtake"
    done = engine("track", two_faces, "--take", take, "--face", face)
    assert done.returncode == 0, done.stderr
    assert "2 faces were seen" in done.stderr
    seen = read_observations(take)
    centres = seen.landmarks[seen.valid][:, :, 0].mean(axis=1)
    assert seen.valid.mean() > 0.95
    assert ((centres < 640) == (side == "left")).all()


def test_a_face_that_is_not_there_is_told(two_faces, tmp_path):
    done = engine("track", two_faces, "-o", tmp_path / "out.csv", "--face", 2)
    assert done.returncode == 1
    assert "Face 2 was asked for, but two.mp4 shows 2 at once." in done.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("content", [b"", b"not a video\n" * 50])
def test_a_file_that_is_no_video_fails_in_one_line(tmp_path, content):
    video = tmp_path / "clip.mp4"
    video.write_bytes(content)
    done = engine("track", video, "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: clip.mp4 is ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize(
    "words",
    [
        ("track",),
        ("track", "a.mp4"),
        ("dance", "a.mp4"),
        ("track", "a.mp4", "-o", "b", "--face", "-1"),
        ("track", "a.mp4", "-o", "b", "--resume"),
        ("take", "solve", "a.fwtake", "--symmetry", "2"),
        ("take", "solve", "a.fwtake", "--field-of-view", "0"),
    ],
)
def test_wrong_usage_is_exit_code_2(words):
    assert engine(*words).returncode == 2


def test_a_take_is_never_replaced_unasked(clip, tmp_path):
    take = tmp_path / "a.fwtake"
    take.write_bytes(b"precious")
    done = engine("track", clip("single_face.mp4"), "--take", take)
    assert (done.returncode, take.read_bytes()) == (1, b"precious")
    assert "exists already" in done.stderr
    assert engine("track", clip("single_face.mp4"), "--take", take, "--overwrite").returncode == 0
    info = json.loads(engine("take", "info", take).stdout)
    assert (info["frames"], info["state"], info["gaps"]) == (72, "complete", [])
    assert info["source"]["file"] == "single_face.mp4"
    assert set(info["confidence"]) == set(REGIONS)
    assert all(0 < value <= 1 for value in info["confidence"].values())
    for stretch in info["check"]:
        assert 0 <= stretch["first_s"] <= stretch["last_s"] <= info["duration_s"]


def test_overwrite_that_fails_keeps_the_old_take(clip, tmp_path):
    take = tmp_path / "a.fwtake"
    take.write_bytes(b"precious")
    done = engine("track", clip("no_face.mp4"), "--take", take, "--overwrite")
    assert (done.returncode, take.read_bytes()) == (1, b"precious")


def test_a_cancelled_overwrite_keeps_the_old_take_and_can_be_resumed(clip, tmp_path):
    from engine.core.progress import Progress
    from engine.core.requests import TrackRequest
    from engine.pipeline.track import track_video
    from engine.takes.take_file import read_header, read_track

    take, tracked = tmp_path / "a.fwtake", []
    track_video(TrackRequest(str(clip("single_face.mp4")), str(take)))
    again = {"video": str(clip("WolfgangLanger_Pexels.mp4")), "take": str(take)}
    impatient = Progress(lambda done, *_: tracked.append(done), None, lambda: tracked[-1:] > [40])
    report = track_video(TrackRequest(**again, overwrite=True), impatient)
    assert report.state == "cancelled"
    assert read_header(take)["source"]["file"] == "single_face.mp4"
    track_video(TrackRequest(**again, overwrite=True, resume=True))
    assert len(read_track(take)) == 472
    assert [path.name for path in tmp_path.iterdir()] == ["a.fwtake"]


def test_resume_with_another_face_is_refused(clip, tmp_path):
    take = tmp_path / "a.fwtake"
    assert engine("track", clip("single_face.mp4"), "--take", take).returncode == 0
    done = engine("track", clip("single_face.mp4"), "--take", take, "--resume", "--face", 1)
    assert done.returncode == 1
    assert "follows face 0, not 1" in done.stderr


def test_two_videos_of_one_name_get_two_tables(clip, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "a.mov"):
        shutil.copy(clip("single_face.mp4"), folder / name)
    assert engine("track", folder, "-o", out).returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.mov.csv", "a.mp4.csv"]


def test_a_place_that_cannot_be_written_is_told_before_tracking(clip, tmp_path):
    done = engine("track", clip("single_face.mp4"), "-o", tmp_path / "no" / "out.csv")
    assert done.returncode == 1
    assert "There is no folder" in done.stderr
    assert "Tracking" not in done.stderr


def test_a_file_where_a_folder_is_needed_is_told(clip, tmp_path):
    folder, file = tmp_path / "in", tmp_path / "file"
    folder.mkdir()
    file.touch()
    shutil.copy(clip("single_face.mp4"), folder)
    done = engine("track", folder, "-o", file)
    assert done.returncode == 1
    assert "cannot be made" in done.stderr
    assert "Traceback" not in done.stderr


def test_resume_of_another_clip_is_refused(clip, tmp_path):
    take = tmp_path / "a.fwtake"
    assert engine("track", clip("single_face.mp4"), "--take", take).returncode == 0
    done = engine("track", clip("carphone_pristine.mp4"), "--take", take, "--resume")
    assert done.returncode == 1
    assert "made from another clip (single_face.mp4)" in done.stderr


def test_a_folder_of_videos_goes_on_after_a_bad_one(clip, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    shutil.copy(clip("single_face.mp4"), folder / "a façade.mp4")
    (folder / "b.mp4").write_text("no video")
    shutil.copy(clip("carphone_pristine.mp4"), folder / "c.mp4")
    report = tmp_path / "report.json"
    done = engine("track", folder, "-o", out, "--json", report)
    assert done.returncode == 1
    assert "error: b.mp4 is not a video" in done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["a façade.csv", "c.csv"]
    assert [r["state"] for r in json.loads(report.read_text())] == [
        "complete",
        "failed",
        "complete",
    ]


def test_a_take_becomes_a_table(clip, tmp_path):
    take, direct, exported = (tmp_path / name for name in ("a.fwtake", "direct.csv", "later.csv"))
    assert engine("track", clip("single_face.mp4"), "--take", take, "-o", direct).returncode == 0
    assert engine("take", "export", take, "-o", exported).returncode == 0
    assert exported.read_bytes() == direct.read_bytes()


def test_a_take_is_solved_anew_and_teaches_a_profile(clip, tmp_path):
    take, profile, report = (tmp_path / name for name in ("a.fwtake", "a.fwperformer", "r.json"))
    assert engine("track", clip("single_face.mp4"), "--take", take).returncode == 0
    done = engine(
        *("take", "solve", take, "--symmetry", 0.5, "--field-of-view", 55),
        *("--save-performer", profile, "--json", report),
    )
    assert done.returncode == 0, done.stderr
    assert '72 of 72 frames with a face, solved by "facewright"' in done.stdout
    told = json.loads(report.read_text())
    assert (told["state"], told["performer"]) == ("complete", str(profile))
    solve = json.loads(engine("take", "info", take).stdout)["solve"]
    assert (solve["symmetry"], solve["field_of_view_deg"]) == (0.5, 55.0)
    assert engine("take", "solve", take, "--performer", profile).returncode == 0
    missing = engine("take", "solve", take, "--performer", tmp_path / "b.fwperformer")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert "There is no performer profile" in missing.stderr


def test_the_models_are_whole_and_the_doctor_is_content():
    assert engine("models", "verify").returncode == 0
    doctor = json.loads(engine("doctor", "--json").stdout)
    assert doctor["ready"] is True
    assert "CPUExecutionProvider" in doctor["facts"]["providers"]
