# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped head's files are the recorded ones, and free to ship."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from engine.core.arkit import NAMES

ASSETS = Path(__file__).resolve().parents[2] / "assets"
RECORD = json.loads((ASSETS / "facewright_head.json").read_text())


@pytest.mark.parametrize("name", RECORD["files"])
def test_each_file_is_the_recorded_one(name):
    assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == RECORD["files"][name]


def test_the_licence_is_cc0_and_the_readme_names_the_source():
    assert RECORD["licence"] == "CC0-1.0"
    readme = (ASSETS / "README.md").read_text()
    assert "CC0" in readme
    assert RECORD["taken_from_sha256"] in readme


def test_the_files_stay_small_enough_to_travel_with_the_extension():
    total = sum((ASSETS / name).stat().st_size for name in RECORD["files"])
    assert total < 3_000_000


def test_the_asset_holds_the_52_names_in_arkit_order_without_pickles():
    with np.load(ASSETS / "facewright_head.npz", allow_pickle=False) as asset:
        assert tuple(asset["key_names"]) == NAMES
        assert int(asset["key_counts"].sum()) == len(asset["key_vertices"])
        assert int(asset["face_sizes"].sum()) == len(asset["face_vertices"]) == len(asset["uvs"])
        assert asset["face_vertices"].max() < len(asset["vertices"])
