# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``runtime`` where none is installed."""

from __future__ import annotations

import pytest

from engine.__main__ import main


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.mark.parametrize("words", [(), ("--yes",), ("--dry-run",)])
def test_where_nothing_is_installed_nothing_is_said_to_be_removed(own_home, capsys, words):
    assert main(["runtime", "remove", *words]) == 0
    told = capsys.readouterr().out
    assert "No GPU runtime is installed" in told and "removed" not in told
    assert not own_home.exists()


def test_a_driver_that_is_no_version_is_wrong_usage(own_home, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["runtime", "install", "gpu", "--driver", "abc", "--dry-run"])
    assert caught.value.code == 2 and "is no version" in capsys.readouterr().err


def test_what_would_be_installed_is_shown(own_home, capsys):
    assert main(["runtime", "install", "cuda13", "--dry-run"]) in (0, 1)  # none for a Mac
    told = capsys.readouterr()
    assert "MB to download" in told.out or "There is no cuda13 runtime" in told.err
    assert not own_home.exists()


def test_what_a_broken_install_has_left_goes_when_that_is_agreed_to(own_home):
    left = own_home / "runtime" / "cuda13-cp311"
    left.mkdir(parents=True)
    assert main(["runtime", "remove"]) == 0
    assert left.exists()
    assert main(["runtime", "remove", "--yes"]) == 0
    assert not left.exists()
