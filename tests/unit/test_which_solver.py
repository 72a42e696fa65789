# SPDX-License-Identifier: GPL-3.0-or-later
"""Which solver is meant where nobody chose one."""

from __future__ import annotations

import pytest

from engine.core.engines import ENGINES
from engine.core.requests import SolveSettings
from engine.core.solvers import AUTO, FACEWRIGHT, RAW, solver_of
from engine.pipeline.solve import settled

WEIGHTS = '[model]\nfile = "a.onnx"\n[[output]]\nmeaning = "{}"\n'


@pytest.mark.parametrize("info", ENGINES, ids=lambda info: info.id)
def test_engines_with_weights_of_their_own_keep_them(info):
    assert solver_of(info.id) == (RAW if info.id in ("deca", "emoca") else FACEWRIGHT)
    assert solver_of(info.id, RAW) == RAW and solver_of(info.id, FACEWRIGHT) == FACEWRIGHT


@pytest.mark.parametrize(
    ("text", "solver"),
    [
        (WEIGHTS.format("weights"), RAW),
        (WEIGHTS.format("landmarks68"), FACEWRIGHT),
        ("output = 3", FACEWRIGHT),
        ("output = [1, 2]", FACEWRIGHT),
        ("no toml", FACEWRIGHT),
    ],
)
def test_an_engine_of_ones_own_is_asked(tmp_path, text, solver):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert solver_of(str(path)) == solver
    assert solver_of(str(path), FACEWRIGHT) == FACEWRIGHT


def test_a_take_knows_only_the_name_of_the_description(tmp_path, monkeypatch):
    """Another file of that name, where the command happens to run, says nothing."""
    (tmp_path / "mine.toml").write_text(WEIGHTS.format("weights"))
    monkeypatch.chdir(tmp_path)
    automatic = SolveSettings(symmetry=0.5)
    assert automatic.solver == AUTO
    assert settled(automatic, "mine.toml", FACEWRIGHT) == SolveSettings(FACEWRIGHT, symmetry=0.5)
    assert settled(automatic, "mine.toml", RAW).solver == RAW
    assert settled(SolveSettings(FACEWRIGHT), "mine.toml", RAW).solver == FACEWRIGHT
    # What an engine that is known was solved with before does not count.
    assert settled(automatic, "mediapipe", RAW).solver == FACEWRIGHT
