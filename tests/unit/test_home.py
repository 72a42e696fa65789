# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a person's own models are looked for."""

import sys
from pathlib import Path

import pytest

from engine.core.home import home


def test_what_is_named_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path))
    assert home() == tmp_path


@pytest.mark.parametrize(
    ("platform", "variable", "end"),
    [
        ("linux", "XDG_DATA_HOME", Path("facewright")),
        ("win32", "LOCALAPPDATA", Path("Facewright")),
    ],
)
def test_the_systems_own_folder_else(monkeypatch, tmp_path, platform, variable, end):
    monkeypatch.delenv("FACEWRIGHT_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert home() == tmp_path / end


def test_without_any_variable_it_lies_in_the_persons_home(monkeypatch):
    for variable in ("FACEWRIGHT_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert Path.home() in home().parents


@pytest.mark.parametrize("named", ["", "~nobody-of-that-name/x"])
def test_an_account_without_a_home_finds_and_keeps_nothing(monkeypatch, named):
    def refuse(*_arguments):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("FACEWRIGHT_HOME", named)
    monkeypatch.setattr(Path, "expanduser", refuse)
    folder = home()
    assert not folder.exists()
    assert not list(folder.glob("*/runtime.json"))
    with pytest.raises(OSError):
        folder.mkdir(parents=True)
