# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest and the wheel lock say the same, and every Blender finds its wheels in them."""

import re
import tomllib

import pytest

from tools import build_extension
from tools.build_extension import fetch_wheels

MANIFEST = tomllib.loads(fetch_wheels.MANIFEST.read_text(encoding="utf-8"))
# Blender 4.2-5.0, 5.1 and 5.2 from blender.org, 5.2 from Debian.
PYTHONS = (311, 313, 314)
PACKAGES = {"onnxruntime", "av", "espeakng_loader", "opencv_python_headless", "scipy"}


def _runs_on(wheel: fetch_wheels.Wheel, python: int) -> bool:
    """Whether a wheel's tags (PEP 425) suit a CPython, whose version is given as 311, 313, ..."""
    _name, _version, tag, abi, _platform = wheel.file.removesuffix(".whl").split("-")
    if abi == "none":
        return tag == "py3"
    if abi == "abi3":
        return int(tag.removeprefix("cp").ljust(3, "0")) <= python or tag == "cp37"
    return tag == abi == f"cp{python}"


def test_the_manifest_names_exactly_the_locked_wheels() -> None:
    assert MANIFEST["wheels"] == [f"./wheels/{w.file}" for w in fetch_wheels.read_lock()]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", MANIFEST["platforms"])
def test_every_blender_finds_each_library_once(platform: str, python: int) -> None:
    wheels = [w for w in fetch_wheels.select([platform]) if _runs_on(w, python)]
    assert sorted(w.file.split("-")[0] for w in wheels) == sorted(PACKAGES)


def test_numpy_stays_the_hosts_own() -> None:
    assert {w.file.split("-")[0] for w in fetch_wheels.read_lock()} == PACKAGES


def test_the_developers_environment_has_what_blender_with_the_same_python_gets() -> None:
    pinned = (fetch_wheels.REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(fetch_wheels.requirements("311")) <= set(pinned)


def test_a_marker_chooses_by_the_python_downloaded_for(tmp_path, monkeypatch) -> None:
    listed = tmp_path / "requirements.in"
    listed.write_text(
        '# two lines for one library\nav==1\nold==1 ; python_version < "3.13"\n'
        'new==2 ; python_version >= "3.13"  # from here on\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(fetch_wheels, "REQUIREMENTS", listed)
    assert (
        fetch_wheels.requirements("39") == fetch_wheels.requirements("311") == ["av==1", "old==1"]
    )
    assert (
        fetch_wheels.requirements("313") == fetch_wheels.requirements("314") == ["av==1", "new==2"]
    )
    listed.write_text('av==1 ; sys_platform == "win32"\n', encoding="utf-8")
    with pytest.raises(fetch_wheels.WheelError, match="unknown marker"):
        fetch_wheels.requirements("311")


def test_permissions_have_reasons_that_blender_accepts() -> None:
    for reason in MANIFEST["permissions"].values():
        assert len(reason) <= 64
        assert re.fullmatch(r"[^\x00-\x1f]*[A-Za-z0-9)\]}]", reason)


def test_the_version_is_written_down_only_in_the_manifest() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", build_extension.version())
    pyproject = tomllib.loads((fetch_wheels.REPO / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in pyproject.get("project", {})


def test_a_wheel_with_other_content_is_refused(tmp_path, monkeypatch) -> None:
    wheel = fetch_wheels.read_lock()[0]
    monkeypatch.setattr(fetch_wheels, "WHEELS", tmp_path)
    assert "missing" in fetch_wheels.problems([wheel])[0]
    wheel.path.write_bytes(b"not what was locked")
    assert "differs" in fetch_wheels.problems([wheel])[0]
