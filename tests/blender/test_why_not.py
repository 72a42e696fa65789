# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator that cannot be pressed tells why, always in the same way."""

from __future__ import annotations

import bpy
import pytest
from facewright import registration
from facewright.operators.why_not import TellsWhyNot
from facewright.properties.run import run_of


@pytest.fixture(autouse=True)
def registered():
    registration.register()
    yield
    registration.unregister()


def test_every_disabled_operator_has_its_reason_as_its_tooltip():
    operators = [one for one in registration.CLASSES if issubclass(one, bpy.types.Operator)]
    asked = [one for one in operators if hasattr(one, "poll")]
    assert len(asked) > 40
    for one in asked:
        assert one.poll.__func__ is TellsWhyNot.poll.__func__, one.__name__
        reason = one.why_not(bpy.context)
        assert isinstance(reason, str) and not reason.endswith("."), one.__name__


@pytest.mark.parametrize(
    "name", ["doctor", "accept_model", "add_model", "remove_model", "use_take", "delete_take"]
)
def test_nothing_else_begins_while_facewright_is_at_work(name):
    run_of(bpy.context).is_running = True
    with pytest.raises(RuntimeError, match="Facewright is at work; Esc cancels"):
        getattr(bpy.ops.facewright, name)()


def test_the_own_reason_is_told_as_well():
    with pytest.raises(RuntimeError, match="Run the doctor first"):
        bpy.ops.facewright.copy_report()
    with pytest.raises(RuntimeError, match="No GPU runtime is installed"):
        bpy.ops.facewright.remove_runtime()
