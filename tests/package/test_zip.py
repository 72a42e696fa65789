# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the zip, and what is not."""

import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools import build_extension

REPO = build_extension.REPO


@pytest.fixture(scope="module")
def names(linux_zip: Path) -> set[str]:
    with zipfile.ZipFile(linux_zip) as archive:
        return set(archive.namelist())


def test_blenders_own_validator_accepts_it(linux_zip: Path) -> None:
    command = [*build_extension.find_builder(), "validate", str(linux_zip)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_name_tells_version_and_platform(linux_zip: Path) -> None:
    assert linux_zip.name == f"facewright-{build_extension.version()}-linux_x64.zip"


def test_nothing_of_the_workshop_travels(names: set[str]) -> None:
    workshop = {"tests", "tools", "docs", "benchmarks", "demo", "dist", "dev.py", "pyproject.toml"}
    assert not workshop & {name.partition("/")[0] for name in names}
    assert not [name for name in names if "__pycache__" in name or "/." in f"/{name}"]
    assert not [name for name in names if "numpy" in name]


def test_the_code_the_weights_and_their_licences_travel(names: set[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "weights", "assets", "LICENSE"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files belong to the extension")
    workshop = ("tests/", "tools/", "docs/", "benchmarks/", "dev.py")
    expected = {name for name in listed.stdout.split() if not name.startswith(workshop)}
    assert "__init__.py" in expected
    assert expected <= names


def test_only_linux_wheels_are_in_the_linux_zip(linux_zip: Path, names: set[str]) -> None:
    wheels = {name for name in names if name.startswith("wheels/")}
    assert wheels == {
        f"wheels/{w.file}" for w in build_extension.fetch_wheels.select(["linux-x64"])
    }
    with zipfile.ZipFile(linux_zip) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert manifest["build"]["generated"]["platforms"] == ["linux-x64"]


def test_the_extensions_site_takes_it(linux_zip: Path) -> None:
    assert linux_zip.stat().st_size < 299e6  # the limit is 300 MB; linux is the largest
