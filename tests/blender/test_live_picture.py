# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera's picture as an icon: filled, reused, removed. Drawing it needs a window."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from facewright.engine.core.errors import FacewrightError
from facewright.engine.worker.picture_file import PictureFile
from facewright.scene.live_picture import LivePicture


class Worker:
    """The other end: hears orders, paints."""

    def __init__(self):
        self.orders, self.file = [], None

    def order(self, path):
        """What the session would send."""
        self.orders.append(path)
        if self.file:
            self.file.close()
        self.file = PictureFile(path) if path else None


@pytest.fixture
def temporary(tmp_path):
    """Blender's temporary folder is empty, and ours."""
    before = bpy.context.preferences.filepaths.temporary_directory
    bpy.context.preferences.filepaths.temporary_directory = str(tmp_path)
    yield Path(bpy.app.tempdir)
    bpy.context.preferences.filepaths.temporary_directory = before


@pytest.fixture
def worker(temporary):
    worker = Worker()
    yield worker
    worker.order("")


@pytest.fixture
def picture(worker):
    picture = LivePicture(worker.order)
    yield picture
    picture.close()
    picture.remove_file()


def files():
    return sorted(Path(bpy.app.tempdir).glob("facewright_picture*"))


def noise(seed, width=320, height=180):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def pixels(picture):
    """What the icon holds: uint8 (height, width, 4), rows from the top."""
    icon = picture._icons["camera"]
    width, height = icon.image_size
    packed = np.empty(width * height, np.int32)
    icon.image_pixels.foreach_get(packed)
    return packed.view(np.uint8).reshape(height, width, 4)[::-1]


def test_nothing_is_made_until_it_is_wanted(picture, worker):
    picture.show(False)
    assert not picture.update() and picture.icon == 0
    assert worker.orders == [] and files() == []


def test_what_the_worker_paints_is_in_the_icon_upright_and_opaque(picture, worker):
    picture.show(True)
    assert [Path(path) for path in worker.orders] == files()
    assert not picture.update()
    for seed, width, height in ((1, 320, 180), (2, 320, 180), (3, 213, 160), (4, 320, 180)):
        worker.file.write(noise(seed, width, height))
        assert picture.update()
        assert np.array_equal(pixels(picture)[..., :3], noise(seed, width, height))
        assert (pixels(picture)[..., 3] == 255).all()
        assert not picture.update()


def test_it_can_be_switched_off_and_on(picture, worker):
    for _ in range(3):
        picture.show(True)
        picture.show(True)
        worker.file.write(noise(1))
        assert picture.update() and picture._shown
        painting = worker.file
        picture.show(False)
        assert worker.orders[-1] == "" and picture.icon == 0 and not picture._shown
        assert painting is not worker.file and not picture.update()
    assert len(worker.orders) == 6 and len(set(worker.orders)) == 2


def test_a_picture_from_before_it_was_switched_off_does_not_come_back(picture, worker):
    picture.show(True)
    worker.file.write(noise(1))
    picture.update()
    picture.show(False)
    picture.show(True)
    assert not picture.update() and picture.icon == 0


def test_its_end_removes_icon_and_file(picture, worker):
    picture.show(True)
    worker.file.write(noise(1))
    picture.update()
    icons = picture._icons
    picture.close()
    assert "camera" not in icons and picture.icon == 0
    assert not picture.update()
    worker.order("")
    picture.remove_file()
    assert files() == []
    picture.close()
    picture.remove_file()


def test_two_thousand_pictures_leave_memory_as_it_was(picture, worker):
    """A picture that stayed behind each time would be 460 MB."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("needs Linux to tell how much memory is held")

    def held_mb():
        return int(statm.read_text().split()[1]) * 4096 / 1e6

    picture.show(True)
    shots = [noise(seed) for seed in range(4)]
    icons = picture._icons
    for count in range(2100):
        if count == 100:
            before = held_mb()
        worker.file.write(shots[count % 4])
        assert picture.update()
    assert held_mb() - before < 20
    assert picture._icons is icons and len(icons) == 1
    assert files() == [Path(worker.orders[0])]


def test_a_folder_that_cannot_be_written_says_so_once(picture, worker, monkeypatch):
    def full(_path):
        raise FacewrightError("The disk is full.", "Make room.", "picture-file")

    monkeypatch.setattr(PictureFile, "create", full)
    with pytest.raises(FacewrightError, match="full"):
        picture.show(True)
    picture.show(True)  # as the panel asks five times a second
    assert not picture.update() and picture.icon == 0 and worker.orders == []
    monkeypatch.undo()
    picture.show(False)
    picture.show(True)
    worker.file.write(noise(1))
    assert picture.update()
