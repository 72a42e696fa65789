# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether an exception is the fault of what runs a network, and says it in a sentence.

onnxruntime has a class for each of its error codes, and puts the code of CUDA, cuDNN or Direct3D
into the text. Which class an error has differs between its versions, so the text decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

NOT_NUMBERS = "it gave values that are not numbers"

_MEMORY = re.compile(
    r"out ?of ?memory|failed to allocate memory|bad allocation|bad_alloc|ALLOC(ATION)?_FAILED"
    # What onnxruntime says where its own limit is reached, and not the card's.
    r"|available memory of \d+ is smaller than requested"
    r"|cudaErrorMemoryAllocation|CUDA (failure|error) 2\b|8007000E",
    re.IGNORECASE,
)
# CUDA runtime API, cudaError: 4 the driver shuts down, 46 unavailable, 214 memory error, 700..720
# faults that end the context, 802 not ready, 999 unknown.
# DXGI: 887A0005 removed, 887A0006 hung, 887A0007 reset, 887A0020 driver error.
_LOST = re.compile(
    r"CUDA (failure|error) (4|46|214|7\d\d|802|999)\b|cudaErrorDevicesUnavailable"
    r"|illegal memory access|unspecified launch failure|device.{0,20}(lost|removed|hung)"
    r"|DeviceRemovedReason|887A00(05|06|07|20)|driver shutting down",
    re.IGNORECASE,
)
# The caller's own mistakes, which the processor would refuse as well.
_CALLERS = ("InvalidArgument", "NoSuchFile", "InvalidGraph", "InvalidProtobuf")
_LONGEST = 160
# What is worth reading, the best first.
_GISTS = (
    re.compile(r"(CUDA|CUDNN|CUBLAS|CUFFT|CURAND) failure \d+:[^;]*"),
    re.compile(r"\S+: cannot open shared object file[^;]*"),
    re.compile(r"(?<=with error: )[^;]+"),
    re.compile(r"Unknown provider option[^;]*"),
    re.compile(r"Please install [^,]*"),
)
_NOISE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : |\S*onnxruntime_src\S*\s?")


def fault_of(error: BaseException) -> str:
    """Why the provider failed, for the middle of a sentence; empty where it is not its fault."""
    if isinstance(error, MemoryError):
        return "memory ran out"
    kind = type(error)
    theirs = kind.__module__.startswith("onnxruntime")
    if not (theirs or isinstance(error, RuntimeError)) or kind.__name__ in _CALLERS:
        return ""
    text = " ".join(str(error).split())
    if _MEMORY.search(text):
        return "its memory ran out"
    if _LOST.search(text):
        return "the device was lost"
    return f"it failed ({gist(error)})"


def gist(error: BaseException) -> str:
    """The telling part of an error: libraries put it among paths and C++ signatures."""
    text = " ".join(str(error).split())
    found = next((match for match in (part.search(text) for part in _GISTS) if match), None)
    text = found.group(0).strip(" ;.") if found else _NOISE.sub("", text)
    return text[:_LONGEST] or type(error).__name__


def is_memory(fault: str) -> bool:
    """Whether a fault of ``fault_of`` was too little memory."""
    return fault.endswith("memory ran out")


def fault_in(outputs: Sequence[np.ndarray]) -> str:
    """What is wrong with a network's outputs, for the middle of a sentence; empty for nothing."""
    if all(np.isfinite(output).all() for output in outputs):
        return ""
    return NOT_NUMBERS
