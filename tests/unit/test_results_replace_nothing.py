# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command writes takes the place of no take, of nothing it reads, and of no performance."""

from __future__ import annotations

import pytest

from engine.__main__ import main
from engine.console import write_json
from engine.core.errors import FacewrightError


@pytest.mark.parametrize(
    "words",
    [
        ("track", "clip.mp4", "-o", "out.csv", "--json", "a.fwtake"),
        ("track", "clip.mp4", "-o", "a.fwtake"),
        ("track", ".", "-o", "out", "--json", "a.fwtake"),
        ("live", "--source", "clip.mp4", "-o", "out.csv", "--json", "a.fwtake"),
        ("live", "--source", "clip.mp4", "-o", "a.fwtake"),
        ("take", "solve", "a.fwtake", "--json", "a.fwtake"),
        ("take", "solve", "a.fwtake", "--save-performer", "b.fwtake"),
    ],
)
def test_a_take_is_replaced_by_nothing_else(monkeypatch, tmp_path, capsys, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").write_text("clip")
    (tmp_path / "a.fwtake").write_text("take")
    assert main(list(words)) == 1
    assert "is the name of a take" in capsys.readouterr().err
    assert (tmp_path / "a.fwtake").read_text() == "take"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fwtake", "clip.mp4"]


def test_no_report_is_written_over_a_take(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        write_json(tmp_path / "a.fwtake", {})
    assert caught.value.code == "take-protected"


def test_a_live_performance_is_replaced_only_when_asked(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").write_text("no clip")
    (tmp_path / "out.csv").write_text("performance")
    words = ["live", "--source", "clip.mp4", "-o", "out.csv"]
    assert main(words) == 1
    assert "out.csv exists already. Choose another name" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 1
    assert "clip.mp4 is not a video" in capsys.readouterr().err
    assert (tmp_path / "out.csv").read_text() == "performance"
