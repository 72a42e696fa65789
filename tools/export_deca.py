# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes DECA's or EMOCA's network as ONNX, from the checkpoint that its authors publish.

    python tools/export_deca.py deca deca_model.tar deca_encoder.onnx
    python tools/export_deca.py emoca EMOCA.ckpt emoca_encoder.onnx

It needs PyTorch in the Python that runs it, which is no part of Facewright; where onnx and
onnxruntime are there, too, the result is compared. The weights stay under their licence: do not
hand the result on.

Layout after yfeng95/DECA, ``decalib/models/encoders.py`` and ``resnet.py``: a ResNet-50 (He et al.
2016) without its last layer under ``encoder``, and two layers, 2048 to 1024 to the parameters,
under ``layers``. DECA's file keeps it under ``E_flame``. EMOCA's (radekd91/emoca,
``gdl/models/DECA.py``) is a checkpoint of PyTorch Lightning with names like
``deca.E_expression.encoder.conv1.weight``; its DECA part is DECA's own and is not exported again.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.errors import FacewrightError  # noqa: E402
from engine.core.file_hash import sha256_of_file  # noqa: E402
from engine.core.restricted_pickle import StandIn  # noqa: E402

# Name -> where it lies in the checkpoint, how many numbers it gives, the model's id.
NETWORKS = {
    "deca": ("E_flame", (236,), "deca_encoder"),
    "emoca": ("E_expression", (50, 53, 56), "emoca_encoder"),
}
SIZE, OPSET = 224, 17
# Blocks of each stage, their inner channels, stride of the first.
STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
_FEATURES, _HIDDEN = 2048, 1024
# Of outputs of this size, more than this apart the two are not the same network.
_APART = 1e-3


def expected_shapes(count: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight of a network with so many outputs."""
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, norm: str, out: int, into: int, side: int) -> None:
        shapes[f"encoder.{name}.weight"] = (out, into, side, side)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"encoder.{norm}.{part}"] = (out,)

    convolution("conv1", "bn1", 64, 3, 7)
    channels = 64
    for stage, (blocks, inner, _) in enumerate(STAGES, 1):
        for block in range(blocks):
            base = f"layer{stage}.{block}"
            convolution(f"{base}.conv1", f"{base}.bn1", inner, channels, 1)
            convolution(f"{base}.conv2", f"{base}.bn2", inner, inner, 3)
            convolution(f"{base}.conv3", f"{base}.bn3", 4 * inner, inner, 1)
            if not block:
                convolution(f"{base}.downsample.0", f"{base}.downsample.1", 4 * inner, channels, 1)
            channels = 4 * inner
    for name, out, into in (("layers.0", _HIDDEN, _FEATURES), ("layers.2", count, _HIDDEN)):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (out, into), (out,)
    return shapes


def load(path: Path) -> dict:
    """What a checkpoint holds, without running anything in it.

    PyTorch's own restricted loading comes first. A Lightning checkpoint also holds settings of
    other packages' classes, which it refuses; then tensors alone are made, and for everything else
    something stands in.

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        pass
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise _corrupt(path, error) from error
    restricted = types.SimpleNamespace(
        __name__="restricted", Unpickler=_Unpickler, load=lambda f, **kw: _Unpickler(f, **kw).load()
    )
    try:
        return torch.load(path, map_location="cpu", weights_only=False, pickle_module=restricted)
    except Exception as error:  # a damaged pickle can raise anything
        raise _corrupt(path, error) from error


class _Unpickler(pickle.Unpickler):
    """Makes tensors; stands in for all other classes."""

    def find_class(self, module: str, name: str) -> object:
        import collections

        import torch

        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
            return getattr(torch._utils, name)
        if module == "torch" and name in ("FloatStorage", "HalfStorage", "LongStorage"):
            return getattr(torch, name)
        if module == "torch" and name in ("DoubleStorage", "IntStorage", "BoolStorage"):
            return getattr(torch, name)
        return type(name, (_Anything,), {"kind": f"{module}.{name}"})


class _Anything(StandIn, dict):
    """Takes what objects, tables and lists are filled with, and does nothing."""

    def append(self, _value: object) -> None:
        """Forget it."""

    def extend(self, _values: object) -> None:
        """Forget them."""

    def __hash__(self) -> int:
        return id(self)


def find_network(checkpoint: object, name: str) -> dict:
    """The weights under a network's name, their own names beginning with ``encoder`` or ``layers``.

    Raises:
        FacewrightError: ``model-layout`` where there is no such network.
    """
    import torch

    table = checkpoint if isinstance(checkpoint, dict) else {}
    if isinstance(table.get("state_dict"), dict):
        table = table["state_dict"]
    if isinstance(table.get(name), dict):
        table = {f"{name}.{key}": value for key, value in table[name].items()}
    found = {}
    for key, value in table.items():
        _, there, rest = str(key).partition(f"{name}.")
        if there and isinstance(value, torch.Tensor):
            found[rest] = value
    if not found:
        names = sorted({str(key).split(".encoder")[0] for key in table})[:8]
        raise _layout(f"the checkpoint has no {name}; it holds {', '.join(names) or 'nothing'}")
    return found


def check(weights: dict, counts: tuple[int, ...]) -> int:
    """How many numbers the network gives.

    Raises:
        FacewrightError: ``model-layout`` naming the first weight that is not as expected.
    """
    last = weights.get("layers.2.bias")
    if last is None or last.ndim != 1 or len(last) not in counts:
        given = "is not there" if last is None else f"has {tuple(last.shape)}"
        raise _layout(f"layers.2.bias {given}; {' or '.join(map(str, counts))} were expected")
    for name, shape in expected_shapes(len(last)).items():
        if name not in weights:
            raise _layout(f"{name} is not there")
        if tuple(weights[name].shape) != shape:
            raise _layout(f"{name} is {tuple(weights[name].shape)}, not {shape}")
    return len(last)


def build(weights: dict):
    """The network as a ``torch.nn.Module``, (N, 3, 224, 224) to (N, numbers)."""
    import torch
    from torch.nn import functional

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name in expected_shapes(len(weights["layers.2.bias"])):
                self.register_buffer(name.replace(".", "_"), weights[name].float().clone())

        def _step(self, x, name: str, norm: str, stride: int = 1):
            get = lambda part: getattr(self, f"encoder_{part}".replace(".", "_"))  # noqa: E731
            kernel = get(f"{name}.weight")
            x = functional.conv2d(x, kernel, None, stride, kernel.shape[-1] // 2)
            mean, spread = get(f"{norm}.running_mean"), get(f"{norm}.running_var")
            return functional.batch_norm(
                x, mean, spread, get(f"{norm}.weight"), get(f"{norm}.bias")
            )

        def forward(self, images):
            x = functional.relu(self._step(images, "conv1", "bn1", 2))
            x = functional.max_pool2d(x, 3, 2, 1)
            for stage, (blocks, _, stride) in enumerate(STAGES, 1):
                for block in range(blocks):
                    base, by = f"layer{stage}.{block}", 1 if block else stride
                    y = functional.relu(self._step(x, f"{base}.conv1", f"{base}.bn1"))
                    # The stride is in the second convolution, as PyTorch's own ResNet has it.
                    y = functional.relu(self._step(y, f"{base}.conv2", f"{base}.bn2", by))
                    y = self._step(y, f"{base}.conv3", f"{base}.bn3")
                    if not block:
                        x = self._step(x, f"{base}.downsample.0", f"{base}.downsample.1", by)
                    x = functional.relu(x + y)
            x = functional.avg_pool2d(x, 7, 1).flatten(1)
            x = functional.relu(functional.linear(x, self.layers_0_weight, self.layers_0_bias))
            return functional.linear(x, self.layers_2_weight, self.layers_2_bias)

    return Encoder().eval()


def export(network: str, checkpoint: Path, out: Path) -> tuple[int, float | None]:
    """Writes the ONNX file.

    Args:
        network: A key of ``NETWORKS``.
        checkpoint: As published.
        out: Where to write.

    Returns:
        How many numbers it gives, and how far PyTorch and onnxruntime were apart at most; None
        without onnxruntime.

    Raises:
        FacewrightError: ``model-corrupt``, ``model-layout``, or ``export-differs``.
    """
    import torch

    name, counts, _ = NETWORKS[network]
    weights = find_network(load(checkpoint), name)
    count = check(weights, counts)
    encoder = build(weights)
    images = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = encoder(images).numpy()
        torch.onnx.export(
            encoder,
            (images,),
            str(out),
            opset_version=OPSET,
            input_names=["images"],
            output_names=["parameters"],
            dynamic_axes={"images": {0: "batch"}, "parameters": {0: "batch"}},
            dynamo=False,
        )
    return count, _compare(out, images.numpy(), expected)


def _compare(path: Path, images, expected) -> float | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    apart = 0.0
    # Both pictures at once and the first alone: the batch is free.
    for part in (slice(0, 2), slice(0, 1)):
        (found,) = session.run(None, {"images": images[part]})
        apart = max(apart, float(abs(found - expected[part]).max()))
    if not apart <= _APART * max(1.0, float(abs(expected).max())):
        raise FacewrightError(
            f"The exported network differs from PyTorch's by {apart:.3g}.",
            "Try another version of PyTorch.",
            "export-differs",
        )
    return apart


def _layout(what: str) -> FacewrightError:
    return FacewrightError(
        f"This is not the published layout: {what}.",
        "docs/morphable_engines.md says which files are meant.",
        "model-layout",
    )


def _corrupt(path: Path, error: Exception) -> FacewrightError:
    return FacewrightError(f"{path} cannot be read: {error}", "", "model-corrupt")


def main() -> int:
    """Export; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("checkpoint", type=Path, help="deca_model.tar, or EMOCA's .ckpt")
    parser.add_argument("out", type=Path, help="where to write, a .onnx")
    options = parser.parse_args()
    try:
        import torch  # noqa: F401
    except ImportError:
        print("PyTorch is missing: run this in a Python that has it.", file=sys.stderr)
        return 1
    try:
        count, apart = export(options.network, options.checkpoint, options.out)
    except FacewrightError as error:
        print(error, file=sys.stderr)
        return 1
    compared = "not compared, onnxruntime is missing" if apart is None else f"{apart:.2g} apart"
    print(f"{count} parameters; PyTorch and onnxruntime: {compared}")
    if count == 53:
        print("The last three are taken for the jaw's turn (exp_deca_jaw_pose).")
    print(f"sha256 {sha256_of_file(options.out)}")
    print(f"python -m engine models add {NETWORKS[options.network][2]} {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
