# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network of convolution and recurrence, with its gradients, in NumPy alone.

Blender has no library for training. This network is small enough that the steps of the recurrence
cost more than the arithmetic, and a batch of stretches takes those steps together. A test holds
the gradients, which are derived by hand, against finite differences.

The recurrence is the gated unit of Cho et al. (2014) with the reset gate behind the matrix product,
as cuDNN has it, run in both directions::

    r = sigmoid(x Wr + h Ur + br)      z = sigmoid(x Wz + h Uz + bz)
    n = tanh(x Wn + r (h Un + cn) + bn)          h' = (1 - z) n + z h
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# One step of the network is two frames of features.
STRIDE = 2
# Taps of both convolutions: a step sees (2 * 8 + 6) frames of 10 ms, 0.22 s, before the recurrence.
TAPS_FEATURES = 6
TAPS_STEPS = 9
WINDOW_FRAMES = STRIDE * (TAPS_STEPS - 1) + TAPS_FEATURES


@dataclass(frozen=True)
class NetSize:
    """How large a network is.

    Attributes:
        inputs: Features a frame.
        outputs: Values a step.
        width: Channels of both convolutions.
        memory: Units of the recurrence, in each direction.
    """

    inputs: int
    outputs: int
    width: int = 48
    memory: int = 48


def shapes_of(size: NetSize) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, by name."""
    width, memory = size.width, size.memory
    return {
        "hear": (TAPS_FEATURES * size.inputs, width),
        "hear_bias": (width,),
        "look": (TAPS_STEPS * width, width),
        "look_bias": (width,),
        "take_in": (2, width, 3 * memory),
        "take_in_bias": (2, 3 * memory),
        "recall": (2, memory, 3 * memory),
        "recall_bias": (2, memory),
        "speak": (2 * memory, size.outputs),
        "speak_bias": (size.outputs,),
    }


# Rectified halves lose half of the variance; the first answers are near the mean face.
_GAIN = {"hear": 2**0.5, "look": 2**0.5, "speak": 0.1}


def new_parameters(size: NetSize, seed: int, dtype: type = np.float32) -> dict[str, np.ndarray]:
    """Random parameters by name; the same for the same seed."""
    draw = np.random.default_rng(seed)
    parameters = {}
    for name, shape in shapes_of(size).items():
        if name.endswith("_bias"):
            parameters[name] = np.zeros(shape, dtype)
        else:
            spread = _GAIN.get(name, 1.0) * shape[-2] ** -0.5
            parameters[name] = (draw.standard_normal(shape) * spread).astype(dtype)
    return parameters


def size_of(parameters: dict[str, np.ndarray]) -> NetSize:
    """The size that parameters are for.

    Raises:
        KeyError or ValueError: These are no parameters of such a network.
    """
    hear, speak = parameters["hear"], parameters["speak"]
    if hear.ndim != 2 or speak.ndim != 2:
        raise ValueError("its network is no network")
    size = NetSize(
        hear.shape[0] // TAPS_FEATURES, speak.shape[1], hear.shape[1], speak.shape[0] // 2
    )
    for name, shape in shapes_of(size).items():
        if parameters[name].shape != shape or not parameters[name].size:
            raise ValueError(f"{name} has the shape {parameters[name].shape}")
    return size


def forward(parameters: dict[str, np.ndarray], features: np.ndarray) -> tuple[np.ndarray, dict]:
    """Run the network over a batch of stretches.

    Args:
        parameters: From ``new_parameters``.
        features: (B, T, inputs), T even.

    Returns:
        The outputs (B, T / 2, outputs), step i centred between frames 2i and 2i + 1, and what
        ``backward`` wants to know.
    """
    p = parameters
    heard = _columns(features, TAPS_FEATURES, STRIDE)
    first = np.maximum(heard @ p["hear"] + p["hear_bias"], 0)
    looked = _columns(first, TAPS_STEPS, 1)
    second = np.maximum(looked @ p["look"] + p["look_bias"], 0)
    # Time first, and the second direction runs backwards: (T, 2, B, width).
    steps = second.transpose(1, 0, 2)
    steps = np.ascontiguousarray(np.stack([steps, steps[::-1]], axis=1))
    memory, gates = _recur(p, steps)
    both = np.concatenate([memory[1:, 0], memory[:0:-1, 1]], axis=2).transpose(1, 0, 2)
    outputs = both @ p["speak"] + p["speak_bias"]
    return outputs, {
        "heard": heard,
        "first": first,
        "looked": looked,
        "second": second,
        "steps": steps,
        "memory": memory,
        "gates": gates,
        "both": both,
    }


def backward(
    parameters: dict[str, np.ndarray], seen: dict, outputs_slope: np.ndarray
) -> dict[str, np.ndarray]:
    """Gradients of a loss by every parameter.

    Args:
        parameters: As for ``forward``.
        seen: What ``forward`` returned beside the outputs.
        outputs_slope: (B, T / 2, outputs), the loss's slope by each output.
    """
    p, memory_size = parameters, parameters["recall"].shape[1]
    slopes = {
        "speak": _product(seen["both"], outputs_slope),
        "speak_bias": outputs_slope.sum(axis=(0, 1)),
    }
    both = (outputs_slope @ p["speak"].T).transpose(1, 0, 2)
    memory_slope = np.stack([both[..., :memory_size], both[::-1, ..., memory_size:]], axis=1)
    taken, recalled = _recur_back(p, seen, memory_slope)
    before = seen["memory"][:-1]
    slopes["take_in"] = np.einsum("tdbi,tdbo->dio", seen["steps"], taken, optimize=True)
    slopes["take_in_bias"] = taken.sum(axis=(0, 2))
    slopes["recall"] = np.einsum("tdbi,tdbo->dio", before, recalled, optimize=True)
    slopes["recall_bias"] = recalled[..., 2 * memory_size :].sum(axis=(0, 2))
    steps = taken @ p["take_in"].transpose(0, 2, 1)
    second = (steps[:, 0] + steps[::-1, 1]).transpose(1, 0, 2) * (seen["second"] > 0)
    slopes["look"] = _product(seen["looked"], second)
    slopes["look_bias"] = second.sum(axis=(0, 1))
    first = _back_to_steps(second @ p["look"].T, TAPS_STEPS) * (seen["first"] > 0)
    slopes["hear"] = _product(seen["heard"], first)
    slopes["hear_bias"] = first.sum(axis=(0, 1))
    return slopes


def _columns(rows: np.ndarray, taps: int, stride: int) -> np.ndarray:
    """What each output of a convolution sees, side by side: (B, T / stride, taps * C)."""
    before = (taps - stride) // 2
    padded = np.pad(rows, ((0, 0), (before, taps - stride - before), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps, axis=1)[:, ::stride]
    return windows.transpose(0, 1, 3, 2).reshape(len(rows), windows.shape[1], -1)


def _back_to_steps(columns: np.ndarray, taps: int) -> np.ndarray:
    """The slope by the rows, from the slope by their ``_columns`` of stride 1."""
    batch, steps, _ = columns.shape
    parts = columns.reshape(batch, steps, taps, -1)
    rows = np.zeros((batch, steps + taps - 1, parts.shape[-1]), columns.dtype)
    for tap in range(taps):
        rows[:, tap : tap + steps] += parts[:, :, tap]
    before = (taps - 1) // 2
    return rows[:, before : before + steps]


def _product(inputs: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return inputs.reshape(-1, inputs.shape[-1]).T @ slopes.reshape(-1, slopes.shape[-1])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def _recur(p: dict[str, np.ndarray], steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both directions at once: the memory (T + 1, 2, B, H), and the gates (T, 2, B, 4H)."""
    count, _, batch, _ = steps.shape
    size = p["recall"].shape[1]
    taken = steps @ p["take_in"] + p["take_in_bias"][:, None]
    memory = np.zeros((count + 1, 2, batch, size), steps.dtype)
    gates = np.empty((count, 2, batch, 4 * size), steps.dtype)
    bias = p["recall_bias"][:, None]
    for t in range(count):
        recalled = memory[t] @ p["recall"]
        both = _sigmoid(taken[t, ..., : 2 * size] + recalled[..., : 2 * size])
        reset, keep = both[..., :size], both[..., size:]
        told = recalled[..., 2 * size :] + bias
        new = np.tanh(taken[t, ..., 2 * size :] + reset * told)
        memory[t + 1] = new + keep * (memory[t] - new)
        gates[t, ..., : 2 * size] = both
        gates[t, ..., 2 * size : 3 * size] = new
        gates[t, ..., 3 * size :] = told
    return memory, gates


def _recur_back(
    p: dict[str, np.ndarray], seen: dict, memory_slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes (T, 2, B, 3H) by what is taken in, and by what is recalled, before the gates."""
    memory, gates = seen["memory"], seen["gates"]
    size = memory.shape[-1]
    reset, keep = gates[..., :size], gates[..., size : 2 * size]
    new, told = gates[..., 2 * size : 3 * size], gates[..., 3 * size :]
    # All that does not depend on the step after is worked out for all steps together.
    by_new = (1 - keep) * (1 - new * new)
    by_keep = (memory[:-1] - new) * keep * (1 - keep)
    by_reset = told * reset * (1 - reset)
    taken = np.empty((*memory_slope.shape[:3], 3 * size), memory_slope.dtype)
    recalled = np.empty_like(taken)
    back = p["recall"].transpose(0, 2, 1)
    slope = np.zeros_like(memory_slope[0])
    for t in range(len(memory_slope) - 1, -1, -1):
        slope = slope + memory_slope[t]
        new_slope = slope * by_new[t]
        taken[t, ..., :size] = new_slope * by_reset[t]
        taken[t, ..., size : 2 * size] = slope * by_keep[t]
        taken[t, ..., 2 * size :] = new_slope
        recalled[t] = taken[t]
        recalled[t, ..., 2 * size :] = new_slope * reset[t]
        slope = slope * keep[t] + recalled[t] @ back
    return taken, recalled
