# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences say of the card reaches the requests."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest
from facewright import registration
from facewright.engine.core.inference.gpu_settings import GpuSettings
from facewright.engine.core.inference.providers import DEVICES
from facewright.properties import preferences


@pytest.fixture(autouse=True)
def registered():
    registration.register()
    yield
    registration.unregister()


def _properties():
    return preferences.FacewrightPreferences.bl_rna.properties


def test_every_device_can_be_chosen_and_stored_numbers_stay():
    items = _properties()["device"].enum_items
    assert {item.identifier for item in items} == set(DEVICES)
    assert {item.identifier: item.value for item in items} | {"auto": 0, "cuda": 1, "cpu": 2} == {
        item.identifier: item.value for item in items
    }
    assert all(item.description for item in items)


def test_the_usual_preferences_are_the_usual_settings():
    usual, rows = GpuSettings(), _properties()
    assert rows["gpu_memory"].default == usual.memory_mib
    assert rows["gpu_batch"].default == usual.batch
    assert rows["gpu_decode"].default == usual.decode
    assert rows["gpu_half"].default == usual.half
    assert preferences.chosen_device(bpy.context) == {"device": "auto", "gpu": usual}


def test_what_is_chosen_is_asked_for(monkeypatch):
    chosen = SimpleNamespace(
        device="cuda", gpu_memory=256, gpu_batch=4, gpu_decode=False, gpu_half=True
    )
    monkeypatch.setattr(preferences, "preferences_of", lambda _context: chosen)
    assert preferences.chosen_device(bpy.context) == {
        "device": "cuda",
        "gpu": GpuSettings(memory_mib=256, batch=4, decode=False, half=True),
    }
