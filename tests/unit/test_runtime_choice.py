# SPDX-License-Identifier: GPL-3.0-or-later
"""Which GPU runtime suits a machine, and what the shipped lock says of it."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest

from engine.core.errors import FacewrightError
from engine.core.inference.gpu_facts import GpuFacts
from engine.runtime.choose import choose_runtime
from engine.runtime.install import plan_install
from engine.runtime.lock import LOCK, requirements, wheels_of


def card(driver: str, compute: str = "") -> GpuFacts:
    """A card that one can buy."""
    return GpuFacts("NVIDIA GeForce GTX 1650", compute, driver, 4096, 300)


@pytest.mark.parametrize(
    ("platform", "driver", "compute", "runtime"),
    [
        ("linux-x64", "580.95.05", "7.5", "cuda13"),
        ("linux-x64", "600.1", "", "cuda13"),
        ("linux-x64", "575.64", "7.5", "cuda12"),
        ("linux-x64", "525.60.13", "7.5", "cuda12"),
        ("windows-x64", "581.15", "8.9", "cuda13"),
        ("windows-x64", "527.41", "7.5", "cuda12"),
        ("windows-x64", "526.98", "7.5", "directml"),
        ("windows-x64", "581.15", "6.1", "directml"),
    ],
)
def test_the_driver_decides(platform, driver, compute, runtime):
    assert choose_runtime(platform, [card(driver, compute)]) == runtime


def test_of_several_cards_the_newest_decides_whatever_slot_it_is_in():
    old, new = card("575.64", "6.1"), card("575.64", "8.6")
    assert choose_runtime("linux-x64", [old, new]) == "cuda12"
    assert choose_runtime("linux-x64", [new, old]) == "cuda12"


@pytest.mark.parametrize(
    ("platform", "cards", "said"),
    [
        ("linux-x64", [card("525.53")], "driver 525.53 is too old"),
        ("linux-x64", [card("470.256.02")], "too old"),
        ("linux-x64", [card("580.95", "6.1")], "compute capability 6.1"),
        ("linux-x64", [], "No NVIDIA card"),
        ("macos-arm64", [], "no GPU runtime for this system"),
    ],
)
def test_what_suits_nothing_is_told_in_a_sentence(platform, cards, said):
    with pytest.raises(FacewrightError, match=said) as caught:
        choose_runtime(platform, cards)
    assert caught.value.code == "runtime-not-for-this"


def test_windows_without_a_card_of_nvidia_gets_directml():
    assert choose_runtime("windows-x64", []) == "directml"


@pytest.mark.parametrize("python", ["cp311", "cp313", "cp314"])
@pytest.mark.parametrize(
    ("runtime", "platform", "cuda"),
    [
        ("cuda12", "linux-x64", "12"),
        ("cuda12", "windows-x64", "12"),
        ("cuda13", "linux-x64", "13"),
        ("cuda13", "windows-x64", "13"),
        ("directml", "windows-x64", ""),
    ],
)
def test_the_lock_has_every_runtime_whole(runtime, platform, cuda, python):
    wheels = wheels_of(runtime, platform, python)
    names = {wheel.name for wheel in wheels}
    assert len(names) == len(wheels)  # nothing twice: pip would refuse it
    assert not names & {"numpy", "protobuf"}  # numpy is Blender's own
    assert all(re.fullmatch(r"[0-9a-f]{64}", wheel.sha256) for wheel in wheels)
    assert all(wheel.size > 100_000 for wheel in wheels)
    tag = "win_amd64" if platform == "windows-x64" else "x86_64.whl"
    assert all(tag in wheel.file for wheel in wheels)
    if cuda:
        (runtime_wheel,) = [wheel for wheel in wheels if "cuda-runtime" in wheel.name]
        assert runtime_wheel.version.startswith(f"{cuda}.")
        for part in ("cublas", "cudnn", "cufft", "curand", "nvrtc", "nvjitlink"):
            assert any(part in name for name in names)


def test_every_line_for_pip_has_a_hash():
    lines = requirements(wheels_of("cuda13", "linux-x64", "cp311")).splitlines()
    assert lines
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_the_lock_names_no_host():
    assert "http" not in LOCK.read_text("utf-8")
    assert all(
        "/" not in wheel["file"] for wheel in tomllib.loads(LOCK.read_text("utf-8"))["wheel"]
    )


def test_a_python_or_system_that_is_not_locked_is_told():
    for platform, python in (("linux-x64", "cp310"), ("linux-arm64", "cp311")):
        with pytest.raises(FacewrightError) as caught:
            wheels_of("cuda13", platform, python)
        assert caught.value.code == "runtime-not-for-this"


@pytest.mark.skipif(sys.platform != "linux", reason="the sizes of Linux")
def test_size_and_licences_are_told_before(tmp_path):
    plan = plan_install("gpu", driver="580.95.05", root=tmp_path / "not" / "there")
    text = " ".join(plan.sentences())
    assert plan.runtime == "cuda13"
    assert f"{plan.download_bytes / 1e6:.0f} MB to download" in text
    assert "NVIDIA's licences" in text
    assert str(tmp_path) in text
    assert not list(tmp_path.iterdir())  # and nothing was made
