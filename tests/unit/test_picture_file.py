# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapped file between worker and Blender: whole pictures or none."""

import threading

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.worker.picture_file import LARGEST_HEIGHT, LARGEST_WIDTH, PictureFile


@pytest.fixture
def ends(tmp_path):
    """The reader, who made the file, and the writer."""
    reader = PictureFile.create(tmp_path / "picture")
    writer = PictureFile(tmp_path / "picture")
    yield reader, writer
    reader.close()
    writer.close()


def noise(width=LARGEST_WIDTH, height=LARGEST_HEIGHT, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_a_picture_arrives_once_and_as_it_was(ends):
    reader, writer = ends
    assert reader.read() is None
    writer.write(noise())
    assert np.array_equal(reader.read(), noise())
    assert reader.read() is None
    # The same picture again is a new one: the reader need not compare.
    writer.write(noise())
    assert np.array_equal(reader.read(), noise())


def test_what_was_read_stays_when_the_next_comes(ends):
    reader, writer = ends
    writer.write(noise(seed=1))
    first = reader.read()
    writer.write(noise(seed=2))
    assert np.array_equal(first, noise(seed=1))
    assert np.array_equal(reader.read(), noise(seed=2))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (213, 160), (101, 180), (320, 1)])
def test_other_sizes_arrive_between_full_ones(ends, width, height):
    reader, writer = ends
    for picture in (noise(), noise(width, height), noise(seed=3)):
        writer.write(picture)
        assert np.array_equal(reader.read(), picture)


def test_a_picture_that_does_not_fit_is_refused_and_the_old_one_stays(ends):
    reader, writer = ends
    writer.write(noise())
    with pytest.raises(ValueError, match="321 x 180"):
        writer.write(noise(LARGEST_WIDTH + 1))
    assert np.array_equal(reader.read(), noise())


class KilledError(Exception):
    """The writer dies."""


class DeadlyPicture:
    """A picture in the middle of whose copying the writer dies."""

    def __init__(self, pixels):
        self.shape, self.size = pixels.shape, pixels.size

    def __array__(self, *_arguments, **_keywords):
        raise KilledError


def test_half_a_picture_is_not_shown_and_the_next_is_whole(ends):
    reader, writer = ends
    writer.write(noise(seed=1))
    with pytest.raises(KilledError):
        writer.write(DeadlyPicture(noise(seed=2)))
    assert reader.read() is None
    writer.write(noise(seed=3))
    assert np.array_equal(reader.read(), noise(seed=3))


def test_a_picture_that_is_replaced_while_it_is_read_is_not_shown(ends):
    """The writer is faster than the reader, who has begun already."""
    reader, writer = ends
    writer.write(noise(seed=1))

    class Pixels:
        """The reader's view of the pixels; a new picture comes before it is copied."""

        def __init__(self, pixels):
            self._pixels = pixels

        def __getitem__(self, part):
            writer.write(noise(seed=2))
            return self._pixels[part]

    true, reader._pixels = reader._pixels, Pixels(reader._pixels)
    assert reader.read() is None
    reader._pixels = true
    assert np.array_equal(reader.read(), noise(seed=2))


def test_many_pictures_from_another_thread_are_never_torn(ends):
    """Every picture is of one colour; a torn one would have two."""
    reader, writer = ends
    going = threading.Event()

    def paint():
        for count in range(3000):
            writer.write(np.full((LARGEST_HEIGHT, LARGEST_WIDTH, 3), count % 251, np.uint8))
        going.set()

    thread = threading.Thread(target=paint)
    thread.start()
    seen = 0
    while not going.is_set() or seen == 0:
        picture = reader.read()
        if picture is not None:
            assert picture.min() == picture.max()
            seen += 1
    thread.join()
    assert seen > 0


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FacewrightError, match="nowhere") as caught:
        PictureFile(tmp_path / "nowhere")
    assert caught.value.code == "picture-file" and caught.value.hint


@pytest.mark.parametrize("content", [b"", b"an artist's own file", b"FWPICT01 but short"])
def test_another_file_is_refused_and_stays_as_it_is(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(FacewrightError, match=r"notes\.txt"):
        PictureFile(path)
    assert path.read_bytes() == content


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(FacewrightError, match=r"notes\.txt"):
        PictureFile.create(path)
    assert path.read_text() == "mine"


def test_closing_lets_the_file_go(tmp_path):
    path = tmp_path / "picture"
    end = PictureFile.create(path)
    end.write(noise())
    end.close()
    path.unlink()
    assert list(tmp_path.iterdir()) == []
