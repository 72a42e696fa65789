# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that fails in the middle costs no frame: the processor goes on from the same picture."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from queue import SimpleQueue

import numpy as np
import pytest
from fake_gpu import Card, Fail, time_as

from engine.core.inference.gpu_settings import GpuSettings
from engine.core.inference.onnx_session import open_model
from engine.core.inference.provider_faults import fault_of
from engine.core.inference.providers import CPU, CUDA, DIRECTML
from engine.core.progress import Progress
from engine.core.requests import LiveRequest, SolveSettings, TrackRequest
from engine.core.types import Observations
from engine.filters.live import LiveFilterSettings
from engine.models.catalog import model_path
from engine.pipeline.capture_live import capture_live
from engine.pipeline.track import track_video
from engine.sources.media import VideoSource
from engine.takes.take_file import read_header, read_observations
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.worker.live_job import run_live

CLIP = "single_face.mp4"
FRAMES = 30
# A card that is the processor is slow to warm up.
GPU = GpuSettings(warm_up_runs=0)


@pytest.fixture
def card(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    return Card(CUDA).put_in(monkeypatch, tmp_path)


def _points(seed=1, rows=1):
    return np.random.default_rng(seed).random((rows, 146, 2), np.float32)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CUDA failure 2: out of memory ; GPU=0 ; hostname=x", "its memory ran out"),
        ("bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 9", "ran out"),
        (
            "BFCArena::AllocateRawInternal(size_t, bool) Available memory of 19968 is smaller than "
            "requested bytes of 1572864",
            "its memory ran out",
        ),
        ("CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED", "ran out"),
        ("CUDNN failure 5003: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", "ran out"),
        ("Error Code 2: OutOfMemory (Requested size was 5 bytes.)", "ran out"),
        ("DmlCommittedResourceAllocator.cpp(23) 8007000E Not enough memory", "ran out"),
        ("CUDA failure 700: an illegal memory access was encountered", "device was lost"),
        ("CUDA error 719: unspecified launch failure", "device was lost"),
        ("CUDA failure 999: unknown error ; GPU=0", "device was lost"),
        ("ExecutionProvider.cpp(971) 887A0005 The GPU device instance has been suspended.", "lost"),
        ("Non-zero status code returned while running Conv node.", "it failed (Non-zero status"),
        ("CUDA failure 209: no kernel image is available", "it failed (CUDA failure 209"),
        # As onnxruntime 1.26 says them without a driver and without TensorRT.
        (
            "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider_info.cc:60 "
            "static onnxruntime::CUDAExecutionProviderInfo [ONNXRuntimeError] : 1 : FAIL : "
            'Parse Failed to parse provider option "device_id": CUDA failure 35: CUDA driver '
            "version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=vm ;",
            "it failed (CUDA failure 35: CUDA driver version is insufficient for CUDA runtime "
            "version)",
        ),
        (
            "FAIL : Failed to load library /a/libonnxruntime_providers_tensorrt.so with error: "
            "libnvinfer.so.10: cannot open shared object file: No such file or directory",
            "it failed (libnvinfer.so.10: cannot open shared object file: No such file",
        ),
    ],
)
def test_faults_are_told_apart_by_their_text(text, words):
    assert words in fault_of(Fail(text))
    assert words in fault_of(RuntimeError(text))


def test_the_callers_own_mistakes_are_no_faults():
    invalid = type("InvalidArgument", (Exception,), {"__module__": "onnxruntime.capi.x"})
    for error in (invalid("Got invalid dimensions"), TypeError("x"), KeyError("x"), OSError("x")):
        assert fault_of(error) == ""
    assert fault_of(MemoryError())


def test_a_wrong_shape_is_the_callers_mistake(card):
    model = open_model(model_path("face_blendshapes"), batch=1)
    with pytest.raises(ValueError, match="rows of"):
        model.run(np.zeros((1, 9, 9, 9), np.float32))
    assert model.provider == CUDA
    assert not model.notes


@pytest.mark.parametrize("provider", [CUDA, DIRECTML])
def test_the_same_input_is_answered_by_the_processor(monkeypatch, tmp_path, provider):
    time_as(monkeypatch, faster=True)
    card = Card(provider).put_in(monkeypatch, tmp_path)
    model = open_model(model_path("face_blendshapes"))
    card.fails_at = card.runs + 1
    right = open_model(model_path("face_blendshapes"), "cpu")
    for seed in range(4):
        np.testing.assert_array_equal(model.run(_points(seed))[0], right.run(_points(seed))[0])
    assert model.provider == CPU
    (note,) = model.notes
    assert "stopped working for face_blendshapes.onnx: its memory ran out" in note
    assert "from the same picture" in note


def _in_threads(model, count: int, turns: int = 10) -> list:
    """Asks from several threads at once; what was not answered as the processor does."""
    right = open_model(model_path("face_blendshapes"), "cpu")
    wrong, begin = [], threading.Barrier(count)

    def ask(thread: int) -> None:
        begin.wait()
        for turn in range(turns):
            points = _points(100 * thread + turn)
            if np.abs(model.run(points)[0] - right.run(points)[0]).max() > 1e-5:
                wrong.append((thread, turn))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.parametrize("provider", [CUDA, DIRECTML])
def test_where_memory_runs_out_batches_become_smaller_and_nothing_is_lost(
    monkeypatch, tmp_path, provider
):
    time_as(monkeypatch, faster=True)
    card = Card(provider).put_in(monkeypatch, tmp_path)
    model = open_model(model_path("face_blendshapes"), batch=8)
    first = model.session
    card.most_rows = 2
    card.batches.clear()
    given = _points(rows=8)
    right = open_model(model_path("face_blendshapes"), "cpu")
    np.testing.assert_allclose(model.run(given)[0], right.run(given)[0], atol=1e-5)
    assert card.batches == [8, 4, 2, 2, 2, 2]
    assert model.session is not first  # a session gives back its memory only at its end
    assert model.provider == provider
    (note,) = model.notes
    assert "memory ran out with 8 pictures of face_blendshapes.onnx at once; it takes 2" in note
    assert not _in_threads(model, 4)
    assert model.notes == [note]
    card.most_rows = 0
    np.testing.assert_allclose(model.run(given)[0], right.run(given)[0], atol=1e-5)
    assert model.provider == CPU
    assert "stopped working for face_blendshapes.onnx: its memory ran out" in model.notes[-1]


def test_a_card_that_is_too_small_at_the_start_gets_smaller_batches(card):
    card.most_rows = 4
    for _ in range(2):  # the second time without a check
        model = open_model(model_path("face_blendshapes"), batch=16)
        assert (model.provider, model.batch) == (CUDA, 4)
        assert "it takes 4" in model.note


@pytest.mark.parametrize("bind", [True, False])
def test_inputs_and_outputs_are_bound_unless_that_is_not_wanted(card, bind):
    model = open_model(model_path("face_blendshapes"), gpu=GpuSettings(bind=bind), batch=8)
    assert model.provider == CUDA
    card.batches.clear()
    right = open_model(model_path("face_blendshapes"), "cpu")
    given = _points(rows=3)
    np.testing.assert_allclose(model.run(given)[0], right.run(given)[0], atol=1e-5)
    assert card.batches == [4 if bind else 3]  # only buffers have sizes


def test_a_batch_that_is_none_is_told(card):
    model = open_model(model_path("face_blendshapes"), gpu=GpuSettings(batch=33), batch=0)
    assert model.batch == 32
    assert "Batches of 33 pictures were asked for; they have 32" in model.note
    assert not open_model(model_path("face_blendshapes"), gpu=GpuSettings(batch=8), batch=0).notes


def test_values_that_are_not_numbers_in_the_middle_are_a_failure(card):
    model = open_model(model_path("face_blendshapes"))
    card.spoils = lambda outputs: [np.full_like(output, np.nan) for output in outputs]
    assert np.isfinite(model.run(_points())[0]).all()
    assert model.provider == CPU
    assert "not numbers" in model.note


def test_many_threads_fall_back_once_and_all_get_their_own_answer(card):
    model = open_model(model_path("face_blendshapes"), batch=8)
    card.fails_at, card.error = card.runs + 5, Fail("CUDA failure 999: unknown error ; GPU=0")
    assert not _in_threads(model, 8)
    assert model.provider == CPU
    assert len(model.notes) == 1
    assert len([session for session in card.sessions if not session.is_card]) == 2


def _frames(clip):
    with VideoSource(clip(CLIP)) as source:
        return list(itertools.islice(source.frames(), FRAMES))


def _tracker(**options):
    options = {"gpu": GPU, "memory_bytes": 30 << 20} | options
    return create_tracker("mediapipe", TrackerOptions(model_path, **options))


def _track(tracker, frames):
    return Observations.concatenate(list(tracker.track(iter(frames))))


def _assert_same(one: Observations, other: Observations) -> None:
    np.testing.assert_array_equal(one.index, other.index)
    np.testing.assert_array_equal(one.valid, other.valid)
    np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-3)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
    np.testing.assert_allclose(one.appearance, other.appearance, atol=1e-3)
    np.testing.assert_allclose(one.head, other.head, atol=1e-3)


def test_a_clip_has_the_same_rows_on_a_card_and_when_it_fails_halfway(clip, card):
    frames = _frames(clip)
    right = _track(_tracker(device="cpu", streams=3), frames)
    tracker = _tracker(streams=3)
    _assert_same(_track(tracker, frames), right)
    assert tracker.provider == CUDA
    assert not tracker.notes
    tracker = _tracker(streams=3)
    card.fails_at = card.runs + 12
    _assert_same(_track(tracker, frames), right)
    assert tracker.provider == CPU
    assert any("face_landmarks.onnx" in note for note in tracker.notes)


def test_a_card_is_asked_by_as_many_streams_as_its_memory_holds(card):
    for gpu, batch in (
        (GpuSettings(), 16),
        (GpuSettings(memory_mib=1024), 32),
        (GpuSettings(batch=8), 8),
    ):
        assert TrackerOptions(model_path, gpu=gpu).open("face_blendshapes").batch == batch
    assert _tracker(gpu=GpuSettings(batch=8, warm_up_runs=0)).streams == 8
    assert _tracker(gpu=GPU, streams=2).streams == 2


def test_takes_and_reports_tell_of_both(clip, card, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.pipeline.track.VideoSource", _Short)
    told = []

    def fail_soon(done, _total, _unit):
        if not done:
            card.fails_at = card.runs + 5

    request = TrackRequest(str(clip(CLIP)), str(tmp_path / "a.fwtake"), streams=2, gpu=GPU)
    report = track_video(request, Progress(fail_soon, told.append))
    assert report.provider == f"{CUDA}, {CPU}"
    assert read_header(request.take)["provider"] == report.provider
    stopped = [text for text in report.warnings if "stopped working for face_landmarks" in text]
    assert len(stopped) == 1
    assert stopped[0] in told
    plain = TrackRequest(str(clip(CLIP)), str(tmp_path / "b.fwtake"), device="cpu", streams=2)
    assert track_video(plain).provider == CPU
    _assert_same(read_observations(request.take), read_observations(plain.take))


def test_live_captures_tell_of_both_in_terminal_and_worker(clip, card, tmp_path):
    def fail_soon(done, *_):
        if done == 3:
            card.fails_at = card.runs

    solve = SolveSettings(solver="raw")
    request = LiveRequest(f"file:{clip(CLIP)}", solve=solve, gpu=GPU)
    take, both = str(tmp_path / "a.fwtake"), f"{CUDA}, {CPU}"
    _, report = capture_live(
        request, LiveFilterSettings(), seconds=0.3, take=take, progress=Progress(fail_soon)
    )
    assert report.provider == read_header(take)["provider"] == both
    card.fails_at, frames = None, itertools.count()
    stop_soon = Progress(fail_soon, is_cancelled=lambda: next(frames) > 6)
    assert run_live(request, SimpleQueue(), lambda *_, **__: None, stop_soon).provider == both


def test_a_take_that_goes_on_elsewhere_names_all_that_ran_it(clip, card, tmp_path):
    done_so_far = [0]
    progress = Progress(
        lambda done, *_: done_so_far.__setitem__(0, done), is_cancelled=lambda: done_so_far[0] > 0
    )
    request = TrackRequest(str(clip(CLIP)), str(tmp_path / "a.fwtake"), streams=2, gpu=GPU)
    assert track_video(request, progress).state == "cancelled"
    assert read_header(request.take)["provider"] == CUDA
    on_cpu = replace(request, resume=True, device="cpu")
    assert track_video(on_cpu).provider == CPU
    assert read_header(request.take)["provider"] == f"{CUDA}, {CPU}"


class _Short(VideoSource):
    """The first frames of a clip."""

    def frames(self):
        return itertools.islice(super().frames(), FRAMES)


def test_cancelling_on_a_card_leaves_no_thread_that_reads(clip, card, tmp_path):
    asked = []

    def soon():
        asked.append(True)
        return len(asked) > 1

    request = TrackRequest(str(clip(CLIP)), str(tmp_path / "a.fwtake"), streams=2, gpu=GPU)
    assert track_video(request, Progress(is_cancelled=soon)).state == "cancelled"
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("reading", "tracking"))]
