# SPDX-License-Identifier: GPL-3.0-or-later
"""What may run a network: order, options, keys, facts of the card. No card is needed."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from engine.core.errors import FacewrightError
from engine.core.inference import gpu_facts
from engine.core.inference.gpu_facts import GpuFacts, ask_gpus, parse
from engine.core.inference.gpu_settings import GpuSettings
from engine.core.inference.providers import (
    COREML,
    CPU,
    CUDA,
    DEVICES,
    DIRECTML,
    TENSORRT,
    batch_limit,
    batch_sizes,
    cache_key,
    candidates,
    each_once,
    is_missing,
    provider_options,
)

CARD = GpuFacts("NVIDIA GeForce GTX 1650", "7.5", "550.54", 4096, 300)
ALL = [TENSORRT, CUDA, DIRECTML, COREML, CPU]


def test_automatic_takes_tensorrt_only_where_its_engine_was_built():
    assert candidates("auto", ALL) == [CUDA, DIRECTML, COREML]
    assert candidates("auto", ALL, tensorrt_built=True) == [TENSORRT, CUDA, DIRECTML, COREML]
    assert candidates("tensorrt", ALL) == [TENSORRT, CUDA]


def test_only_what_is_there_is_tried():
    assert candidates("auto", [CPU]) == []
    assert candidates("auto", ["AzureExecutionProvider", CPU]) == []
    assert candidates("cpu", ALL) == []
    assert candidates("directml", ALL) == [DIRECTML]
    assert is_missing("directml", [CUDA, CPU])
    assert is_missing("tensorrt", [CUDA, CPU])
    assert not is_missing("auto", [CPU])
    assert not is_missing("cpu", [CPU])


def test_an_unknown_device_is_refused_with_the_names():
    with pytest.raises(FacewrightError) as caught:
        candidates("abacus", ALL)
    assert caught.value.code == "device-unknown"
    assert all(device in caught.value.hint for device in DEVICES)


def test_the_settings_for_4_gb(tmp_path):
    options = provider_options(CUDA, GpuSettings(), tmp_path)
    # CUDA and cuDNN hold up to 600 MB beside it; together less than 1 GiB.
    assert int(options["gpu_mem_limit"]) + 600_000_000 < 1 << 30
    assert options["arena_extend_strategy"] == "kSameAsRequested"
    assert options["cudnn_conv_algo_search"] == "HEURISTIC"
    assert options["cudnn_conv_use_max_workspace"] == "0"
    assert options["use_tf32"] == "0"
    assert all(isinstance(value, str) for value in options.values())


def test_tensorrt_keeps_what_it_builds_and_computes_in_32_bits(tmp_path):
    options = provider_options(
        TENSORRT, GpuSettings(), tmp_path, {"image": (None, 3, 256, 256)}, largest_batch=16
    )
    switches = {value for name, value in options.items() if name.endswith("_enable")}
    assert switches == {"True", "False"}  # "1" and "0" are refused
    assert options["trt_fp16_enable"] == "False"
    assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"] == str(tmp_path)
    assert options["trt_profile_min_shapes"] == "image:1x3x256x256"
    assert options["trt_profile_max_shapes"] == "image:16x3x256x256"
    fixed = provider_options(TENSORRT, GpuSettings(half=True), tmp_path, {"image": (1, 3, 8, 8)})
    assert fixed["trt_fp16_enable"] == "True"
    assert not [name for name in fixed if "profile" in name]


def test_coreml_keeps_off_the_16_bit_engine(tmp_path):
    assert provider_options(COREML, GpuSettings(), tmp_path)["MLComputeUnits"] == "CPUAndGPU"


def test_directml_takes_the_card_and_not_the_processors_graphics(tmp_path):
    # With a number onnxruntime looks at nothing else.
    options = provider_options(DIRECTML, GpuSettings(), tmp_path)
    assert options == {"performance_preference": "high_performance", "device_filter": "gpu"}


def test_providers_are_told_once_each_and_in_order():
    assert each_once(CUDA, "", f"{CUDA}, {CPU}", CPU) == f"{CUDA}, {CPU}"
    assert each_once("") == ""


def test_batches_are_powers_of_two_within_the_memory():
    assert batch_sizes(1) == [1]
    assert batch_sizes(16) == [1, 2, 4, 8, 16]
    assert batch_sizes(20) == [1, 2, 4, 8, 16]
    for memory in (1, 64, 384, 4096):
        limit = batch_limit(GpuSettings(memory_mib=memory))
        assert limit in (1, 2, 4, 8, 16, 32)
        assert limit == 1 or limit * 16 <= memory
    assert batch_limit(GpuSettings(batch=5)) == 4


def test_whatever_changes_changes_the_key():
    card = "NVIDIA GeForce GTX 1650, 7.5, 550.54"
    usual = (CUDA, "1.31.1", "ab", (card,), "Linux x86_64")
    others = [
        (TENSORRT, *usual[1:]),
        (CUDA, "1.32", *usual[2:]),
        (*usual[:2], "cd", *usual[3:]),
        (*usual[:3], ("NVIDIA GeForce RTX 3060, 8.6, 550.54",), usual[4]),
        (*usual[:3], (card, card), usual[4]),
        (*usual[:3], (), usual[4]),
        (*usual[:4], "Windows AMD64"),
    ]
    keys = {cache_key(*other) for other in [usual, *others]}
    assert len(keys) == len(others) + 1


def test_what_decides_cudas_card_is_known_without_cuda(monkeypatch):
    def cards(*found: GpuFacts, **variables: str) -> tuple[str, ...]:
        for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(gpu_facts, "ask_gpus", lambda: list(found))
        gpu_facts.cuda_cards.cache_clear()
        return gpu_facts.cuda_cards()

    other = GpuFacts("NVIDIA RTX A4000", "8.6", "550.54", 16384, 0)
    assert cards() == ()
    # How full it is, is no part of it; where it is the only one, nothing chooses.
    assert cards(CARD) == cards(replace(CARD, used_mib=3000), CUDA_VISIBLE_DEVICES="0")
    several = [cards(CARD, other), cards(CARD, other, CUDA_VISIBLE_DEVICES="1")]
    several += [cards(CARD, other, CUDA_DEVICE_ORDER="PCI_BUS_ID"), cards(CARD)]
    assert len(set(several)) == 4
    gpu_facts.cuda_cards.cache_clear()


def test_the_cards_own_words():
    text = "NVIDIA GeForce GTX 1650, 7.5, 550.54, 4096, 300\n"
    assert parse(text) == [CARD]
    assert parse(text * 2) == [CARD, CARD]
    odd = "NVIDIA H200, 9.0, 570.1, [N/A], [N/A]\nno row\n\n"
    assert parse(odd) == [GpuFacts("NVIDIA H200", "9.0", "570.1", 0, 0)]
    assert parse("Quadro, 390.1, 2048, 9", with_capability=False)[0].compute_capability == ""


@pytest.mark.parametrize(
    "ends", [FileNotFoundError(), PermissionError(), subprocess.TimeoutExpired("x", 1), 9]
)
def test_no_tool_or_a_broken_one_gives_no_facts(monkeypatch, ends):
    def run(command, **_options):
        if isinstance(ends, Exception):
            raise ends
        return subprocess.CompletedProcess(command, ends, "garbage", "")

    monkeypatch.setattr(gpu_facts, "_tool", lambda: "nvidia-smi")
    monkeypatch.setattr(subprocess, "run", run)
    assert ask_gpus() == []
    monkeypatch.setattr(gpu_facts, "_tool", lambda: None)
    assert ask_gpus() == []
