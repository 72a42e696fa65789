# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the person at this machine."""

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..engine.core.inference.gpu_settings import GpuSettings
from .doctor import draw_doctor
from .models import draw_added
from .paths import PATH_OPTIONS
from .run import run_of
from .runtime import draw_runtime

_PACKAGE = __package__.rpartition(".")[0]

_TAKE_FOLDER = "//takes"
_USUAL = GpuSettings()


class FacewrightPreferences(bpy.types.AddonPreferences):
    """Facewright's page in the preferences."""

    bl_idname = _PACKAGE

    device: EnumProperty(
        name="Device",
        description="What runs the networks",
        # The numbers are what is stored: a new device gets a new one.
        items=[
            (
                "auto",
                "Automatic",
                "The first that is there and proves itself faster than the processor: TensorRT "
                "where it was built before, CUDA, DirectML, CoreML; else the processor",
                0,
            ),
            ("cpu", "CPU", "The processor", 2),
            ("cuda", "CUDA", "An NVIDIA card; needs the GPU runtime", 1),
            (
                "tensorrt",
                "TensorRT",
                "An NVIDIA card through TensorRT. The first use of a network takes minutes, "
                "because its engine is built for this card",
                3,
            ),
            ("directml", "DirectML", "Any DirectX 12 card on Windows; needs the GPU runtime", 4),
            ("coreml", "CoreML", "Apple's graphics processor", 5),
        ],
    )
    gpu_memory: IntProperty(
        name="GPU Memory (MiB)",
        description="What each network may take of the card's memory, in mebibytes. CUDA itself "
        "takes 300 to 600 beside it. Less memory makes smaller batches",
        default=_USUAL.memory_mib,
        min=64,
        soft_min=128,
        soft_max=4096,
        max=1 << 20,
        step=64,
    )
    gpu_batch: IntProperty(
        name="GPU Batch",
        description="Pictures that the card works on at once; 0 chooses by its memory",
        default=_USUAL.batch,
        min=0,
        max=32,
    )
    gpu_decode: BoolProperty(
        name="Decode on GPU",
        description="Let the card decode large videos where it can; the pictures are the same",
        default=_USUAL.decode,
    )
    gpu_half: BoolProperty(
        name="16 Bits",
        description="Compute in 16 bits with TensorRT and CoreML. Not for GeForce GTX 16xx cards, "
        "which give wrong numbers; those are found out, and the processor is used",
        default=_USUAL.half,
    )
    streams: IntProperty(
        name="Streams",
        description="Stretches of a clip tracked side by side; 0 chooses by the processor, or by "
        "the card's memory",
        min=0,
        max=32,
    )
    take_folder: StringProperty(
        name="Takes",
        description="Folder for takes; // is the folder of the .blend file. An unsaved file's "
        "takes go to Facewright's user folder",
        default=_TAKE_FOLDER,
        subtype="DIR_PATH",
        options=PATH_OPTIONS,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the page."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "device")
        card = layout.column()
        card.active = self.device != "cpu"
        for name in ("gpu_memory", "gpu_batch", "gpu_decode", "gpu_half"):
            card.prop(self, name)
        layout.prop(self, "streams")
        layout.prop(self, "take_folder")
        run = run_of(context)
        draw_runtime(layout, run)
        draw_added(layout)
        draw_doctor(layout, run.doctor)


CLASSES = (FacewrightPreferences,)


def preferences_of(context: bpy.types.Context) -> FacewrightPreferences | None:
    """The preferences; None where Facewright runs without being enabled as an add-on."""
    addon = context.preferences.addons.get(_PACKAGE)
    return addon.preferences if addon else None


def chosen_device(context: bpy.types.Context) -> dict:
    """What runs the networks and how, as ``TrackRequest`` and ``LiveRequest`` take it."""
    preferences = preferences_of(context)
    if preferences is None:
        return {"device": "auto", "gpu": _USUAL}
    gpu = GpuSettings(
        memory_mib=preferences.gpu_memory,
        batch=preferences.gpu_batch,
        decode=preferences.gpu_decode,
        half=preferences.gpu_half,
    )
    return {"device": preferences.device, "gpu": gpu}


def chosen_take_folder(context: bpy.types.Context) -> str:
    """Where takes go, as the preferences have it; see ``scene.capture.take_folder``."""
    preferences = preferences_of(context)
    return preferences.take_folder if preferences else _TAKE_FOLDER
