# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider is proved against the processor before it is used, and found out where it is wrong."""

from __future__ import annotations

import json
import os
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from fake_gpu import CARD, Card, Fail, time_as

from engine.core.inference import onnx_session, provider_start
from engine.core.inference.onnx_session import open_model
from engine.core.inference.provider_check import (
    TOLERANCE,
    VERSION,
    Verdict,
    Verdicts,
    check,
    difference,
    stored_input,
)
from engine.core.inference.providers import CPU, CUDA, DIRECTML, TENSORRT
from engine.models.catalog import model_path


def _network():
    return model_path("face_blendshapes")


@pytest.fixture
def card(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    return Card(CUDA).put_in(monkeypatch, tmp_path)


@pytest.mark.parametrize("picture", [(3, 8, 12), (8, 12, 3), (3, None, None), (146, 2), (7,)])
def test_the_stored_input_is_always_the_same(picture):
    one, two = stored_input(picture, 2), stored_input(picture, 2)
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.float32
    assert one.shape == (2, *(side or 256 for side in picture))
    assert 0 <= one.min() < one.max() <= 1
    assert (one[0] != one[1]).any()


def test_differences_count_by_the_range_of_the_values():
    reference = [np.array([[0.0, 200.0]]), np.array([[-12.0]])]
    near = [reference[0] + 0.1, reference[1] - 0.006]
    assert difference(near, reference) == pytest.approx(0.0005)
    assert difference([reference[0][:, :1], reference[1]], reference) == np.inf


def test_the_times_are_medians_after_a_warm_up():
    runs, seconds = [], iter(range(1000))

    def network(array):
        runs.append(len(array))
        return [array.sum((1,), keepdims=True)]

    verdict = check(
        network, network, (4,), 2, cpu_streams=2, warm_up=3, clock=lambda: next(seconds)
    )
    assert not verdict.problem
    assert (verdict.device_ms, verdict.cpu_ms) == (500.0, 500.0)
    assert not verdict.is_slower
    assert runs.count(2) == 1 + 3 + 5


def test_a_good_card_is_used_and_the_verdict_kept(card, tmp_path):
    model = open_model(_network())
    assert (model.provider, model.notes) == (CUDA, [])
    ran = card.runs
    points = np.random.default_rng(1).random((1, 146, 2), np.float32)
    (scores,) = model.run(points)
    np.testing.assert_allclose(scores, open_model(_network(), "cpu").run(points)[0], atol=1e-5)
    asked = card.on_cpu
    again = open_model(_network())
    assert again.provider == CUDA
    assert card.on_cpu == asked  # not proved a second time
    assert card.runs - ran == 1 + 2  # the run above and the warm-up
    (entry,) = json.loads((tmp_path / "cache" / "providers.json").read_text())["entries"].values()
    assert entry["verdict"]["difference"] <= TOLERANCE


def test_wrong_values_are_found_out_and_never_used(card):
    card.spoils = lambda outputs: [output * 1.01 for output in outputs]
    for device in ("auto", "cuda", "cuda"):
        model = open_model(_network(), device)
        assert model.provider == CPU
        assert "CUDA is not used for face_blendshapes.onnx: its values differ" in model.note


def test_values_that_are_not_numbers_are_found_out(card):
    card.spoils = lambda outputs: [np.full_like(output, np.nan) for output in outputs]
    model = open_model(_network())
    assert model.provider == CPU
    assert "not numbers" in model.note


def test_a_slower_card_is_used_only_where_it_was_named(monkeypatch, tmp_path):
    Card(CUDA).put_in(monkeypatch, tmp_path)
    time_as(monkeypatch, faster=False)
    automatic, named = open_model(_network()), open_model(_network(), "cuda")
    assert automatic.provider == CPU
    assert "5.00 ms a picture and the processor 1.00 ms" in automatic.note
    assert named.provider == CUDA
    assert "as asked, though" in named.note


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (True, "could not be started"),
        (Fail("CUDA failure 100: no CUDA-capable device is detected"), "no CUDA-capable device"),
        (ValueError("odd"), "odd"),
    ],
)
def test_a_card_that_does_not_start_is_told(card, refusal, words):
    card.refuses[CUDA] = refusal
    model = open_model(_network())
    assert model.provider == CPU
    assert words in model.note
    card.refuses.clear()
    assert open_model(_network()).provider == CUDA  # not held against it


def test_the_next_provider_has_its_turn(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    card = Card(TENSORRT, CUDA).put_in(monkeypatch, tmp_path)
    card.refuses[TENSORRT] = True
    model = open_model(_network(), "tensorrt")
    assert model.provider == CUDA
    assert "TensorRT could not be started" in model.note


def test_automatic_waits_for_no_engine_to_be_built(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    card = Card(TENSORRT, CUDA).put_in(monkeypatch, tmp_path)
    assert open_model(_network()).provider == CUDA
    assert open_model(_network(), "tensorrt").provider == TENSORRT
    options = card.sessions[-1].options[TENSORRT]
    folder = tmp_path / "cache" / "tensorrt"
    (built,) = folder.iterdir()
    assert options["trt_engine_cache_path"] == str(built)
    (built / "x.engine").touch()  # what TensorRT would leave there
    assert open_model(_network()).provider == TENSORRT


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        ("TensorRT EP could not deserialize engine from cache: /a/x.engine", False),
        ("TensorRT EP could not create timing cache: /a/x.timing", False),
        ("Error Code 2: OutOfMemory (Requested size was 9 bytes.)", True),
    ],
)
def test_an_engine_that_was_not_written_to_its_end_is_built_anew(
    monkeypatch, tmp_path, error, is_kept
):
    time_as(monkeypatch, faster=True)
    card = Card(TENSORRT, CUDA).put_in(monkeypatch, tmp_path)
    open_model(_network(), "tensorrt")
    (built,) = (tmp_path / "cache" / "tensorrt").iterdir()
    (built / "x.engine").touch()
    card.refuses[TENSORRT] = Fail(error)
    assert open_model(_network(), "tensorrt").provider == CUDA
    assert built.exists() == is_kept


@pytest.mark.parametrize(("before", "after"), [(None, "0"), ("1", "1")])
def test_cudas_libraries_compute_in_32_bits_unless_the_person_says_otherwise(
    monkeypatch, before, after
):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "of the test")  # so that it is put back
    if before is None:
        monkeypatch.delenv("NVIDIA_TF32_OVERRIDE")
    else:
        monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", before)
    onnx_session._load_cuda.__wrapped__(SimpleNamespace())
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == after


def test_another_driver_is_proved_anew(card, monkeypatch):
    open_model(_network())
    asked = card.on_cpu
    monkeypatch.setattr(provider_start, "cuda_cards", lambda: (CARD.replace("550", "560"),))
    open_model(_network())
    assert card.on_cpu > asked


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 1, "entries": 3}', "null", "\0\0", "[" * 100_000],
    ids=["empty", "open", "list", "number", "null", "zeros", "deep"],
)
def test_a_damaged_file_is_an_empty_one(card, tmp_path, text):
    file = tmp_path / "cache" / "providers.json"
    file.parent.mkdir()
    file.write_text(text)
    assert open_model(_network()).provider == CUDA
    assert json.loads(file.read_text())["version"] == VERSION


def test_damaged_entries_count_for_nothing(tmp_path):
    file = tmp_path / "providers.json"
    verdicts = Verdicts(file)

    def write(entry: object) -> None:
        file.write_text(json.dumps({"version": VERSION, "entries": {"key": entry}}))

    for entry in (3, None, {"verdict": 3}, {"verdict": {"problem": "", "device_ms": "2"}}):
        write(entry)
        assert verdicts.find("key") is None
    for number in (float("inf"), float("nan"), 10**400):
        write({"verdict": {"problem": "", "device_ms": number}})
        assert verdicts.find("key") is None
    verdicts.keep("key", Verdict("", 0.1, 2.0, 3.0))
    verdicts.keep("other", Verdict("bad"))
    assert verdicts.find("key") == Verdict("", 0.1, 2.0, 3.0)
    assert verdicts.find("other") == Verdict("bad")


@pytest.mark.parametrize(("device", "is_tried"), [("auto", False), ("cuda", True)])
def test_a_check_that_was_cut_off_twice_is_left_to_who_names_it(card, device, is_tried):
    open_model(_network())
    (name,) = json.loads(provider_start.verdicts_file().read_text())["entries"]
    provider_start.verdicts_file().unlink()
    checks = provider_start.attempts_folder()
    (checks / name).write_text(f"unfinished {time.time():.0f}\nbegin {time.time():.0f}\n")
    model = open_model(_network(), device)
    assert (model.provider == CUDA) == is_tried
    assert ("cut off twice" in model.note) != is_tried
    assert ("`runtime forget`" in model.note) != is_tried
    assert list(checks.iterdir()) == ([] if is_tried else [checks / name])


def test_workers_that_start_together_keep_each_others_verdicts(tmp_path):
    def work(worker: int) -> None:
        verdicts = Verdicts(tmp_path / "providers.json")
        for turn in range(20):
            verdicts.keep(f"{worker} {turn}", Verdict("", 0.0, 1.0, 2.0))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = json.loads((tmp_path / "providers.json").read_text())["entries"]
    assert len(kept) == 60
    assert all("verdict" in entry for entry in kept.values())


def test_a_folder_that_cannot_be_written_costs_only_time(card, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "file"))
    assert open_model(_network()).provider == CUDA


def test_directml_runs_one_at_a_time_without_buffers(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    card = Card(DIRECTML).put_in(monkeypatch, tmp_path)
    model = open_model(_network())
    assert model.provider == DIRECTML
    points = np.random.default_rng(1).random((3, 146, 2), np.float32)
    card.batches.clear()
    (scores,) = model.run(points)
    assert card.batches == [1, 1, 1]
    np.testing.assert_allclose(scores, open_model(_network(), "cpu").run(points)[0], atol=1e-5)


def test_a_model_that_cannot_be_opened_is_no_fault_of_the_card(card, tmp_path):
    from engine.core.errors import FacewrightError

    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    for path in (broken, tmp_path / "missing.onnx"):
        with pytest.raises(FacewrightError) as caught:
            open_model(path)
        assert caught.value.code == "model-corrupt"
