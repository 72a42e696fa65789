# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera's picture, over a real worker."""

import time

import numpy as np
import pytest

from engine.core.requests import LiveRequest
from engine.pipeline.live_picture import draw_live_picture
from engine.sources.media import VideoSource
from engine.worker.picture_file import LARGEST_HEIGHT, LARGEST_WIDTH, PictureFile
from engine.worker.protocol import Kind
from tests.worker.test_live_process import CLIP, CLIPS, client, has, kinds, listen

__all__ = ["client"]

pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="needs tools/fetch_clips.py")


@pytest.fixture
def shown(tmp_path):
    """Where the worker shall paint."""
    end = PictureFile.create(tmp_path / "picture")
    yield end
    end.close()


def look(client, shown, seconds):
    """The pictures of some seconds, and the messages meanwhile."""
    pictures, heard, end = [], [], time.monotonic() + seconds
    while time.monotonic() < end:
        heard += client.poll()
        picture = shown.read()
        if picture is not None:
            pictures.append(picture)
        time.sleep(0.002)
    return pictures, heard


def strangeness(picture, clip):
    """Pixels of a picture that differ from every frame of its clip, at best: a part of all."""
    with VideoSource(clip) as source:
        return min(
            (
                np.abs(
                    draw_live_picture(frame.image, None, LARGEST_WIDTH, LARGEST_HEIGHT).astype(int)
                    - picture
                ).max(axis=2)
                > 1
            ).mean()
            for frame in source.frames()
        )


def test_pictures_come_when_asked_for_and_only_then(client, shown, tmp_path):
    client.live(LiveRequest(f"file:{CLIP}", repeat=True))
    listen(client, 300, has(Kind.VALUES, 5))
    assert shown.read() is None
    client.order(Kind.PICTURE, path=str(tmp_path / "picture"))
    pictures, heard = look(client, shown, 2.0)
    values = len(kinds(heard, Kind.VALUES))
    assert 3 <= len(pictures) <= 15 * 2 + 2 and len(pictures) < values
    assert {picture.shape for picture in pictures} == {(180, 320, 3)}
    # The clip's own picture, but for the lines of the face.
    assert 0.005 < strangeness(pictures[-1], CLIP) < 0.05
    client.order(Kind.PICTURE, path="")
    look(client, shown, 0.5)
    pictures, heard = look(client, shown, 1.0)
    assert not pictures and kinds(heard, Kind.VALUES)
    client.order(Kind.PICTURE, path=str(tmp_path / "picture"))
    assert look(client, shown, 1.0)[0]


def test_without_a_face_the_picture_is_the_cameras(client, shown, tmp_path):
    clip = CLIPS / "no_face.mp4"
    client.live(LiveRequest(f"file:{clip}", repeat=True))
    client.order(Kind.PICTURE, path=str(tmp_path / "picture"))
    listen(client, 300, has(Kind.VALUES, 10))
    picture = shown.read()
    assert picture.shape == (180, 320, 3)
    assert strangeness(picture, clip) == 0


def test_a_file_that_is_not_there_is_told_and_the_capture_goes_on(client, tmp_path):
    client.live(LiveRequest(f"file:{CLIP}", repeat=True))
    client.order(Kind.PICTURE, path=str(tmp_path / "nowhere"))
    heard = listen(client, 300, has(Kind.VALUES, 10))
    assert "nowhere" in kinds(heard, Kind.WARNING)[0]["text"]
    assert len(kinds(heard, Kind.VALUES)) >= 10 and not kinds(heard, Kind.RECORDED)
