# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of ``tools/fuzz_files.py``, and that it finds what it looks for."""

from __future__ import annotations

from dataclasses import replace

from engine.formats import foreign
from tools import fuzz_files


def test_a_short_run(capsys):
    assert fuzz_files.main(["--count", "700", "--seed", "11"]) == 0
    printed = capsys.readouterr().out
    assert "700 files" in printed
    for known in foreign.FORMATS:
        assert f"{known.name}: read" in printed


def test_a_reader_that_breaks_is_found(capsys, monkeypatch):
    def breaks(_data, _name, _options):
        raise KeyError("weights")

    bad = tuple(replace(known, read=breaks) for known in foreign.FORMATS)
    monkeypatch.setattr(fuzz_files, "FORMATS", bad)
    assert fuzz_files.main(["--count", "3"]) == 1
    assert "KeyError: 'weights'" in capsys.readouterr().out
