# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pickles of arrays that others publish, without running anything that is in them.

A pickle names classes and functions and calls them. Here only those that make NumPy's arrays are
known; for objects of a few packages (chumpy, SciPy's sparse matrices, torch) something stands in
that keeps what it is given and does nothing. Any other name ends the reading.
"""

from __future__ import annotations

import collections
import io
import pickle
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format

from .errors import FacewrightError

try:
    from numpy._core import multiarray, numeric
except ImportError:  # NumPy 1
    from numpy.core import multiarray, numeric

# Packages whose objects are kept without being made.
_STOOD_FOR = ("chumpy", "scipy", "torch", "weakref")
_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC_MODULES = ("numpy.core.numeric", "numpy._core.numeric")


class StandIn:
    """Stands for an object of a package that is not loaded.

    Attributes:
        kind: Module and name of what it stands for.
        given: What it was called with.
        state: What it was filled with; empty for nothing.
    """

    kind = ""

    def __new__(cls, *given: object, **_named: object) -> StandIn:
        """An empty one that remembers its arguments."""
        made = super().__new__(cls)
        made.given, made.state = given, {}
        return made

    def __init__(self, *given: object, **named: object) -> None:
        """Nothing more."""

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if module in _NUMPY_MODULES and name == "_reconstruct":
            return multiarray._reconstruct
        if module in _NUMPY_MODULES and name == "scalar":
            return _scalar
        if module in _NUMERIC_MODULES and name == "_frombuffer":
            return numeric._frombuffer
        found = _KNOWN.get((module, name))
        if found is not None:
            return found
        if module.split(".")[0] in _STOOD_FOR:
            return type(name, (StandIn,), {"kind": f"{module}.{name}"})
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: object) -> object:
        """What lies outside the pickle is left there."""
        raise pickle.UnpicklingError("it refers to something outside")


def _scalar(kind: np.dtype, data: object) -> object:
    if kind.hasobject:
        raise pickle.UnpicklingError("it holds an object as a number")
    return multiarray.scalar(kind, data)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding.lower().replace("-", "").replace("_", "") not in ("latin1", "iso88591", "ascii"):
        raise pickle.UnpicklingError(f"it uses the encoding {encoding}")
    return text.encode("latin1")


def _reconstructor(kind: type, base: type, state: object) -> object:
    if isinstance(kind, type) and issubclass(kind, StandIn):
        return kind()
    raise pickle.UnpicklingError(f"it makes a {kind!r}")


_PLAIN = (object, set, slice, bytearray, list, dict, tuple, int, float, bool, complex, str)
_KNOWN: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): collections.OrderedDict,
    **{(module, "_reconstructor"): _reconstructor for module in ("copy_reg", "copyreg")},
    **{(module, kind.__name__): kind for module in ("builtins", "__builtin__") for kind in _PLAIN},
    # Python 2's names.
    ("__builtin__", "long"): int,
    ("__builtin__", "unicode"): str,
}


def read_tables(path: Path) -> dict[str, object]:
    """Named arrays from a ``.npz``, a pickle of a table, or a ``.npy`` that holds one.

    Args:
        path: The file; its ending does not matter.

    Returns:
        Name -> value; use ``as_array``.

    Raises:
        FacewrightError: ``model-corrupt`` where it is none of these, or names what is not known.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"PK":
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        stream = io.BytesIO(data)
        if data[:6] == b"\x93NUMPY":
            found = _table_in_npy(stream)
        else:
            found = _Unpickler(stream, encoding="latin1").load()
    except Exception as error:  # a damaged pickle can raise anything
        raise _unread(path, str(error)) from error
    if not isinstance(found, dict):
        raise _unread(path, f"it holds no table but a {type(found).__name__}")
    return {str(name): value for name, value in found.items()}


def _table_in_npy(stream: io.BytesIO) -> object:
    version = npy_format.read_magic(stream)
    read = npy_format.read_array_header_1_0 if version[0] == 1 else npy_format.read_array_header_2_0
    shape, _, kind = read(stream)
    if shape != () or not kind.hasobject:
        raise ValueError("it holds an array, not a table")
    return _Unpickler(stream, encoding="latin1").load()[()]


def _unread(path: Path, why: str) -> FacewrightError:
    return FacewrightError(
        f"The model file {path} cannot be read: {why}.",
        "Get it again from where it is published.",
        "model-corrupt",
    )


def as_array(value: object) -> np.ndarray | None:
    """The numbers of a value of ``read_tables``; None where it has none.

    Understood are arrays, numbers, chumpy's ``Ch`` (its array is ``x``) and ``Select`` (elements
    ``idxs`` of ``a``), and SciPy's compressed rows and columns, which become dense.
    """
    if isinstance(value, StandIn):
        return _array_in(value)
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return found if found.dtype.kind in "fiub" else None


def _array_in(value: StandIn) -> np.ndarray | None:
    state, name = value.state, value.kind.rsplit(".", 1)[-1]
    if "x" in state:
        return as_array(state["x"])
    if name == "Select" and "a" in state and "idxs" in state:
        whole, which = as_array(state["a"]), as_array(state["idxs"])
        if whole is None or which is None:
            return None
        shape = state.get("preferred_shape")
        chosen = whole.ravel()[which.astype(np.int64)]
        return chosen if shape is None else chosen.reshape(tuple(shape))
    if name in ("csc_matrix", "csr_matrix", "csc_array", "csr_array"):
        return _dense(state, by_column=name.startswith("csc"))
    return None


def _dense(state: dict, *, by_column: bool) -> np.ndarray | None:
    shape = state.get("_shape", state.get("shape"))
    parts = [as_array(state.get(key)) for key in ("data", "indices", "indptr")]
    if shape is None or any(part is None for part in parts):
        return None
    data, inner, starts = parts
    outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    out = np.zeros(tuple(int(side) for side in shape))
    where = (inner, outer) if by_column else (outer, inner)
    np.add.at(out, where, data)
    return out
