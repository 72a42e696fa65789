# SPDX-License-Identifier: GPL-3.0-or-later
"""``learn-speech`` on the command line writes over nothing that it learns from."""

from __future__ import annotations

import pytest

from engine.__main__ import main
from engine.pipeline import learn_speech


@pytest.mark.parametrize(
    "outputs",
    [
        ["-o", "day.mp4"],
        ["-o", "day.fwtake"],
        ["-o", "other.fwtake"],
        ["-o", "a.fwvoice", "--json", "day.mp4"],
        ["-o", "a.fwvoice", "--json", "day.fwtake"],
        ["-o", "a.fwvoice", "--json", "a.fwvoice"],
    ],
)
def test_what_is_learned_from_stays(tmp_path, monkeypatch, capsys, outputs):
    def learn(*_):
        raise AssertionError("was asked to learn")

    monkeypatch.setattr(learn_speech, "learn_speech", learn)
    monkeypatch.chdir(tmp_path)
    for name in ("day.mp4", "day.fwtake", "other.fwtake"):
        (tmp_path / name).write_text("there before")
    assert main(["learn-speech", "day.mp4", "day.fwtake", *outputs, "--overwrite"]) == 1
    assert "error: " in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["there before"] * 3
