# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: takes a script's ``steps(gui)`` through the event loop, one tick at a time.

A script drives Blender as a person does, with waits in between, so it is a generator:

    def steps(gui):
        yield from gui.show_tab("Facewright")
        with gui.override():
            bpy.ops.facewright.track()
        yield from gui.until(lambda: not running(), "the job ends", seconds=60)
        yield from gui.photograph("done")
        return {"keys": 42}                       # becomes GuiResult.result

Every plain ``yield`` gives Blender one turn of its event loop.
"""

import json
import os
import runpy
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

TICK_S = 0.05


class Gui:
    """What a script can do with the window."""

    def __init__(self, screens: Path) -> None:
        self.workdir = screens.parent
        self._screens = screens

    def wait(self, seconds: float) -> Iterator[None]:
        """Let Blender run for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield

    def until(
        self, condition: Callable[[], bool], what: str, seconds: float = 180.0
    ) -> Iterator[None]:
        """Let Blender run until something is so; TimeoutError names what did not come true.

        The limit is for what hangs: it must do on a busy machine, too.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {seconds:.0f} s")
            yield

    def press(self, key: str) -> Iterator[None]:
        """Press and release a key while the mouse is over the 3D view."""
        region = self.region()
        x, y = region.x + region.width // 2, region.y + region.height // 2
        # A movement first: Blender sends keys to the region that the mouse was last seen in.
        for kind, value in (("MOUSEMOVE", "NOTHING"), (key, "PRESS"), (key, "RELEASE")):
            self.window().event_simulate(type=kind, value=value, x=x, y=y)
            yield

    def photograph(self, name: str) -> Iterator[None]:
        """Have everything drawn anew and take a picture of the whole screen, ``NAME.png``."""
        for area in self.window().screen.areas:
            area.tag_redraw()
        yield from self.wait(0.5)
        (self._screens / f"{name}.request").touch()
        yield from self.until((self._screens / f"{name}.png").exists, f"the picture {name}")

    def window(self) -> bpy.types.Window:
        """Blender's first window."""
        return bpy.context.window_manager.windows[0]

    def area(self, kind: str = "VIEW_3D") -> bpy.types.Area:
        """The largest area of a kind."""
        areas = [area for area in self.window().screen.areas if area.type == kind]
        return max(areas, key=lambda area: area.width * area.height)

    def region(self, kind: str = "WINDOW", area: str = "VIEW_3D") -> bpy.types.Region:
        """A region of the largest area of a kind, such as the sidebar ("UI")."""
        return next(region for region in self.area(area).regions if region.type == kind)

    def override(self, region: str = "WINDOW") -> object:
        """Context manager in which operators see the 3D view, as when its button is pressed."""
        found = self.region(region)
        return bpy.context.temp_override(window=self.window(), area=self.area(), region=found)

    def show_tab(self, category: str) -> Iterator[None]:
        """Open the 3D view's sidebar at a tab; ValueError when there is no such tab."""
        self.area().spaces.active.show_region_ui = True
        # The sidebar learns its tabs when it is first drawn.
        region = self.region("UI")
        yield from self.until(
            lambda: region.active_panel_category != "UNSUPPORTED", "the sidebar is drawn"
        )
        region.active_panel_category = category
        if region.active_panel_category != category:
            raise ValueError(f"the sidebar has no tab {category!r}")
        region.tag_redraw()
        yield from self.wait(0.3)

    def show_preferences(self, addon: str = "facewright") -> bpy.types.Window:
        """Open the preferences at an extension's page; returns their window."""
        bpy.ops.screen.userpref_show(section="ADDONS")
        window = bpy.context.window_manager.windows[-1]
        bpy.context.window_manager.addon_search = addon
        with bpy.context.temp_override(window=window):
            bpy.ops.preferences.addon_show(module=f"bl_ext.user_default.{addon}")
        return window


def main() -> None:
    """Start the script named by the environment; its end closes Blender."""
    result = Path(os.environ["FACEWRIGHT_GUI_RESULT"])
    deadline = time.monotonic() + float(os.environ["FACEWRIGHT_GUI_SECONDS"])
    gui = Gui(Path(os.environ["FACEWRIGHT_GUI_SCREENS"]))
    path = Path(os.environ["FACEWRIGHT_GUI_SCRIPT"])
    # As for a script started by name: what lies beside it can be imported.
    sys.path.insert(0, str(path.parent))
    script = runpy.run_path(str(path))
    # A moment for the window to be drawn for the first time.
    steps = _after(gui.wait(1.0), script["steps"](gui))

    def tick() -> float | None:
        try:
            if time.monotonic() > deadline:
                steps.throw(TimeoutError("the script's time is up"))
            next(steps)
            return TICK_S
        except StopIteration as stop:
            found = stop.value or {}
        except Exception:  # noqa: BLE001 - whatever it was, the test on the outside shows it
            found = {"error": traceback.format_exc()}
        partial = result.with_suffix(".partial")
        partial.write_text(json.dumps(found), encoding="utf-8")
        partial.rename(result)
        bpy.ops.wm.quit_blender()
        return None

    # Persistent: a script may open another file.
    bpy.app.timers.register(tick, first_interval=TICK_S, persistent=True)


def _after(first: Iterator[None], second: Iterator[None]) -> Iterator[None]:
    yield from first
    return (yield from second)


main()
