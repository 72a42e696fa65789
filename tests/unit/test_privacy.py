# SPDX-License-Identifier: GPL-3.0-or-later
"""What is private does not stand in a report."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.privacy import masked, masker


@pytest.fixture
def ann(monkeypatch):
    """A person with a home and a name."""
    for key in ("USER", "USERNAME", "LOGNAME"):
        monkeypatch.setenv(key, "ann.smith")
    monkeypatch.setenv("HOME", "/home/ann.smith")
    monkeypatch.setenv("USERPROFILE", "C:\\Users\\Ann Smith")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann.smith"))
    monkeypatch.setattr(getpass, "getuser", lambda: "ann.smith")
    return masker({"/mnt/Secret Film/takes": "<takes>"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ann.smith/takes/a.fwtake", "~/takes/a.fwtake"),
        ("The file /home/ann.smith cannot be opened.", "The file ~ cannot be opened."),
        ("C:\\Users\\Ann Smith\\AppData\\x", "~\\AppData\\x"),
        ("'C:\\\\Users\\\\Ann Smith\\\\AppData'", "'~\\\\AppData'"),
        ("c:/users/ann smith/x", "~/x"),
        ("file:///C:/Users/Ann%20Smith/x", "file:///~/x"),
        ("/home/ann.smithson/x", "/home/<user>/x"),
        ("Ann's phone", "<user>'s phone"),
        ("planned annexe", "planned annexe"),
        ("/Users/bob/Library", "/Users/<user>/Library"),
        ("D:\\Users\\Bob Ross\\x", "D:\\Users\\<user>\\x"),
        ("ANN.SMITH's phone", "<user>'s phone"),
        ("Ann Smith's camera", "<user>'s camera"),
        ("/data/ann.smith_2/x", "/data/<user>_2/x"),
        ("/mnt/Secret Film/takes/a.fwtake", "<takes>/a.fwtake"),
        ("/mnt/Secret Film/takes_2", "/mnt/Secret Film/takes_2"),
        ("Annealing in /opt/blender", "Annealing in /opt/blender"),
    ],
)
def test_home_and_name_are_masked_however_they_are_written(ann, text, shown):
    assert ann(text) == shown


def account(monkeypatch, name):
    for key in ("USER", "USERNAME", "LOGNAME"):
        monkeypatch.setenv(key, name)
    monkeypatch.delenv("USERPROFILE", raising=False)
    monkeypatch.setenv("HOME", f"/home/{name}")
    monkeypatch.setattr(Path, "home", lambda: Path(f"/home/{name}"))
    monkeypatch.setattr(getpass, "getuser", lambda: name)


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        # A word in small letters is a word, one with a capital or in a path a name.
        ("max", "max 30 frames of Max on max@host", "max 30 frames of <user> on <user>@host"),
        ("max", "max's phone, /mnt/max cannot", "<user>'s phone, /mnt/<user> cannot"),
        ("will", "The disk will be full.", "The disk will be full."),
        ("mcneil", "McNeil and MCNEIL-PC", "<user> and <user>-PC"),
        ("ann_smith", "Ann's phone", "<user>'s phone"),
        # Two letters are too few for a name in the middle of a sentence.
        ("an", "An error in an axis, Jan's and/an", "An error in an axis, Jan's and/an"),
        ("jo", "Jo's phone, /mnt/jo, 5 GB", "<user>'s phone, /mnt/<user>, 5 GB"),
        ("jo", "D:\\My Takes\\jo\\x", "D:\\My Takes\\<user>\\x"),
        ("jo", "/mnt/joe/jo2", "/mnt/joe/jo2"),
        # Not of an English report, and without spaces between words.
        ("\u674e\u660e", "\u674e\u660e\u7684\u624b\u673a", "<user>\u7684\u624b\u673a"),
        ("jos\u00e9", "jos\u00e9", "<user>"),
        # The report's own words.
        ("model", "The model /x/model/y, Models", "The model /x/model/y, Models"),
    ],
)
def test_names_are_masked_and_words_are_left(monkeypatch, name, text, shown):
    account(monkeypatch, name)
    assert masker()(text) == shown


def test_a_common_account_name_leaves_the_words_alone(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    for key in ("USER", "USERNAME", "LOGNAME"):
        monkeypatch.setenv(key, "blender")
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setattr(Path, "home", lambda: Path("/root"))
    assert (
        masker()("Blender 5.2 in /root/x, the root of it") == "Blender 5.2 in ~/x, the root of it"
    )


def test_an_account_without_home_or_name_is_no_matter(monkeypatch):
    def nobody():
        raise OSError

    def homeless():
        raise RuntimeError

    for key in ("USER", "USERNAME", "LOGNAME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(Path, "home", homeless)
    assert masker()("/srv/x") == "/srv/x"
    monkeypatch.setenv("HOME", "/")
    assert masker()("/srv/x") == "/srv/x"


@given(
    st.lists(st.sampled_from([*"/\\ :'", "ann.smith", "Ann Smith", "/home/", "C:\\Users\\", "x"]))
)
def test_no_mixture_lets_the_home_folder_through(parts):
    with pytest.MonkeyPatch.context() as patch:
        for key in ("USER", "USERNAME", "LOGNAME"):
            patch.setenv(key, "ann.smith")
        patch.setenv("HOME", "/home/ann.smith")
        patch.setenv("USERPROFILE", "C:\\Users\\Ann Smith")
        patch.setattr(Path, "home", lambda: Path("/home/ann.smith"))
        patch.setattr(getpass, "getuser", lambda: "ann.smith")
        told = masker()("".join(parts)).casefold()
    # A longer word that holds the name is another's.
    assert not re.search(r"(?<![^\W_])(ann\.smith|ann smith)(?![^\W_])", told)


def test_data_is_masked_all_through(ann):
    data = {"/home/ann.smith": [{"path": ("/home/ann.smith/a", 3)}, None, 1.5, True]}
    assert masked(data, ann) == {"~": [{"path": ["~/a", 3]}, None, 1.5, True]}
