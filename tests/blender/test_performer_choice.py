# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing among the performer profiles that lie beside the takes."""

import bpy
import pytest
from facewright import registration


@pytest.fixture
def addon():
    registration.register()
    yield
    registration.unregister()


@pytest.mark.usefixtures("addon")
def test_a_profile_beside_the_takes_can_be_chosen_and_left(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    folder = tmp_path / "takes"
    folder.mkdir()
    profile = folder / "anna.fwperformer"
    profile.write_text("{}")
    solve = bpy.context.scene.facewright.solve
    assert bpy.ops.facewright.choose_performer(profile=str(profile)) == {"FINISHED"}
    assert solve.performer == str(profile)
    assert bpy.ops.facewright.choose_performer(profile="NONE") == {"FINISHED"}
    assert solve.performer == ""
    with pytest.raises(TypeError):  # not in the list
        bpy.ops.facewright.choose_performer(profile=str(folder / "nobody.fwperformer"))
