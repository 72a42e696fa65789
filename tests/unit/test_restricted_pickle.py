# SPDX-License-Identifier: GPL-3.0-or-later
"""Published pickles are read without running what is in them."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from scipy import sparse

from engine.core.errors import FacewrightError
from engine.core.restricted_pickle import as_array, read_tables
from tests.flame_files import Ch, Tensor, _rebuild_tensor_v2, foreign

ARRAY = np.arange(12.0).reshape(3, 4)


class Harm:
    def __reduce__(self):
        return os.system, ("touch harm",)


class Select:
    def __init__(self, a, idxs, preferred_shape):
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


def read(tmp_path, data):
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    return read_tables(path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_numbers_of_every_protocol(tmp_path, protocol):
    table = {"a": ARRAY, "b": np.float32(2.5), "c": [1, 2], "d": "text", "e": ARRAY.T.copy("F")}
    found = read(tmp_path, pickle.dumps(table, protocol=protocol))
    np.testing.assert_array_equal(as_array(found["a"]), ARRAY)
    np.testing.assert_array_equal(as_array(found["e"]), ARRAY.T)
    assert as_array(found["b"]) == 2.5
    np.testing.assert_array_equal(as_array(found["c"]), [1, 2])
    assert as_array(found["d"]) is None and as_array(found.get("nothing")) is None


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_objects_of_packages_that_are_not_there(tmp_path, protocol):
    with foreign("chumpy.ch", Ch=Ch, Select=Select):
        part = Select(Ch(ARRAY), np.array([5, 0]), (1, 2))
        data = pickle.dumps({"x": Ch(ARRAY), "part": part}, protocol=protocol)
    found = read(tmp_path, data)
    np.testing.assert_array_equal(as_array(found["x"]), ARRAY)
    np.testing.assert_array_equal(as_array(found["part"]), [[5, 0]])


@pytest.mark.parametrize("kind", [sparse.csc_matrix, sparse.csr_matrix])
def test_sparse_matrices_become_dense(tmp_path, kind):
    sparse_one = np.where(ARRAY % 3 == 0, ARRAY, 0)
    found = read(tmp_path, pickle.dumps({"m": kind(sparse_one)}))
    np.testing.assert_array_equal(as_array(found["m"]), sparse_one)


def test_a_table_in_a_npy_with_tensors_beside_it(tmp_path):
    with foreign("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2):
        np.save(tmp_path / "t.npy", np.array({"a": ARRAY, "t": Tensor()}, object))
    found = read_tables(tmp_path / "t.npy")
    np.testing.assert_array_equal(as_array(found["a"]), ARRAY)
    assert as_array(found["t"]) is None


def test_a_npz(tmp_path):
    np.savez(tmp_path / "t.npz", a=ARRAY)
    np.testing.assert_array_equal(read_tables(tmp_path / "t.npz")["a"], ARRAY)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_what_would_do_harm_is_not_done(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FacewrightError) as caught:
        read(tmp_path, pickle.dumps({"a": Harm()}, protocol=protocol))
    assert caught.value.code == "model-corrupt" and "system" in str(caught.value)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing of the kind",
        b"PK\x03\x04 broken",
        b"\x93NUMPY broken",
        pickle.dumps([1, 2]),
        pickle.dumps({"a": ARRAY})[:-20],
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.",
        b"ccopy_reg\n_reconstructor\n(cbuiltins\nint\ncbuiltins\nobject\nNtR.",
    ],
)
def test_damaged_and_other_files_are_refused(tmp_path, data):
    with pytest.raises(FacewrightError) as caught:
        read(tmp_path, data)
    assert caught.value.code == "model-corrupt"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FacewrightError):
        read_tables(tmp_path / "none.pkl")
