# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture as add-ons usually do it: Google's package in Blender's main thread.

A modal operator on a timer takes a picture, runs ``detect_for_video`` and sets one shape key after
another. Runs inside Blender. The rival gets its pictures for nothing: they are decoded and turned
into RGB in a thread of their own. Nothing is smoothed.
"""

import ctypes
import sys
import types
from pathlib import Path

import bpy
from live_meter import Meter, now_s


class Rival:
    """Google's package, stepped by the main thread.

    Args:
        meter: Told of what is shown.
        mesh: The character.
        clip: Paced as a camera.
        engine: The package ``engine`` of the extension.
        packages: Folder of ``live_rival_packages.link_packages``; empty where Python has it.

    Raises:
        ImportError: Google's package does not load in this Python.
    """

    def __init__(self, meter: Meter, mesh, clip: str, engine: str, packages: str = "") -> None:
        if packages:
            sys.path.append(packages)
            for library in sorted(Path(packages).glob("lib*.so*")):
                ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
        # Only for its drawing of landmarks, which is not used.
        sys.modules.setdefault("matplotlib", types.ModuleType("matplotlib"))
        pyplot = sys.modules.setdefault("matplotlib.pyplot", types.ModuleType("matplotlib.pyplot"))
        sys.modules["matplotlib"].pyplot = pyplot
        import mediapipe

        catalog = _module(f"{engine}.models.catalog")
        vision = mediapipe.tasks.vision
        bundle = str(catalog.model_path("face_landmarker"))
        self._picture = lambda image: mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=image
        )
        self._landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_path=bundle),
                running_mode=vision.RunningMode.VIDEO,
                output_face_blendshapes=True,
            )
        )
        self._meter, self._blocks = meter, mesh.data.shape_keys.key_blocks
        self._source = _module(f"{engine}.sources.paced_file").PacedFile(clip, repeat=True)

    def status(self) -> dict:
        """Pictures so far."""
        return {"received": self._source.received, "dropped": self._source.dropped}

    def turn(self) -> None:
        """One turn of the timer."""
        begun = now_s()
        frame = self._source.next_frame(0.0)
        if frame is not None:
            result = self._landmarker.detect_for_video(
                self._picture(frame.image), round(1000 * frame.time_s)
            )
            for category in result.face_blendshapes[0] if result.face_blendshapes else ():
                if category.category_name in self._blocks:
                    self._blocks[category.category_name].value = category.score
            self._meter.shown(frame.time_s, begun, begun)
        self._meter.turns.extend((now_s() - begun, frame is not None))

    def close(self) -> None:
        """Let go of the clip and of the networks."""
        self._source.close()
        self._landmarker.close()


class BENCHMARK_OT_rival(bpy.types.Operator):
    """Live capture in the main thread"""

    bl_idname = "benchmark.rival"
    bl_label = "Live in the main thread"
    rival: Rival | None = None

    def invoke(self, context, _event):
        """Start the timer."""
        manager = context.window_manager
        self._timer = manager.event_timer_add(1 / 120, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """One turn, until there is no rival any more."""
        if BENCHMARK_OT_rival.rival is None:
            context.window_manager.event_timer_remove(self._timer)
            return {"FINISHED"}
        if event.type == "TIMER":
            BENCHMARK_OT_rival.rival.turn()
        return {"PASS_THROUGH"}


def _module(name: str):
    __import__(name)
    return sys.modules[name]
