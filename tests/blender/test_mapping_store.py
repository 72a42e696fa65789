# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping that a character keeps is the one that was given to it, also after it was saved."""

import dataclasses
import json

import bpy
import numpy as np
import pytest
from faces import make_face
from facewright import cli, registration
from facewright.engine.core.arkit import INDEX, NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.mapping import BoneDrive, KeyDrive, Mapping, PropertyDrive, Row
from facewright.engine.retarget.mapping_file import read_mapping, write_mapping
from facewright.engine.retarget.poses import BonePose
from facewright.scene import mapping_edit
from facewright.scene.mapping_store import (
    clear_mapping,
    mapping_owner,
    mapping_revision,
    store_mapping,
    stored_mapping,
)

RICH = Mapping(
    {
        "jawOpen": Row(
            (
                KeyDrive("open", 0.7),
                KeyDrive("teeth", -0.3, "Face"),
                BoneDrive("jaw", "rotation", "X", 22.5, 1.5, "Rig"),
                PropertyDrive('["puff"]', 3.0, 0.1, "Face"),
            ),
            gain=1.2,
            offset=-0.05,
            curve=((0.0, 0.0), (0.3, 0.65), (1.0, 1.0)),
            low=-0.5,
            high=1.4,
            approximate=True,
            note="Only alike.",
        ),
        "mouthSmileLeft": Row((KeyDrive("open", 0.2),), invert=True, mute=True),
    },
    "Mine",
    "By hand.",
    {"mouth": 1.1, "brows": 0.0},
    True,
    {"jawOpen": {"jaw": BonePose(rotation=(0.8, 0.6, 0.0, 0.0))}},
    "Rig",
)


@pytest.fixture(autouse=True)
def addon():
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def face():
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    return make_face("Face", extra=("open", "teeth"))


def test_what_is_stored_is_what_is_read(face):
    store_mapping(face, RICH)
    assert stored_mapping([face]) == RICH


def test_what_belongs_to_an_object_that_is_not_there_is_left_out(face):
    row = Row(
        (
            KeyDrive("open", 1.0, "Gone"),
            BoneDrive("jaw", "rotation", "X", 20.0, object="Gone"),
            PropertyDrive("location[0]", 5.0, object="Gone"),
            PropertyDrive("location[1]", 5.0, object="Rig"),
        ),
        note="Mine.",
    )
    told = store_mapping(face, Mapping({"jawOpen": row, "cheekPuff": Row((KeyDrive("open"),))}))
    kept = stored_mapping([face]).rows["jawOpen"]
    assert kept.drives == (KeyDrive("open"), PropertyDrive("location[1]", 5.0, object="Rig"))
    assert kept.note.startswith("Mine. ")
    assert 'bone "jaw"' in kept.note
    assert "location[0]" in kept.note
    assert len(told) == 2
    assert all(sentence.startswith("jawOpen") for sentence in told)
    assert store_mapping(face, stored_mapping([face])) == []


@pytest.fixture
def below(face, tmp_path):
    """A file whose face keeps its mapping on what it hangs below, and one of its own."""
    face.parent = bpy.data.objects["Rig"]
    mapping = Mapping({"cheekPuff": Row((KeyDrive("open"),))}, "Kept")
    store_mapping(face.parent, mapping)
    store_mapping(face, mapping)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "in.blend"))
    return tmp_path


def test_matching_anew_looks_at_no_mapping_that_is_kept(below):
    options = ["--blend", str(below / "in.blend"), "--object", "Face"]
    assert cli.main(["match", *options, "--anew", "--json", str(below / "r.json")]) == 0
    found = json.loads((below / "r.json").read_text(encoding="utf-8"))["map"]
    assert found["cheekPuff"] == [["cheekPuff", 1.0]]


@pytest.mark.parametrize("way", [["--forget"], []])
def test_a_mapping_above_is_forgotten_or_replaced(below, way):
    options = ["--blend", str(below / "in.blend"), "--object", "Face", *way]
    assert cli.main(["map", *options, "--out", str(below / "out.blend")]) == 0
    kept = stored_mapping([bpy.data.objects["Face"]])
    if way:
        assert kept is None
    else:
        assert kept.rows["cheekPuff"].drives == (KeyDrive("cheekPuff"),)


def test_all_channels_have_a_line_to_edit_and_empty_ones_change_nothing(face):
    store_mapping(face, RICH)
    assert [row.name for row in face.facewright_mapping.rows] == list(NAMES)
    assert set(stored_mapping([face]).rows) == {"jawOpen", "mouthSmileLeft"}


def test_it_outlives_saving(face, tmp_path):
    store_mapping(face, RICH)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    assert stored_mapping([bpy.data.objects["Face"]]) == RICH


def test_it_outlives_a_file_of_its_own(face, tmp_path):
    store_mapping(face, RICH)
    mapping_edit.save_file([face], tmp_path / "mine.json")
    assert read_mapping(tmp_path / "mine.json") == RICH
    # Numbers are written as they were typed.
    assert '"gain": 1.2,' in (tmp_path / "mine.json").read_text(encoding="utf-8")


def test_forgetting_leaves_nothing(face):
    before = mapping_revision([face])
    store_mapping(face, RICH)
    clear_mapping(face)
    assert stored_mapping([face]) is None and mapping_owner([face]) is None
    assert mapping_revision([face]) == before == -1
    store_mapping(face, Mapping())
    assert stored_mapping([face]) == Mapping()


def test_every_edit_is_noticed_by_a_running_preview(face):
    store_mapping(face, RICH)
    row = face.facewright_mapping.rows["jawOpen"]
    for change in (
        lambda: setattr(row, "gain", 0.5),
        lambda: setattr(row, "mute", True),
        lambda: setattr(row, "curve", "0 0; 1 0.5"),
        lambda: setattr(row.drives[0], "weight", 0.1),
        lambda: setattr(row.drives[0], "target", "teeth"),
        lambda: setattr(face.facewright_mapping, "solo", "jawOpen"),
        lambda: setattr(face.facewright_mapping.gains, "jaw", 0.5),
        lambda: setattr(face.facewright_mapping, "mirror", False),
    ):
        before = mapping_revision([face])
        change()
        assert mapping_revision([face]) != before


def test_solo_mutes_the_others_and_forgets_no_mute(face):
    store_mapping(face, RICH)
    face.facewright_mapping.solo = "mouthSmileLeft"
    weights = np.zeros(len(NAMES))
    weights[INDEX["jawOpen"]] = 1.0
    responded = stored_mapping([face]).respond(weights)
    assert responded[INDEX["jawOpen"]] == 0
    assert responded[INDEX["mouthSmileLeft"]] == pytest.approx(1.1)  # inverted, times its part
    assert stored_mapping([face], soloed=False) == RICH
    face.facewright_mapping.solo = ""
    assert stored_mapping([face]) == RICH


def test_solo_mutes_poses_that_have_no_row(face):
    store_mapping(face, dataclasses.replace(RICH, rows={}))
    face.facewright_mapping.solo = "mouthSmileLeft"
    assert stored_mapping([face]).respond(np.ones(len(NAMES)))[INDEX["jawOpen"]] == 0


def test_a_mapping_on_what_the_mesh_hangs_below_counts(face):
    rig = bpy.data.objects["Rig"]
    face.parent = rig
    store_mapping(rig, RICH)
    assert mapping_owner([face]) == rig


def test_it_can_be_edited_on_a_library_override(face, tmp_path):
    store_mapping(face, RICH)
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, to):
        to.objects = ["Face"]
    linked = bpy.data.objects["Face"]
    with pytest.raises(FacewrightError, match="library override"):
        store_mapping(linked, RICH)
    override = linked.override_create()
    bpy.context.scene.collection.objects.link(override)
    override.facewright_mapping.rows["jawOpen"].gain = 0.25
    override.facewright_mapping.rows["jawOpen"].mute = True
    override.facewright_mapping.mirror = False
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    found = stored_mapping([ob for ob in bpy.data.objects if ob.override_library])
    assert (found.rows["jawOpen"].gain, found.rows["jawOpen"].mute) == (0.25, True)
    assert not found.mirror and found.rows["jawOpen"].drives[0] == KeyDrive("open", 0.7)


def overridden(tmp_path, mapping):
    """A library override of a face, whose library has a mapping or none."""
    if mapping:
        store_mapping(bpy.data.objects["Face"], mapping)
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, to):
        to.objects = ["Face"]
    override = bpy.data.objects["Face"].override_create()
    bpy.context.scene.collection.objects.link(override)
    return override


def reloaded(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    return next(ob for ob in bpy.data.objects if ob.override_library)


OTHER = Mapping({"jawLeft": Row((KeyDrive("open", 0.5), KeyDrive("teeth")), gain=0.3)}, "Other")


@pytest.mark.parametrize("library_has", [None, RICH, OTHER])
def test_a_mapping_of_its_own_stays_on_an_override(face, tmp_path, library_has):
    override = overridden(tmp_path, library_has)
    store_mapping(override, dataclasses.replace(RICH, poses_object="", poses={}))
    kept = stored_mapping([override])
    assert kept.rows["mouthSmileLeft"] == RICH.rows["mouthSmileLeft"]
    assert stored_mapping([reloaded(tmp_path)]) == kept
    assert stored_mapping([reloaded(tmp_path)]) == kept


def test_a_mapping_that_an_override_forgets_stays_forgotten(face, tmp_path):
    clear_mapping(overridden(tmp_path, RICH))
    override = reloaded(tmp_path)
    assert stored_mapping([override]) is None
    store_mapping(override, OTHER)
    assert stored_mapping([reloaded(tmp_path)]) == OTHER


def test_an_override_that_changes_numbers_alone_follows_its_library(face, tmp_path):
    override = overridden(tmp_path, OTHER)
    override.facewright_mapping.rows["jawLeft"].gain = 0.75
    override = reloaded(tmp_path)
    assert override.facewright_mapping.rows["jawLeft"].gain == 0.75
    assert override.facewright_mapping_text == ""


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data.pop("facewright_mapping"), "something else"),
        (lambda data: data.update(facewright_mapping=2), "version 2"),
        (lambda data: data["rows"].update(jawopen={}), '"jawopen" is no ARKit channel'),
        (lambda data: data["rows"]["jawOpen"].update(gain="much"), '"gain" of jawOpen'),
        (lambda data: data["rows"]["jawOpen"].update(targets=[{}]), '"key", "bone" and'),
    ],
)
def test_a_damaged_file_says_what_is_wrong_and_changes_nothing(face, tmp_path, damage, said):
    path = tmp_path / "damaged.json"
    write_mapping(path, RICH)
    data = json.loads(path.read_text(encoding="utf-8"))
    damage(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    store_mapping(face, RICH)
    with pytest.raises(FacewrightError) as caught:
        mapping_edit.load_file([face], path)
    assert said in str(caught.value) and "damaged.json" in str(caught.value)
    assert stored_mapping([face]) == RICH


def test_a_text_that_is_no_json_is_named(face, tmp_path):
    path = tmp_path / "no.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(FacewrightError, match=r"no\.json cannot be read"):
        mapping_edit.load_file([face], path)


def test_a_copy_looks_on_its_own_character_for_what_it_moves(face):
    store_mapping(face, RICH)
    other = make_face("Other", extra=("Open", "teeth"))
    mapping_edit.copy_from([other], face)
    drives = stored_mapping([other]).rows["jawOpen"].drives
    # Keys are found in the other spelling; the mesh is not the first character's any more.
    assert drives[:2] == (KeyDrive("Open", 0.7), KeyDrive("teeth", -0.3))
    assert drives[3].object == ""
    assert stored_mapping([face]) == RICH
