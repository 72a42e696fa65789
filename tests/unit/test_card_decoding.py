# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that decodes gives the processor's pictures, and the processor goes on where it fails."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from av.error import InvalidDataError
from av.video.reformatter import VideoReformatter

from engine.core.inference.providers import CPU, CUDA
from engine.sources import card_decoding, media
from engine.sources.card_decoding import CardDecodingError, decoder_beside
from engine.sources.media import VideoSource, open_container


class _Packet:
    """A packet whose pictures come as a card gives them, with the planes of colour mixed."""

    converter = VideoReformatter()

    def __init__(self, packet, layout: str, error: Exception | None) -> None:
        self._packet, self._layout, self._error = packet, layout, error

    def decode(self):
        if self._error:
            raise self._error
        for picture in self._packet.decode():
            mixed = self.converter.reformat(picture, format=self._layout)
            mixed.pts, mixed.time_base = picture.pts, picture.time_base
            yield mixed


@pytest.fixture
def card(monkeypatch):
    """A function that puts in a card: its layout, the packet that it fails at, and how."""

    def put_in(layout="nv12", fails_at=None, error=None, opens=True):
        def open_on_card(path, _decoder):
            if not opens:
                raise CardDecodingError("no card")
            return open_container(path)

        true = card_decoding.decoded_on_card

        class Container:
            def __init__(self, container):
                self._container = container

            def demux(self, stream):
                for number, packet in enumerate(self._container.demux(stream)):
                    fails = fails_at is not None and number >= fails_at
                    yield _Packet(packet, layout, error if fails else None)

        monkeypatch.setattr(media, "open_on_card", open_on_card)
        monkeypatch.setattr(media, "decoded_on_card", lambda c, s: true(Container(c), s))

    return put_in


def _pictures(path, *, on_card):
    with VideoSource(path) as source:
        if on_card:
            source.use_card("cuda", at_least=0)
        return list(itertools.islice(source.frames(), 40)), source.notes


def _assert_same(ours, theirs):
    assert [(f.index, f.time_s) for f in ours] == [(f.index, f.time_s) for f in theirs]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_the_pictures_are_the_same_to_the_last_bit(clip, card):
    path = clip("carphone_pristine.mp4")
    right, _ = _pictures(path, on_card=False)
    card()
    seen, notes = _pictures(path, on_card=True)
    _assert_same(seen, right)
    assert not notes


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("libx265", "b.mp4")])
def test_ten_bits_lose_nothing_either(make_video, card, codec, name):
    path = make_video(name, codec=codec, pixel_format="yuv420p10le")
    right, _ = _pictures(path, on_card=False)
    card("p010le")
    _assert_same(_pictures(path, on_card=True)[0], right)


@pytest.mark.parametrize("fails_at", [1, 7, 11])
@pytest.mark.parametrize("error", [InvalidDataError(1, "x"), RuntimeError("lost")])
def test_the_processor_goes_on_in_the_middle(make_video, card, fails_at, error):
    path = make_video(count=14, ticks=[0, 1, 2, 4, 5, 8, 9, 10, 12, 13, 14, 20, 21, 22])
    right, _ = _pictures(path, on_card=False)
    assert len(right) == 14
    card(fails_at=fails_at, error=error)
    seen, notes = _pictures(path, on_card=True)
    _assert_same(seen, right)
    assert all("stopped decoding clip.mp4 after frame" in note for note in notes)


def test_without_a_card_nothing_is_said(make_video, card):
    path = make_video()
    right, _ = _pictures(path, on_card=False)
    for _ in range(2):
        card(opens=False)
        seen, notes = _pictures(path, on_card=True)
        _assert_same(seen, right)
        assert not notes


def test_this_machines_own_answer_gives_the_same_pictures(make_video):
    """With a card it is really used here; without one opening it fails, and nothing is lost."""
    path = make_video()
    right, _ = _pictures(path, on_card=False)
    _assert_same(_pictures(path, on_card=True)[0], right)


def test_a_damaged_clip_is_for_the_processor(make_video, card):
    path = make_video(count=30)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 60] = bytes(60)
    path.write_bytes(data)
    right, _ = _pictures(path, on_card=False)
    card()
    seen, _ = _pictures(path, on_card=True)
    assert [frame.time_s for frame in seen] == [frame.time_s for frame in right]


def test_the_processor_has_no_card_beside_it():
    assert decoder_beside(CPU) == ""
    assert decoder_beside(CUDA) in ("", "cuda")


def test_a_small_video_stays_with_the_processor(make_video, monkeypatch):
    monkeypatch.setattr(media, "open_on_card", lambda *_: pytest.fail("the card was asked"))
    with VideoSource(make_video()) as source:
        source.use_card("cuda")
        assert source.decoder == ""
        assert len(list(source.frames())) == 12
