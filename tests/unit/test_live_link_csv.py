# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV of Live Link Face and its timecode; numbers typed by hand from the layout."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.errors import FacewrightError
from engine.formats.foreign import read_face_file, write_face_file
from engine.formats.foreign_take import ReadOptions, Start, WriteOptions
from engine.formats.live_link_csv import HEADER
from engine.formats.timecode import Counting, counting_of, frame_numbers, label_of
from engine.takes.csv_out import write_csv

RECORDED = Path(__file__).resolve().parents[3] / "shared/data/arkit/alex_rom_3.csv"
ANGLES = "HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch"


def read(tmp_path, text, fps=None, name="take.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_face_file(path, ReadOptions(fps=fps))


def read_times(tmp_path, labels, fps=None):
    rows = "".join(f"{label},61,0.5,0\n" for label in labels)
    return read(tmp_path, f"Timecode,BlendShapeCount,JawOpen,JawLeft\n{rows}", fps)


def test_columns_are_found_by_name_and_not_by_place(tmp_path):
    take = read(
        tmp_path,
        "Timecode,BlendShapeCount,JawRight,JawLeft,mouthSmileLEFT,MouthRight\n"
        "10:00:00:00.000,61,0.1,0.2,0.3,0.4\n",
    )
    for name, value in (
        ("jawRight", 0.1),
        ("jawLeft", 0.2),
        ("mouthSmileLeft", 0.3),
        ("mouthRight", 0.4),
        ("mouthLeft", 0.0),
    ):
        assert weight(take.track, name)[0] == pytest.approx(value)
    assert take.start_timecode == "10:00:00:00.000"
    assert any("48 of 52 shapes are not in the file" in note for note in take.notes)


def test_a_row_without_a_face_is_a_gap(tmp_path):
    take = read(
        tmp_path,
        "Timecode,BlendShapeCount,JawOpen,JawLeft\n"
        "00:00:00:00.0,61,0.5,0\n00:00:00:01.0,0,0,0\n00:00:00:02.0,61,0.6,0\n",
    )
    assert take.track.valid.tolist() == [True, False, True]
    assert np.isnan(take.track.weights[1]).all()
    assert np.isnan(take.track.head_deg[1]).all()


def test_a_head_that_looks_down_stays_one(tmp_path):
    """HeadPitch is down, HeadYaw to the actor's right; 0.1 radians are 5.7296 degrees."""
    take = read(
        tmp_path,
        f"Timecode,BlendShapeCount,JawOpen,{ANGLES},RightEyeRoll\n"
        "00:00:00:00.0,61,0.5,-0.2,0.1,-0.3,0.4,0.1,0,-0.4,0.1,0\n",
    )
    np.testing.assert_allclose(take.track.head_deg[0], [5.72958, 11.45916, 17.18873], atol=1e-4)
    np.testing.assert_allclose(
        take.track.gaze_deg[0], [[5.72958, -22.91831], [5.72958, 22.91831]], atol=1e-4
    )


@pytest.mark.parametrize("count", [51, 52])
@pytest.mark.parametrize("spell", [str, lambda name: name[0].lower() + name[1:]])
def test_files_with_fewer_columns(tmp_path, count, spell):
    names = [spell(name) for name in HEADER[2:54] if count == 52 or name != "TongueOut"]
    rows = "".join(f"00:00:00:{i:02d}.000,{count}{',0.25' * count}\n" for i in range(3))
    take = read(tmp_path, f"Timecode,BlendShapeCount,{','.join(names)}\n{rows}")
    assert weight(take.track, "eyeBlinkLeft").tolist() == [0.25] * 3
    assert weight(take.track, "tongueOut")[0] == (0.25 if count == 52 else 0.0)


# --- timecode ---------------------------------------------------------------------------------


def test_sixty_frames_are_told_by_the_step_over_a_second(tmp_path):
    take = read_times(
        tmp_path, ["13:13:04:55.650", "13:13:04:57.650", "13:13:04:59.649", "13:13:05:01.649"]
    )
    np.testing.assert_allclose(take.track.time_s, [0, 2 / 60, 3.999 / 60, 5.999 / 60], atol=1e-9)
    assert "60 frames/s (told by the labels)" in take.notes[0]
    assert take.rate == 30


def test_thirty_frames_too(tmp_path):
    take = read_times(tmp_path, ["01:00:00:28", "01:00:00:29", "01:00:01:00", "01:00:01:01"])
    np.testing.assert_allclose(take.track.time_s, np.arange(4) / 30, atol=1e-9)
    assert "30 frames/s (told" in take.notes[0]


def test_twenty_five_frames_too(tmp_path):
    take = read_times(tmp_path, ["01:00:00:23", "01:00:00:24", "01:00:01:00", "01:00:01:01"])
    np.testing.assert_allclose(take.track.time_s, np.arange(4) / 25, atol=1e-9)


def test_a_short_take_is_a_guess_that_is_told_and_can_be_overridden(tmp_path):
    labels = ["00:00:00:10", "00:00:00:11", "00:00:00:12"]
    take = read_times(tmp_path, labels)
    assert take.track.time_s[-1] == pytest.approx(2 / 60)
    assert "a guess" in take.notes[0]
    assert read_times(tmp_path, labels, fps=30).track.time_s[-1] == pytest.approx(2 / 30)


@pytest.mark.parametrize(
    ("fps", "last", "seconds"),
    [
        (23.976, "01:00:10:00", 240 * 1001 / 24000),
        (25, "01:00:10:00", 10.0),
        (29.97, "01:00:10:00", 300 * 1001 / 30000),
        (30, "01:00:10:00", 10.0),
        (59.94, "01:00:10:00", 600 * 1001 / 60000),
        (60, "01:00:10:00", 10.0),
        # Drop-frame: a minute has 1798 frames, ten have 17982.
        (29.97, "01:01:00:02", 1800 * 1001 / 30000),
        (29.97, "01:10:00:00", 17982 * 1001 / 30000),
        (59.94, "01:10:00:00", 35964 * 1001 / 60000),
        # A label that drop-frame does not have: plain counting at 29.97.
        (29.97, "01:01:00:00", 1800 * 1001 / 30000),
    ],
)
def test_rates_that_are_named(tmp_path, fps, last, seconds):
    take = read_times(tmp_path, ["01:00:00:00", last], fps=fps)
    assert take.track.time_s[-1] == pytest.approx(seconds, abs=1e-9)


def test_a_semicolon_is_drop_frame(tmp_path):
    take = read_times(tmp_path, ["00:00:59;28", "00:00:59;29", "00:01:00;02", "00:01:00;03"])
    np.testing.assert_allclose(take.track.time_s, np.arange(4) * 1001 / 30000, atol=1e-9)
    assert "29.97 frames/s, drop-frame" in take.notes[0]


def test_left_out_labels_are_drop_frame_without_a_semicolon(tmp_path):
    labels = ["00:00:58:59", "00:00:59:00", "00:00:59:58", "00:00:59:59", "00:01:00:04"]
    labels += ["00:01:00:05", "00:01:00:06"]
    take = read_times(tmp_path, labels)
    # The second that is not there is a gap.
    np.testing.assert_allclose(
        take.track.time_s[take.track.valid],
        np.array([0, 1, 59, 60, 61, 62, 63]) * 1001 / 60000,
        atol=1e-9,
    )


def test_midnight(tmp_path):
    take = read_times(tmp_path, ["23:59:59:58.5", "23:59:59:59.5", "00:00:00:00.5"])
    np.testing.assert_allclose(take.track.time_s, np.arange(3) / 60, atol=1e-9)


def test_timecode_that_counts_further_than_the_named_rate_is_refused(tmp_path):
    with pytest.raises(FacewrightError, match="counts to frame 59"):
        read_times(tmp_path, ["00:00:00:59", "00:00:01:00"], fps=30)


def test_numbers_of_frames_instead_of_timecode(tmp_path):
    assert read_times(tmp_path, ["100", "101", "103"], fps=24).track.time_s.tolist() == [
        0.0,
        1 / 24,
        3 / 24,
    ]
    assert "60 frames/s (a guess" in read_times(tmp_path, ["100", "101"]).notes[0]


def test_unreals_own_writer_tells_its_rate(tmp_path):
    """``Timecode, FrameRate, …`` with a blank after each comma and hours without a zero."""
    take = read(
        tmp_path,
        "Timecode, FrameRate, JawOpen, JawLeft\r\n1:2:3:4, 30, 0.250, 0.000\r\n"
        "1:2:3:5, 30, 0.500, 0.000\r\n",
    )
    assert take.track.time_s[1] == pytest.approx(1 / 30)
    assert weight(take.track, "jawOpen").tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("number", "counting", "label"),
    [
        (0, Counting(60, Fraction(60)), "00:00:00:00.000"),
        (3661 * 60 + 31.652, Counting(60, Fraction(60)), "01:01:01:31.652"),
        (59.9999, Counting(60, Fraction(60)), "00:00:01:00.000"),
        (1799, counting_of(29.97, True), "00:00:59;29.000"),
        (1800, counting_of(29.97, True), "00:01:00;02.000"),
        (17982, counting_of(29.97, True), "00:10:00;00.000"),
        (19782, counting_of(29.97, True), "00:11:00;02.000"),
        (3600, counting_of(59.94, True), "00:01:00;04.000"),
        (24 * 3600 * 25, counting_of(25), "00:00:00:00.000"),
    ],
)
def test_labels(number, counting, label):
    assert label_of(number, counting) == label


@pytest.mark.parametrize("fps", [24, 29.97, 59.94])
def test_every_label_of_eleven_minutes_is_its_frame(fps):
    counting = counting_of(fps, True)
    numbers = np.arange(11 * 60 * counting.base)
    labels = [label_of(number, counting).replace(";", ":").split(":") for number in numbers]
    assert len({tuple(label) for label in labels}) == len(numbers)
    fields = np.array(labels, np.float64)
    np.testing.assert_array_equal(frame_numbers(fields, counting), numbers)


# --- writing ----------------------------------------------------------------------------------


def moving_track(count=50, rate=30.0):
    rng = np.random.default_rng(3)
    valid = np.ones(count, bool)
    valid[7:11] = False
    track = make_track(
        np.arange(count) / rate,
        valid=valid,
        head_deg=rng.normal(size=(count, 3)) * 10,
        gaze_deg=rng.normal(size=(count, 2, 2)) * 10,
    )
    track.weights[valid] = rng.uniform(0, 1, (int(valid.sum()), 52))
    return track


def test_what_the_app_writes(tmp_path):
    track = make_track([0, 1 / 30], {"jawRight": 0.25, "mouthLeft": 0.5}, valid=[True, False])
    write_face_file(
        tmp_path / "out.csv", track, options=WriteOptions(start=Start(36000.0, Fraction(60)))
    )
    header, first, second = (tmp_path / "out.csv").read_text().splitlines()
    cells = header.split(",")
    assert cells[:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"]
    assert cells[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert cells[23:25] == ["MouthRight", "MouthLeft"]
    assert cells[53:] == ["TongueOut", *ANGLES.split(","), "RightEyeRoll"]
    assert first.split(",")[:2] == ["10:00:00:00.000", "61"]
    assert first.split(",")[17:19] == ["0.2500000000", "0.0000000000"]
    assert second.split(",")[:3] == ["10:00:00:02.000", "0", "0.0000000000"]
    assert len(second.split(",")) == 63


@pytest.mark.parametrize(
    ("fps", "label", "asked", "first", "last"),
    [
        (30, "10:00:00:20", None, "10:00:00:20.000", "10:00:01:20.000"),
        (30, "10:00:00:20", 60, "10:00:00:40.000", "10:00:01:40.000"),
        (60, "10:00:00:41", 30, "10:00:00:20.500", "10:00:01:20.500"),
        (25, "23:59:59:24", None, "23:59:59:24.000", "00:00:00:24.000"),
        # Drop-frame stays drop-frame, plain counting of 29.97 stays plain: 00:01:00:00 is there.
        (29.97, "00:00:59;29", None, "00:00:59;29.000", "00:01:01;00.970"),
        (29.97, "00:01:00:00", None, "00:01:00:00.000", "00:01:00:29.970"),
        (29.97, "00:01:00:00", 29.97, "00:01:00:00.000", "00:01:00:29.970"),
    ],
)
def test_the_start_is_a_time_and_not_a_label(tmp_path, fps, label, asked, first, last):
    take = read_times(tmp_path, [label], fps=fps)
    track = make_track([0, 1], {"jawOpen": 0.5})
    write_face_file(tmp_path / "out.csv", track, options=WriteOptions(fps=asked, start=take.start))
    _, *rows = (tmp_path / "out.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == [first, last]


@pytest.mark.parametrize(
    "told",
    [None, 7, {}, {"seconds": "x", "rate": [30, 1], "drop": False}]
    + [{"seconds": 1, "rate": rate, "drop": False} for rate in ([0, 1], [1, 0], [1], None)]
    + [{"seconds": s, "rate": [30, 1], "drop": False} for s in (float("nan"), -1, 1e9)],
)
def test_a_start_that_is_none(told):
    assert Start.from_json(told) is None


def test_a_start_comes_back():
    start = Start(1.5, Fraction(30000, 1001), True)
    assert Start.from_json(start.to_json()) == start


def test_there_and_back_is_exact_to_the_format(tmp_path):
    track = moving_track()
    write_face_file(tmp_path / "out.csv", track)
    again = read_face_file(tmp_path / "out.csv").track
    np.testing.assert_allclose(again.time_s, track.time_s, atol=0.0005 / 60 + 1e-9)
    np.testing.assert_array_equal(again.valid, track.valid)
    np.testing.assert_allclose(again.weights, track.weights, rtol=0, atol=5.1e-11)
    np.testing.assert_allclose(again.head_deg, track.head_deg, atol=5e-6)
    np.testing.assert_allclose(again.gaze_deg, track.gaze_deg, atol=5e-6)


def test_our_own_csv_reads_back(tmp_path):
    track = moving_track()
    track.head_cm[track.valid] = (1.5, -2.25, -60.125)
    write_csv(tmp_path / "out.csv", track)
    again = read_face_file(tmp_path / "out.csv").track
    np.testing.assert_allclose(again.time_s, track.time_s, atol=5.1e-7)
    np.testing.assert_array_equal(again.valid, track.valid)
    np.testing.assert_allclose(again.weights, track.weights, atol=5.1e-7)
    np.testing.assert_allclose(again.head_deg, track.head_deg, atol=2e-6)
    np.testing.assert_allclose(again.head_cm, track.head_cm, atol=1e-6)
    np.testing.assert_allclose(again.gaze_deg, track.gaze_deg, atol=3.1e-5)


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        write_face_file(tmp_path / "no" / "out.csv", moving_track())
    assert caught.value.code == "file-unwritable"


# --- damage -----------------------------------------------------------------------------------

HEAD = "Timecode,BlendShapeCount,JawOpen\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "no rows"),
        (HEAD + "00:00:00:00,61,open\n", '"open" in row 2 is no number'),
        (HEAD + "00:00:00:00,61\n", "row 2 has only 2 cells"),
        (HEAD + "noon,61,0.5\n", "is no number"),
        (HEAD + "00:00:00:00,61,0.5\nnoon,61,0.5\n", "is no timecode"),
        (HEAD + "00:00:00:00000,61,0.5\n", "is no timecode"),
        (HEAD + f'00:00:00:00,61,"{"9" * 200000}"\n', "row 2 is no row"),
        (HEAD.strip() + ",x" * 5000 + "\n", "row 1 has more than 4096 columns"),
        (HEAD + "00:00:00:00,61,0.5" + "," * 10_000_000 + "\n", "row 2 has more than 4096 columns"),
        (HEAD + '00:00:00:00,61,"0.5\n' * 9, "quotation mark in row 2 is not closed"),
        ("Timecode,BlendShapeCount,xJawOpen\n0,61,1\n", "none of its columns"),
    ],
)
def test_damage_is_told(tmp_path, text, says):
    with pytest.raises(FacewrightError, match=says) as caught:
        read(tmp_path, text)
    assert caught.value.code == "file-unreadable"
    assert "take.csv" in caught.value.message


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\x02\xff" * 100, b"\x89PNG\r\n\x1a\n" + b"\0" * 99]
)
def test_what_is_no_text(tmp_path, data):
    with pytest.raises(FacewrightError) as caught:
        read(tmp_path, data, name="take.bin")
    assert caught.value.code == "file-unreadable"


def test_numbers_that_are_none_become_a_gap(tmp_path):
    rows = "".join(
        f"00:00:00:{i:02d},61,{value}\n"
        for i, value in enumerate(("0.5", "nan", "inf", "", "1e30"))
    )
    take = read(tmp_path, HEAD + rows)
    assert take.track.valid.tolist() == [True, False, False, False, False]
    assert any("4 of 5 frames hold no usable numbers" in note for note in take.notes)


WIDE = "Timecode,BlendShapeCount,JawOpen,TongueOut,HeadYaw\n"


def test_a_column_without_cells_is_missing(tmp_path):
    rows = "00:00:00:00,61,0.25,,\n00:00:00:01,61,0.5,,\n00:00:00:02,0,,,\n"
    take = read(tmp_path, WIDE + rows)
    assert take.track.valid.tolist() == [True, True, False]
    assert weight(take.track, "jawOpen")[:2].tolist() == [0.25, 0.5]
    assert weight(take.track, "tongueOut")[:2].tolist() == [0, 0]
    assert take.track.head_deg[0].tolist() == [0, 0, 0]
    assert any("51 of 52 shapes are not in the file" in note for note in take.notes)
    assert not any("empty cells" in note for note in take.notes)


def test_an_empty_cell_does_not_cost_the_row(tmp_path):
    """It lies between the rows beside it that have a face."""
    rows = (
        "00:00:00:00,61,0.2,0,0\n00:00:00:01,0,9,0,0\n00:00:00:02,61,,0.5,0\n"
        "00:00:00:03,,nan,0.5,0\n00:00:00:04,61,0.6,0.5,\n,,,,\n"
    )
    take = read(tmp_path, WIDE + rows)
    assert take.track.valid.tolist() == [True, False, True, True, True]
    np.testing.assert_allclose(
        weight(take.track, "jawOpen")[[0, 2, 3, 4]], [0.2, 0.4, 0.5, 0.6], atol=1e-6
    )
    assert any("3 empty cells take" in note for note in take.notes)


def test_a_count_without_cells_is_missing(tmp_path):
    take = read(tmp_path, HEAD + "00:00:00:00,,0.5\n00:00:00:01,,0\n")
    assert take.track.valid.all()


def test_rows_out_of_order_are_left_out(tmp_path):
    take = read_times(tmp_path, ["00:00:00:05", "00:00:00:04", "00:00:00:05", "00:00:00:06"])
    np.testing.assert_allclose(take.track.time_s, [0, 1 / 60])
    assert any("2 of 4 frames do not come after" in note for note in take.notes)


@pytest.mark.parametrize("preface", ["sep=,\n", "\n \r\n", ",,\n", "\ufeffSEP=,\r\n"])
def test_what_spreadsheets_write_before_a_table(tmp_path, preface):
    take = read(tmp_path, preface + HEAD + "00:00:00:00,61,0.5\n")
    assert weight(take.track, "jawOpen").tolist() == [0.5]


def test_decimal_commas_are_told(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        read(tmp_path, HEAD.replace(",", ";") + "00:00:00:00;61;0,5\n")
    assert '"0,5" in row 2 is no number' in caught.value.message
    assert caught.value.hint == "Export it with decimal points."


def test_a_missing_file(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        read_face_file(tmp_path / "none.csv")
    assert caught.value.code == "file-missing"


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded take is not here")
def test_a_recorded_take(tmp_path):
    take = read_face_file(RECORDED)
    assert len(take.track) == 4030
    assert take.track.valid.all()
    assert take.start_timecode == "13:13:04:31.652"
    # 13:15:18:54.561 less 13:13:04:31.652 at 60.
    assert take.track.time_s[-1] == pytest.approx(134 + (54.561 - 31.652) / 60)
    assert weight(take.track, "jawRight")[0] == pytest.approx(0.0185036063)
    assert weight(take.track, "jawLeft")[0] == 0
    write_face_file(tmp_path / "out.csv", take.track, options=WriteOptions(start=take.start))
    written = (tmp_path / "out.csv").read_text().splitlines()
    recorded = RECORDED.read_text().splitlines()
    assert written[0] == recorded[0]
    for ours, theirs in zip(written[1:], recorded[1:], strict=True):
        ours, theirs = ours.split(","), theirs.split(",")
        assert ours[:2] == theirs[:2]
        # Float32 keeps seven digits; the eyes' roll is lost.
        kept = [i for i, name in enumerate(HEADER) if i > 1 and not name.endswith("EyeRoll")]
        np.testing.assert_allclose(
            [float(ours[i]) for i in kept], [float(theirs[i]) for i in kept], atol=2e-7
        )
