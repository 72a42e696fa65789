# SPDX-License-Identifier: GPL-3.0-or-later
"""Videos: true times, upright pictures, clear words for bad files."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.sources.media import LONGEST_SIDE, VideoSource


def read(path):
    with VideoSource(path) as source:
        return source.info, list(source.frames())


def code_of(path) -> str:
    with pytest.raises(FacewrightError) as caught, VideoSource(path):
        pass
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_every_frame_comes_once_in_order_with_its_time(make_video):
    info, frames = read(make_video(time_base=Fraction(1001, 30000), count=12))
    assert [f.index for f in frames] == list(range(12))
    assert frames[11].time_s == pytest.approx(11 * 1001 / 30000, abs=1e-4)
    assert info.frame_count == 12
    levels = [int(f.image[24, 48].mean()) for f in frames]
    assert levels == sorted(levels)


def test_variable_frame_rate_keeps_the_presentation_times(make_video):
    ticks = [0, 1, 2, 10, 11, 40]
    _, frames = read(make_video(ticks=ticks))
    np.testing.assert_allclose([f.time_s for f in frames], np.array(ticks) / 30, atol=1e-4)


def test_a_clip_that_starts_late_starts_at_zero(make_video):
    _, frames = read(make_video(ticks=[30, 31, 32]))
    np.testing.assert_allclose([f.time_s for f in frames], [0, 1 / 30, 2 / 30], atol=1e-4)


def test_120_frames_per_second(make_video):
    info, frames = read(make_video(time_base=Fraction(1, 120), count=20))
    assert frames[-1].time_s == pytest.approx(19 / 120, abs=1e-4)
    assert float(info.rate) == pytest.approx(120, rel=1e-3)


@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_rotation_tag_is_applied(make_video, rotate_tag, clockwise):
    path = make_video(size=(64, 48))
    _, plain = read(path)
    info, turned = read(rotate_tag(path, clockwise))
    expected = np.rot90(plain[0].image, -clockwise // 90)
    assert turned[0].image.shape == expected.shape
    assert (info.height, info.width) == expected.shape[:2]
    np.testing.assert_array_equal(turned[0].image, expected)


def test_non_square_pixels_become_square(make_video):
    info, frames = read(make_video(size=(64, 48), aspect=Fraction(4, 3)))
    assert (info.width, info.height) == (85, 48)
    assert frames[0].image.shape == (48, 85, 3)


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [("libx264", "gray"), ("libx264", "yuv420p10le"), ("ffv1", "gray16le")],
)
def test_grey_and_10_bit_pictures_become_8_bit_rgb(make_video, codec, pixel_format):
    _, frames = read(make_video("clip.mkv", codec=codec, pixel_format=pixel_format))
    assert frames[0].image.dtype == np.uint8
    assert frames[0].image.shape == (48, 64, 3)
    assert int(frames[0].image[24, 8].mean()) > int(frames[0].image[24, 56].mean()) + 60


def test_8k_is_halved(make_video):
    info, frames = read(make_video(size=(7680, 4320), count=2))
    assert max(info.width, info.height) <= LONGEST_SIDE
    assert frames[0].image.shape == (2160, 3840, 3)


def test_going_on_after_a_frame_continues_without_hole_or_repeat(make_video):
    path = make_video(count=30)
    with VideoSource(path) as source:
        whole = list(source.frames())
        rest = list(source.frames_after(whole[16].time_s, 16))
    assert [f.index for f in rest] == list(range(17, 30))
    for a, b in zip(rest, whole[17:], strict=True):
        assert a.time_s == pytest.approx(b.time_s)
        np.testing.assert_array_equal(a.image, b.image)


@pytest.mark.parametrize("name", ["clip.ts", "clip.mpg", "clip.mkv", "clip.mp4", "clip.avi"])
def test_going_on_works_in_containers_that_seek_badly(make_video, name):
    path = make_video(name, count=60, codec="mpeg2video" if name.endswith("mpg") else "libx264")
    with VideoSource(path) as source:
        whole = [(f.index, round(f.time_s, 3)) for f in source.frames()]
        for at in (4, 17, 33, 55):
            rest = [(f.index, round(f.time_s, 3)) for f in source.frames_after(whole[at][1], at)]
            assert rest == whole[at + 1 :]


def test_going_on_in_bursts_of_a_variable_rate_loses_no_picture(make_video):
    ticks = [burst * 1500 + 16 * i for burst in range(4) for i in range(10)]
    path = make_video(ticks=ticks, time_base=Fraction(1, 1000))
    with VideoSource(path) as source:
        whole = [f.time_s for f in source.frames()]
        for at in (3, 9, 10, 25):
            assert [f.time_s for f in source.frames_after(whole[at], at)] == whole[at + 1 :]


def test_path_with_spaces_and_accents(make_video):
    _, frames = read(make_video("émotion d'été 01.mp4"))
    assert len(frames) == 12


def test_missing_file(tmp_path):
    assert code_of(tmp_path / "nowhere.mp4") == "file-missing"


def test_empty_file(tmp_path):
    path = tmp_path / "zero.mp4"
    path.touch()
    assert code_of(path) == "file-empty"


def test_text_named_mp4(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("this is not a video\n" * 100)
    assert code_of(path) == "not-a-video"


def test_folder(tmp_path):
    assert code_of(tmp_path) == "not-a-video"


def test_cut_off_before_its_index(make_video):
    path = make_video(count=60)
    path.write_bytes(path.read_bytes()[:600])
    assert code_of(path) in {"not-a-video", "file-damaged"}


def test_cut_off_in_the_middle_gives_what_is_there(make_video):
    path = make_video("clip.mkv", count=60, size=(320, 240))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, frames = read(path)
    assert 5 < len(frames) < 60


def test_sound_without_picture(tmp_path):
    import wave

    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(32000))
    assert code_of(path) == "no-video-stream"
