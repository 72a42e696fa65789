# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/mapping.md says what is so: its families are the shipped ones, its example can be read."""

import json
import re
from pathlib import Path

from engine.retarget.mapping import BoneDrive, KeyDrive, PropertyDrive
from engine.retarget.mapping_file import mapping_from_json, read_mapping, shipped_profiles

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")


def test_the_table_of_families_is_the_folder_of_profiles():
    told = re.findall(r"^\| `(\w+)` \| (.+) \| (\d+) \| (\d+) \|$", TEXT, re.M)
    shipped = []
    for identifier, path in shipped_profiles().items():
        mapping = read_mapping(path)
        approximate = sum(row.approximate for row in mapping.rows.values())
        shipped.append((identifier, mapping.name, str(len(mapping.rows)), str(approximate)))
    assert told == shipped


def test_the_example_can_be_read():
    (example,) = re.findall(r"```json\n(.+?)```", TEXT, re.S)
    row = mapping_from_json(json.loads(example)).rows["jawOpen"]
    assert [type(drive) for drive in row.drives] == [KeyDrive, BoneDrive, PropertyDrive]
    assert row.gain == 1.2
