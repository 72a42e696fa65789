# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a card travels from the command line to the worker unchanged."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from engine.core.inference.gpu_settings import GpuSettings
from engine.core.inference.provider_check import TOLERANCE
from engine.core.inference.providers import MIB_PER_PICTURE, batch_limit
from engine.core.requests import LiveRequest, TrackRequest
from engine.options import add_device_options, add_tracking_options, gpu_settings_from, request_from


def _parsed(*words, add=add_tracking_options):
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(words)


def test_the_usual_settings_are_those_of_the_settings_themselves():
    assert gpu_settings_from(_parsed(add=add_device_options)) == GpuSettings()


def test_every_option_arrives():
    words = (
        *("--device", "tensorrt", "--gpu-memory", "512", "--gpu-batch", "8", "--gpu-half"),
        *("--gpu-search", "exhaustive", "--gpu-arena", "next-power-of-two", "--no-gpu-decode"),
        *("--gpu-large-workspace", "--gpu-workspace", "256", "--gpu-warm-up", "0"),
        "--no-gpu-binding",
    )
    request = request_from(_parsed(*words), Path("a.mp4"), Path("a.fwtake"))
    assert request.device == "tensorrt"
    assert request.gpu == GpuSettings(
        memory_mib=512,
        arena="kNextPowerOfTwo",
        search="EXHAUSTIVE",
        large_workspace=True,
        half=True,
        warm_up_runs=0,
        tensorrt_workspace_mib=256,
        batch=8,
        bind=False,
        decode=False,
    )


@pytest.mark.parametrize("wrong", [("--gpu-memory", "3"), ("--device", "abacus")])
def test_what_makes_no_sense_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        _parsed(*wrong)
    assert "between 64" in (told := capsys.readouterr().err) or "abacus" in told


@pytest.mark.parametrize(
    "request_",
    [
        TrackRequest("a.mp4", "a.fwtake", gpu=GpuSettings(memory_mib=200, half=True)),
        LiveRequest("webcam:0", gpu=GpuSettings(batch=2)),
    ],
)
def test_the_settings_cross_the_wire(request_):
    assert type(request_).from_wire(json.loads(json.dumps(request_.to_wire()))) == request_


def test_a_request_of_an_older_version_has_the_usual_settings():
    wire = TrackRequest("a.mp4", "a.fwtake").to_wire()
    del wire["gpu"]
    assert TrackRequest.from_wire(wire).gpu == GpuSettings()


def test_the_page_on_hardware_names_every_option_and_its_default():
    page = (Path(__file__).resolve().parents[2] / "docs" / "hardware.md").read_text("utf-8")
    parser = argparse.ArgumentParser()
    add_device_options(parser)
    options = [word for action in parser._actions for word in action.option_strings]
    assert not [word for word in options if word.startswith("--") and word not in page + "--help"]
    usual = GpuSettings()
    assert f"| {usual.memory_mib} MiB | `--gpu-memory" in page
    assert f"| {usual.tensorrt_workspace_mib} MiB |" in page
    assert f"so {batch_limit(usual)} |" in page
    assert f"one for each {MIB_PER_PICTURE} MiB" in page
    assert f"{TOLERANCE:.1%}".replace("%", " %") in page
