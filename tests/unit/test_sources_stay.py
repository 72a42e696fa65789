# SPDX-License-Identifier: GPL-3.0-or-later
"""No command writes its result over the clip or the voice that it reads."""

from __future__ import annotations

import pytest

from engine.__main__ import main


@pytest.mark.parametrize(
    "words",
    [
        ["track", "clip.mp4", "-o", "clip.mp4"],
        ["track", "clip.mp4", "-o", "clip.csv", "--json", "clip.mp4"],
        ["track", "clip.mp4", "--take", "clip.mp4"],
        ["live", "--source", "clip.mp4", "-o", "clip.mp4"],
        ["live", "--source", "file:voice.wav", "-o", "./voice.wav"],
        ["live", "--source", "voice.wav", "-o", "a.csv", "--json", "voice.wav"],
        ["live", "--source", "voice.wav", "-o", "a.csv", "--json", "a.csv"],
    ],
)
def test_what_is_read_stays(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    for name in ("clip.mp4", "voice.wav"):
        (tmp_path / name).write_text("there before")
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "cannot be written" in told or "written twice" in told
    assert [path.read_text() for path in tmp_path.iterdir()] == ["there before"] * 2
