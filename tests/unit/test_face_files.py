# SPDX-License-Identifier: GPL-3.0-or-later
"""Face files of all formats but Live Link Face's CSV, typed by hand from the layouts."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.arkit import NAMES
from engine.core.errors import FacewrightError
from engine.formats import foreign
from engine.formats.foreign import FORMATS, format_to_write, read_face_file, write_face_file
from engine.formats.foreign_take import ReadOptions, WriteOptions, rate_of

RECORDED = Path(__file__).resolve().parents[3] / "shared/data/arkit"


def read(tmp_path, content, name, **options):
    path = tmp_path / name
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    path.write_bytes(content)
    return read_face_file(path, ReadOptions(**options))


# --- each layout, typed by hand ---------------------------------------------------------------

FACE_CAP = """info,take 7,iPhone
bs,browInnerUp,browDown_L,browDown_R,jawLeft,mouthSmile_R
k,0,1.5,-2,-60,10,-20,5,4,8,3,7,0.1,0.2,0.3,0.4,0.5
k,16.7,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1
"""


def test_face_cap(tmp_path):
    track = read(tmp_path, FACE_CAP, "take.txt").track
    assert track.time_s.tolist() == pytest.approx([0, 0.0167])
    np.testing.assert_allclose(track.head_cm[0], [1.5, -2, -60])
    np.testing.assert_allclose(track.head_deg[0], [10, -20, 5])
    np.testing.assert_allclose(track.gaze_deg[0], [[4, 8], [3, 7]])
    for name, values in (
        ("browInnerUp", [0.1, 0]),
        ("browDownLeft", [0.2, 0]),
        ("browDownRight", [0.3, 0]),
        ("jawLeft", [0.4, 0]),
        ("mouthSmileRight", [0.5, 1]),
    ):
        assert weight(track, name).tolist() == pytest.approx(values)


def audio2face(**changes):
    content = {
        "exportFps": 30,
        "trackPath": "speech.wav",
        "numPoses": 3,
        "numFrames": 2,
        "facsNames": ["jawOpen", "mouthSmileLeft", "tongueLatUp"],
        "weightMat": [[0.25, 0.5, 1], [0.75, 0, 1]],
    }
    return {key: value for key, value in (content | changes).items() if value is not None}


def test_audio2face_json(tmp_path):
    take = read(tmp_path, audio2face(), "take.json")
    assert take.rate == 30
    assert take.track.time_s.tolist() == pytest.approx([0, 1 / 30])
    assert weight(take.track, "jawOpen").tolist() == [0.25, 0.75]
    assert weight(take.track, "mouthSmileLeft").tolist() == [0.5, 0]
    assert any("tongueLatUp" in note for note in take.notes)
    assert any("50 of 52 shapes are not in the file" in note for note in take.notes)


def test_an_older_audio2face_json_without_a_rate(tmp_path):
    take = read(tmp_path, audio2face(exportFps=None), "take.json")
    assert take.rate == 60
    assert any("tells no frame rate" in note for note in take.notes)
    assert read(tmp_path, audio2face(exportFps=None), "take.json", fps=24).rate == 24


def test_audio2face_3d_csv(tmp_path):
    track = read(
        tmp_path,
        ",timeCode,blendShapes.EyeBlinkLeft,blendShapes.JawOpen,blendShapes.MouthSmile_R\n"
        "0,0.0,0.1,0.2,0.3\n1,0.033333,0.4,0.5,0.6\n",
        "animation_frames.csv",
    ).track
    assert track.time_s.tolist() == pytest.approx([0, 0.033333])
    assert weight(track, "eyeBlinkLeft").tolist() == pytest.approx([0.1, 0.4])
    assert weight(track, "jawOpen").tolist() == pytest.approx([0.2, 0.5])
    assert weight(track, "mouthSmileRight").tolist() == pytest.approx([0.3, 0.6])


def test_audio2face_3d_csv_with_empty_cells(tmp_path):
    take = read(
        tmp_path,
        ",timeCode,blendShapes.EyeBlinkLeft,blendShapes.JawOpen\n0,0.0,,0.2\n1,0.1,,\n"
        "2,0.2,,0.6\n3,0.3,,\n",
        "animation_frames.csv",
    )
    # A row without any weight is a gap.
    assert take.track.valid.tolist() == [True, False, True, False]
    assert any("51 of 52 shapes" in note for note in take.notes)


def test_beat(tmp_path):
    content = {
        "names": ["browDownLeft", "jawOpen"],
        "frames": [
            {"weights": [0.1, 0.2], "time": 0.0, "rotation": []},
            {"weights": [0.3, 0.4], "time": 0.5, "rotation": []},
        ],
    }
    track = read(tmp_path, content, "beat.json").track
    assert track.time_s.tolist() == [0, 0.5]
    assert weight(track, "browDownLeft").tolist() == pytest.approx([0.1, 0.3])
    assert weight(track, "jawOpen").tolist() == pytest.approx([0.2, 0.4])


def categories(score, name="categoryName"):
    return [
        {"index": 0, "score": 1e-7, name: "_neutral", "displayName": ""},
        {"index": 25, "score": score, name: "jawOpen", "displayName": ""},
    ]


# A turn of 90 degrees about y, 1 2 -60 centimetres away, in columns.
TURNED = [0, 0, -1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 2, -60, 1]


@pytest.mark.parametrize(
    "content",
    [
        [
            {"timestampMs": 1000 + 40 * i, "faceBlendshapes": [{"categories": categories(s)}]}
            for i, s in enumerate((0.25, 0.5, 0.75))
        ],
        {
            "frames": [
                {"timestamp": 40 * i, "face_blendshapes": [categories(s, "category_name")]}
                for i, s in enumerate((0.25, 0.5, 0.75))
            ]
        },
        {
            "results": [
                {"time": 0.04 * i, "blendshapes": {"_neutral": 0, "jawOpen": s}}
                for i, s in enumerate((0.25, 0.5, 0.75))
            ]
        },
        {
            "fps": 25,
            "frames": [{"faceBlendshapes": categories(s)} for s in (0.25, 0.5, 0.75)],
        },
        [
            {"timestamp": 7_000_000 + 40_000 * i, "blendshapes": categories(s)}
            for i, s in enumerate((0.25, 0.5, 0.75))
        ],
    ],
    ids=["javascript", "python", "by-name", "without-times", "microseconds"],
)
def test_mediapipe_layouts(tmp_path, content):
    take = read(tmp_path, content, "dump.json")
    assert take.track.time_s.tolist() == pytest.approx([0, 0.04, 0.08])
    assert weight(take.track, "jawOpen").tolist() == [0.25, 0.5, 0.75]
    assert take.track.valid.all()
    assert take.rate == 25


def test_mediapipe_lines_with_a_gap_and_a_head(tmp_path):
    head = [{"rows": 4, "columns": 4, "data": TURNED}]
    lines = [
        {
            "timestampMs": 0,
            "faceBlendshapes": [{"categories": categories(0.5)}],
            "facialTransformationMatrixes": head,
        },
        {"timestampMs": 33, "faceBlendshapes": [], "facialTransformationMatrixes": []},
    ]
    track = read(tmp_path, "\n".join(map(json.dumps, lines)), "dump.jsonl").track
    assert track.valid.tolist() == [True, False]
    np.testing.assert_allclose(track.head_deg[0], [0, 90, 0], atol=1e-5)
    np.testing.assert_allclose(track.head_cm[0], [1, 2, -60])


def packet(frame, values):
    """A packet of Live Link Face's sixth version, big-endian, by its published layout."""
    head = b"\x06" + struct.pack(">i", 2) + b"ID" + struct.pack(">i", 3) + b"Amy"
    if values is None:
        return head
    return head + struct.pack(">ifiiB61f", frame, 0.5, 60, 1, 61, *values)


def gesichter(packets):
    body = b"".join(struct.pack(">I", len(one)) + one for one in packets)
    return gzip.compress(struct.pack(">BI", 6, len(packets)) + body)


def test_recorded_packets(tmp_path):
    values = [0.0] * 61
    values[17], values[53] = 0.5, 0.1
    take = read(
        tmp_path,
        gesichter([packet(100, values), packet(0, None), packet(102, values)]),
        "take.gesichter",
    )
    assert take.track.valid.tolist() == [True, False, True]
    np.testing.assert_allclose(take.track.time_s, [0, 1 / 60, 2 / 60], atol=1e-9)
    assert weight(take.track, "jawOpen")[0] == 0.5
    assert take.track.head_deg[0, 0] == pytest.approx(np.degrees(0.1))
    assert any("Amy" in note for note in take.notes)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")
def test_a_recording_of_others(tmp_path):
    take = read_face_file(RECORDED / "dao.gesichter")
    assert len(take.track) == 180
    assert take.track.valid.all()
    # Frames 5375735.122 to 5375921.237 at 60.
    assert take.track.time_s[-1] == pytest.approx(186.1154 / 60, abs=1e-5)


# --- there and back ---------------------------------------------------------------------------

# How exactly a format keeps weights, seconds and angles; None: not at all.
PRECISION = {
    "gesichter": (0.0, 1e-6, 1e-5),
    "live-link-csv": (5.1e-11, 1e-5, 1e-5),
    "audio2face-csv": (5.1e-10, 5.1e-10, None),
    "face-cap": (5.1e-7, 5.1e-7, 5.1e-7),
    "audio2face-json": (5.1e-8, 1e-9, None),
    "beat": (5.1e-8, 5.1e-10, None),
    "mediapipe": (5.1e-8, 5.1e-10, 1e-4),
}


def moving_track(gaps):
    rng = np.random.default_rng(5)
    valid = np.ones(40, bool)
    if gaps:
        valid[10:14] = False
    track = make_track(
        np.arange(40) / 30,
        valid=valid,
        head_deg=rng.normal(size=(40, 3)) * 10,
        gaze_deg=rng.normal(size=(40, 2, 2)) * 10,
    )
    track.weights[valid] = rng.uniform(0, 1, (int(valid.sum()), 52))
    return track


def test_every_written_format_is_here():
    assert set(PRECISION) == {known.name for known in FORMATS if known.write}


@pytest.mark.parametrize("name", PRECISION)
@pytest.mark.parametrize("gaps", [False, True])
def test_there_and_back(tmp_path, name, gaps):
    track = moving_track(gaps)
    suffix = next(known.suffixes[0] for known in FORMATS if known.name == name)
    lost = write_face_file(tmp_path / f"out{suffix}", track, name, WriteOptions(name='Amy, "2'))
    again = read_face_file(tmp_path / f"out{suffix}").track
    weights, seconds, angles = PRECISION[name]
    if name in ("gesichter", "live-link-csv", "mediapipe"):
        np.testing.assert_array_equal(again.valid, track.valid)
    elif name == "audio2face-json":
        assert again.valid.all()
        assert any("hold the values" in sentence for sentence in lost) == gaps
    else:
        track = track[track.valid]
        assert any("left out" in sentence for sentence in lost) == gaps
    assert len(again) == len(track)
    seen = track.valid & again.valid
    np.testing.assert_allclose(again.time_s, track.time_s, rtol=0, atol=seconds + 1e-12)
    # Float32 itself is 6e-8 wide below 1.
    np.testing.assert_allclose(
        again.weights[seen], track.weights[seen], rtol=0, atol=weights + (6e-8 if weights else 0)
    )
    if angles is None:
        assert any("angles are not in the file" in sentence for sentence in lost)
        assert not again.head_deg[seen].any()
        return
    np.testing.assert_allclose(again.head_deg[seen], track.head_deg[seen], atol=angles + 2e-6)
    if name != "mediapipe":
        np.testing.assert_allclose(again.gaze_deg[seen], track.gaze_deg[seen], atol=angles + 2e-6)


def test_audio2face_gets_a_constant_rate(tmp_path):
    track = make_track([0, 0.1, 0.4], {"jawOpen": [0, 0.2, 0.8]})
    write_face_file(tmp_path / "out.json", track, options=WriteOptions(fps=10))
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["exportFps"] == 10
    assert content["facsNames"] == list(NAMES)
    assert content["numFrames"] == 5
    column = content["facsNames"].index("jawOpen")
    np.testing.assert_allclose(
        [row[column] for row in content["weightMat"]], [0, 0.2, 0.4, 0.6, 0.8], atol=1e-6
    )


def test_what_is_written_in_face_cap(tmp_path):
    track = make_track([0, 0.5], {"mouthSmileLeft": 0.25}, head_deg=(1, 2, 3), head_cm=(4, 5, 6))
    write_face_file(tmp_path / "out.txt", track)
    info, names, _first, second = (tmp_path / "out.txt").read_text().splitlines()
    assert info.startswith("info,")
    # The app's own order, which some importers take for granted.
    assert names.split(",")[:4] == ["bs", "browInnerUp", "browDown_L", "browDown_R"]
    cells = second.split(",")
    assert cells[:12] == ["k", "500.000", *(f"{n}.000000" for n in (4, 5, 6, 1, 2, 3, 0, 0, 0, 0))]
    assert cells[11 + names.split(",").index("mouthSmile_L")] == "0.250000"


@pytest.mark.parametrize("name", ["face-cap", "beat", "audio2face-csv"])
def test_a_lead_without_a_face_is_kept(tmp_path, name):
    track = make_track([0, 1, 2.5, 2.6], {"jawOpen": 0.5}, valid=[False, False, True, True])
    path = tmp_path / f"out{next(known.suffixes[0] for known in FORMATS if known.name == name)}"
    write_face_file(path, track, name)
    again = read_face_file(path).track
    assert again.time_s[again.valid].tolist() == pytest.approx([2.5, 2.6])


@pytest.mark.parametrize("name", ["face-cap", "beat", "audio2face-csv"])
def test_a_long_gap_stays_a_gap(tmp_path, name):
    """Of 3 seconds at 10 frames/s the second one is without a face."""
    valid = [not 10 <= row < 20 for row in range(30)]
    track = make_track(np.arange(30) / 10, {"jawOpen": 0.5}, valid=valid)
    path = tmp_path / f"out{next(known.suffixes[0] for known in FORMATS if known.name == name)}"
    write_face_file(path, track, name)
    take = read_face_file(path)
    assert take.track.time_s[~take.track.valid].tolist() == pytest.approx([1.0, 1.9])
    assert np.isnan(take.track.weights[~take.track.valid]).all()
    assert not take.track.confidence[~take.track.valid].any()
    assert (np.diff(take.track.time_s) > 0).all()
    assert (len(take.track), take.rate) == (22, pytest.approx(10))
    assert "1 pauses between frames became gaps." in take.notes


def test_a_pause_of_few_frames_a_second_is_none(tmp_path):
    take = read_times_of_beat(tmp_path, [0, 1, 2, 6.9])
    assert take.track.valid.all()
    assert len(read_times_of_beat(tmp_path, [0, 0.01, 0.02, 0.5]).track) == 4
    assert len(read_times_of_beat(tmp_path, [0, 0.01, 0.02, 0.53]).track) == 6


def read_times_of_beat(tmp_path, times):
    frames = [{"weights": [0.5], "time": time_s} for time_s in times]
    return read(tmp_path, {"names": ["jawOpen"], "frames": frames}, "a.json")


def test_values_do_not_glide_through_a_pause(tmp_path):
    track = make_track([0, 0.1, 0.2, 2.0], {"jawOpen": [0, 0, 0, 1]})
    write_face_file(tmp_path / "a.json", track, options=WriteOptions(fps=10))
    content = json.loads((tmp_path / "a.json").read_text())
    column = content["facsNames"].index("jawOpen")
    assert [row[column] for row in content["weightMat"]] == [0] * 20 + [1]


@pytest.mark.parametrize("first", [-500, 1_700_000_000_000])
def test_face_cap_with_times_of_a_clock(tmp_path, first):
    rows = "".join(f"k,{first + ms}" + ",0" * 11 + "\n" for ms in (0, 20))
    assert read(tmp_path, f"bs,jawOpen\n{rows}", "a.txt").track.time_s.tolist() == [0, 0.02]


@pytest.mark.parametrize(
    ("file", "name", "chosen"),
    [
        ("a.csv", "", "live-link-csv"),
        ("a.CSV", "audio2face-csv", "audio2face-csv"),
        ("a.json", "", "audio2face-json"),
        ("a.txt", "", "face-cap"),
        ("a.gesichter", "", "gesichter"),
    ],
)
def test_the_suffix_chooses(file, name, chosen):
    assert format_to_write(file, name).name == chosen


def test_unknown_formats():
    with pytest.raises(FacewrightError, match="No format is known for"):
        format_to_write("a.fbx")
    with pytest.raises(FacewrightError, match='no format "fbx"'):
        format_to_write("a.csv", "fbx")


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (1 / 30, 30),
        (1001 / 30000, 30000 / 1001),
        (0.033, 30.303),
        (1 / 12.5, 12.5),
        (1001 / 24000, 24000 / 1001),
    ],
)
def test_rates(step, rate):
    assert rate_of(np.arange(900) * step) == pytest.approx(rate, abs=1e-3)


# --- damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.json", "it is empty"),
        (b"{", "a.json", "of no format"),
        (b'{"weightMat": [[1]], "facsNames"', "a.json", "no JSON"),
        (b'{"weightMat": [[1, 2]], "facsNames": ["jawOpen"]}', "a.json", "weights are"),
        (b'{"weightMat": [[1], [1, 2]], "facsNames": ["jawOpen"]}', "a.json", "not as many"),
        (b'{"weightMat": [["x"]], "facsNames": ["jawOpen"]}', "a.json", "not all numbers"),
        (b'{"weightMat": [], "facsNames": ["jawOpen"]}', "a.json", "there is no frame"),
        (b'{"weightMat": [[1]], "facsNames": "jawOpen"}', "a.json", '"facsNames" is missing'),
        (b'{"weightMat": [[1]], "facsNames": ["ear"]}', "a.json", "none of its names"),
        (b'{"weightMat": ' + b"[" * 100000 + b', "facsNames"', "a.json", "nested too deeply"),
        (b'{"weightMat": 1, "facsNames": [' + b"[]," * 5_000_000, "a.json", "too much"),
        (b'{"weightMat": [[1' + b"0" * 9999 + b']], "facsNames": ["jawOpen"]}', "a.json", "JSON"),
        (b'{"names": ["jawOpen"], "frames": [{"weights": [1]}]}', "a.json", "times are"),
        (b'{"names": ["jawOpen"], "frames": [{"weights": 1}]}', "a.json", '"weights" is missing'),
        (b'{"names": ["jawOpen"], "frames": []}', "a.json", "of no format"),
        (b'{"frames": [{"faceBlendshapes": 7}]}', "a.json", "neither scores nor categories"),
        (b'{"frames": [{"faceBlendshapes": []}]}', "a.json", "no frame of it has"),
        (b'{"frames": [7], "faceBlendshapes": 0}', "a.json", "is no object"),
        (b"bs,jawOpen\nk,0,1\n", "a.txt", "row 2 has 2 values, not 12"),
        (b"bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,x\n", "a.txt", "in row 2"),
        (b"bs,jawOpen\n", "a.txt", "no row of values"),
        (b",timeCode,blendShapes.JawOpen\n0,noon,1\n", "a.csv", '"noon" in row 2'),
        (b"\x1f\x8b" + b"\0" * 50, "a.gesichter", "a.gesichter"),
        (gzip.compress(b"\x06\xff\xff\xff\xff", mtime=0), "a.gesichter", "too early"),
        (gzip.compress(b"\x06\0\0\0\1\xff\xff\xff\xff", mtime=0), "a.gesichter", "a packet has"),
        (b"plain words", "a.txt", "no row of values"),
        (b"\x00\x01\x02\x03" * 99, "a.txt", "not text"),
    ],
)
def test_damage_is_told(tmp_path, content, name, says):
    with pytest.raises(FacewrightError, match=says) as caught:
        read(tmp_path, content, name)
    assert caught.value.code == "file-unreadable"
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "time_s,BlendShapeCount,JawOpen,JawLeft\n0,61,0,0\n0.1,61,0,0\n{},61,0,0\n"),
        ("a.csv", ",timeCode,blendShapes.JawOpen\n0,0,0\n1,{},1\n"),
        ("a.txt", "bs,jawOpen\nk,0" + ",0" * 11 + "\nk,{}000" + ",0" * 11 + "\n"),
        ("a.json", '{{"names":["jawOpen"],"frames":[{{"weights":[0],"time":{}}}]}}'),
    ],
)
def test_a_time_that_is_far_off_is_refused(tmp_path, name, content):
    with pytest.raises(FacewrightError, match="its last frame is at 20,000,000 s"):
        read(tmp_path, content.format(20_000_000), name)
    assert len(read(tmp_path, content.format(20_000), name).track) in (1, 2, 3)


def test_frames_at_a_rate_are_bounded(tmp_path):
    track = make_track([0, 3600], {"jawOpen": 0.5})
    with pytest.raises(FacewrightError) as caught:
        write_face_file(tmp_path / "a.json", track, options=WriteOptions(fps=1000))
    assert caught.value.code == "track-too-long"
    assert not list(tmp_path.iterdir())


def test_a_bomb_is_not_blown_up(tmp_path):
    """A gigabyte of zeros in a megabyte: refused at the first packet, that is after nine bytes."""
    bomb = gzip.compress(b"\x06\0\xff\xff\xff" + bytes(2**30), compresslevel=1)
    with pytest.raises(FacewrightError):
        read(tmp_path, bomb, "a.gesichter")


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "MAX_BYTES", 1 << 20)
    with pytest.raises(FacewrightError) as caught:
        read(tmp_path, b"x" * ((1 << 20) + 1), "a.csv")
    assert caught.value.code == "file-too-large"


def test_a_number_that_is_none_is_a_gap(tmp_path):
    content = json.dumps(audio2face(weightMat=[[float("nan"), 0, 0], [1, 0, 0]]))
    assert read(tmp_path, content, "a.json").track.valid.tolist() == [False, True]
    whole = {"frames": [{"blendshapes": {"jawOpen": value}} for value in (10**400, 1)]}
    with pytest.raises(FacewrightError):
        read(tmp_path, json.dumps(whole), "a.json", fps=-5)
    assert read(tmp_path, json.dumps(whole), "a.json").track.valid.tolist() == [False, True]
