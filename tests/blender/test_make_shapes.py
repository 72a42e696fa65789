# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes on a bare head: from the button to the keys, and nothing lost on the way."""

from __future__ import annotations

import tempfile

import bpy
import numpy as np
import pytest

pytest.importorskip("facewright")

from facewright import registration
from facewright.engine.core.arkit import NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.mesh_file import read_meshes, write_shapes
from facewright.scene.head import create_head
from facewright.scene.key_shapes import coordinates
from facewright.scene.landmark_empties import (
    COLLECTION,
    placed_landmarks,
    remove_landmarks,
    show_landmarks,
    sort_out_far,
)
from facewright.scene.make_shapes import (
    ShapesSettings,
    add_shapes,
    landmarks_in_world,
    prepare_request,
    shape_meshes,
)
from facewright.scene.sent_mesh import SentMesh

CUBE = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


@pytest.fixture
def registered():
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def cube(scene):
    mesh = bpy.data.meshes.new("Cube")
    mesh.from_pydata(CUBE, [], FACES)
    ob = bpy.data.objects.new("Cube", mesh)
    scene.collection.objects.link(ob)
    bpy.context.view_layer.update()
    return ob


def moves(ob, name):
    keys = ob.data.shape_keys
    return coordinates(keys.key_blocks[name]) - coordinates(keys.reference_key)


def place(ob, **transform):
    for name, value in transform.items():
        setattr(ob, name, value)
    bpy.context.view_layer.update()


def test_shapes_come_back_in_the_meshs_own_axes(cube, tmp_path):
    # Turned to look along +X, twice as large, moved.
    place(cube, rotation_euler=(0, 0, np.pi / 2), scale=(2, 2, 2), location=(5, 6, 7))
    settings = ShapesSettings(facing="+X")
    prepare_request([cube], settings, tmp_path)
    sent_meshes = [SentMesh.of(cube)]
    (sent,) = read_meshes(tmp_path / "meshes.npz")
    # The character's front is -y: the world's +X side is there.
    world = np.array([cube.matrix_world @ v.co for v in cube.data.vertices])
    assert np.allclose(sent.vertices[:, 1], -world[:, 0])
    assert np.allclose(sent.vertices[:, 0], world[:, 1])
    assert np.allclose(sent.vertices[:, 2], world[:, 2])
    delta = np.zeros((8, 3), np.float32)
    delta[3] = (0.0, -0.5, 0.25)  # forwards and up
    write_shapes(tmp_path / "shapes.npz", {"Cube": {"jawOpen": delta}})
    made = add_shapes(sent_meshes, tmp_path / "shapes.npz", settings)
    assert made.made == {"Cube": ["jawOpen"]}
    # Forwards is the world's +X, which is the mesh's -Y: half, because it is twice as large.
    assert np.allclose(moves(cube, "jawOpen")[3], (0.0, -0.25, 0.125), atol=1e-6)
    assert cube.data.shape_keys.key_blocks["jawOpen"].value == 0.0
    assert [b.name for b in cube.data.shape_keys.key_blocks] == ["Basis", "jawOpen"]


def test_a_mirrored_objects_faces_still_look_outwards(cube, tmp_path):
    place(cube, scale=(-1, 1, 1))
    prepare_request([cube], ShapesSettings(), tmp_path)
    (sent,) = read_meshes(tmp_path / "meshes.npz")
    corners = sent.vertices[sent.face_vertices.reshape(6, 4)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1])
    assert (np.einsum("fd,fd->f", normals, corners.mean(1)) > 0).all()


@pytest.mark.parametrize("existing", ["KEEP", "REPLACE"])
def test_keys_that_are_there(cube, tmp_path, existing):
    cube.shape_key_add(name="Basis")
    own = cube.shape_key_add(name="jawOpen")
    own.data[0].co = (9, 9, 9)
    new = np.full((8, 3), 0.5, np.float32)
    write_shapes(tmp_path / "s.npz", {"Cube": {"jawOpen": new, "cheekPuff": new}})
    made = add_shapes([SentMesh.of(cube)], tmp_path / "s.npz", ShapesSettings(existing=existing))
    kept = existing == "KEEP"
    assert tuple(own.data[0].co) == ((9, 9, 9) if kept else (-0.5, -0.5, -0.5))
    assert made.kept == ({"Cube": ["jawOpen"]} if kept else {})
    assert made.made["Cube"] == (["cheekPuff"] if kept else ["jawOpen", "cheekPuff"])


def test_a_mesh_that_was_edited_meanwhile_is_left_alone(cube, tmp_path):
    write_shapes(tmp_path / "s.npz", {"Cube": {"jawOpen": np.zeros((7, 3), np.float32)}})
    with pytest.raises(FacewrightError, match="edited") as caught:
        add_shapes([SentMesh.of(cube)], tmp_path / "s.npz", ShapesSettings())
    assert caught.value.code == "mesh-changed"
    assert cube.data.shape_keys is None


def test_what_was_asked_for_counts_though_the_object_was_renamed_and_turned(cube, tmp_path):
    place(cube, scale=(2, 2, 2))
    sent = [SentMesh.of(cube)]
    prepare_request([cube], ShapesSettings(), tmp_path)
    delta = np.zeros((8, 3), np.float32)
    delta[3] = (0.0, -0.5, 0.25)
    write_shapes(tmp_path / "s.npz", {"Cube": {"jawOpen": delta}})
    cube.name = "Head"
    place(cube, rotation_euler=(0, 0, 1.0), scale=(1, 1, 1))
    made = add_shapes(sent, tmp_path / "s.npz", ShapesSettings())
    assert made.made == {"Head": ["jawOpen"]}
    assert np.allclose(moves(cube, "jawOpen")[3], (0.0, -0.25, 0.125), atol=1e-6)


def test_nothing_is_added_in_edit_mode_and_nothing_to_what_is_gone(cube, tmp_path):
    sent = [SentMesh.of(cube)]
    write_shapes(tmp_path / "s.npz", {"Cube": {"jawOpen": np.ones((8, 3), np.float32)}})
    bpy.context.view_layer.objects.active = cube
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(FacewrightError) as caught:
        add_shapes(sent, tmp_path / "s.npz", ShapesSettings())
    assert caught.value.code == "edit-mode"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert cube.data.shape_keys is None
    bpy.data.objects.remove(cube)
    assert add_shapes(sent, tmp_path / "s.npz", ShapesSettings()).made == {}


@pytest.mark.parametrize("about", [None, "Middle"])
def test_half_a_head_with_a_mirror_is_told_and_a_whole_one_is_not(scene, cube, about):
    mirror = cube.modifiers.new("Both Sides", "MIRROR")
    assert shape_meshes([cube]) == [cube]
    if about:
        mirror.mirror_object = bpy.data.objects.new(about, None)
        scene.collection.objects.link(mirror.mirror_object)
        place(cube, location=(2, 0, 0))
    else:
        for vertex in cube.data.vertices:
            vertex.co.x = max(vertex.co.x, 0.0)
    with pytest.raises(FacewrightError, match=r'"Both Sides".*Apply it first') as caught:
        shape_meshes([cube])
    assert caught.value.code == "mirror-modifier"
    mirror.show_viewport = False
    assert shape_meshes([cube]) == [cube]


def test_a_scale_of_0_is_told(cube):
    place(cube, scale=(1, 1, 0))
    with pytest.raises(FacewrightError) as caught:
        shape_meshes([cube])
    assert caught.value.code == "mesh-flat"


def test_what_is_no_mesh_is_told(scene):
    empty = bpy.data.objects.new("Empty", None)
    scene.collection.objects.link(empty)
    for chosen, code in (([], "no-object"), ([empty], "no-mesh")):
        with pytest.raises(FacewrightError) as caught:
            shape_meshes(chosen)
        assert caught.value.code == code


def test_landmarks_are_empties_that_can_be_moved(scene):
    settings = ShapesSettings(facing="+Y")
    world = landmarks_in_world({"landmarks": {"noseTip": [0.5, -1.0, 2.0]}}, settings)
    assert np.allclose(world["noseTip"], (-0.5, 1.0, 2.0))
    (empty,) = show_landmarks(scene, world, 0.1)
    empty.location.x = 3.0
    bpy.context.view_layer.update()
    assert np.allclose(placed_landmarks(scene)["noseTip"], (3.0, 1.0, 2.0))
    show_landmarks(scene, world, 0.1)
    assert len([ob for ob in scene.objects if "facewright_landmark" in ob]) == 1
    assert remove_landmarks(scene) == 1
    assert placed_landmarks(scene) == {}


def test_landmarks_are_those_of_their_mesh(scene, cube):
    other = bpy.data.objects.new("Other", cube.data.copy())
    scene.collection.objects.link(other)
    show_landmarks(scene, {"noseTip": (1, 2, 3)}, 0.1, cube)
    show_landmarks(scene, {"noseTip": (4, 5, 6), "chin": (7, 8, 9)}, 0.1, other)
    cube.name = "Renamed"
    assert placed_landmarks(scene, [cube]) == {"noseTip": (1, 2, 3)}
    assert placed_landmarks(scene, [other])["noseTip"] == (4, 5, 6)
    # What was placed for no mesh in particular fills gaps.
    show_landmarks(scene, {"noseTip": (0, 0, 0), "chin": (0, 1, 0)}, 0.1)
    assert placed_landmarks(scene, [cube]) == {"noseTip": (1, 2, 3), "chin": (0, 1, 0)}
    bpy.data.objects.remove(other)
    assert placed_landmarks(scene, [cube]) == {"noseTip": (1, 2, 3), "chin": (0, 1, 0)}
    assert remove_landmarks(scene) == 5
    assert not [ob for ob in bpy.data.objects if ob.type == "EMPTY"]


def test_landmarks_far_from_the_meshes_are_sorted_out(cube):
    place(cube, location=(10, 0, 0), scale=(2, 2, 2))
    near, far = sort_out_far({"chin": (12.1, 0, 0), "noseTip": (0, 0, 0)}, [cube])
    assert (near, far) == ({"chin": (12.1, 0, 0)}, ["noseTip"])


def test_landmarks_below_a_parent_stand_where_they_shall(scene):
    parent = bpy.data.objects.new("Parent", None)
    scene.collection.objects.link(parent)
    (empty,) = show_landmarks(scene, {"chin": (1, 2, 3)}, 0.1)
    assert placed_landmarks(scene) == {"chin": (1, 2, 3)}, "without waiting for an update"
    empty.parent = parent
    place(parent, location=(10, 0, 0), scale=(2, 2, 2))
    show_landmarks(scene, {"chin": (1, 2, 4)}, 0.1)
    bpy.context.view_layer.update()
    assert np.allclose(placed_landmarks(scene)["chin"], (1, 2, 4))


def test_removing_landmarks_leaves_other_scenes_and_what_is_beside_them(scene):
    show_landmarks(scene, {"chin": (1, 2, 3)}, 0.1)
    other = bpy.data.scenes.new("Other")
    show_landmarks(other, {"chin": (4, 5, 6)}, 0.1)
    assert placed_landmarks(scene) == {"chin": (1, 2, 3)}
    own = bpy.data.collections.new("Own")
    bpy.data.collections[COLLECTION].children.link(own)
    own.objects.link(bpy.data.objects.new("Thing", None))
    assert remove_landmarks(other) == 1
    assert placed_landmarks(scene) == {"chin": (1, 2, 3)}
    assert remove_landmarks(scene) == 1
    assert "Thing" in scene.objects
    assert placed_landmarks(scene) == placed_landmarks(other) == {}


def test_landmarks_are_found_wherever_an_artist_sorts_them_in(scene):
    (empty,) = show_landmarks(scene, {"chin": (1, 2, 3)}, 0.1)
    bpy.data.collections[COLLECTION].objects.unlink(empty)
    scene.collection.objects.link(empty)
    assert show_landmarks(scene, {"chin": (4, 5, 6)}, 0.1) == [empty]
    assert remove_landmarks(scene) == 1
    assert COLLECTION not in bpy.data.collections


def test_a_bare_head_gets_its_shapes_by_the_button(registered, scene, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    head = create_head(bpy.context)
    authored = {name: moves(head, name) for name in ("jawOpen", "eyeBlinkLeft")}
    head.shape_key_clear()
    scene.facewright.target = head
    assert bpy.ops.facewright.make_shapes() == {"FINISHED"}
    assert set(NAMES) <= set(head.data.shape_keys.key_blocks.keys())
    for name, wanted in authored.items():
        size = np.linalg.norm(wanted, axis=1)
        moved = size > 0.05 * size.max()
        error = np.linalg.norm(moves(head, name) - wanted, axis=1)[moved]
        assert error.mean() < 0.25 * size[moved].mean()
    assert not list(tmp_path.glob("facewright-*"))
