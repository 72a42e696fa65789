# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the solver: how what was seen of a face becomes weights. They belong to the shot."""

import math

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..engine.core.requests import SolveSettings
from ..engine.core.solvers import AUTO, FACEWRIGHT, RAW, solver_of
from .paths import PATH_OPTIONS

_USUAL = SolveSettings()


class FacewrightSolve(bpy.types.PropertyGroup):
    """What Track and Solve Again ask of the solver; ``engine.core.requests.SolveSettings``."""

    solver: EnumProperty(
        name="Solver",
        description="What turns the tracked face into shape key values",
        # A .blend file stores the numbers.
        items=[
            (
                AUTO,
                "Automatic",
                "Facewright, but an engine's own weights where it finds them by itself: DECA, "
                "EMOCA, and your own where its .toml has them",
                2,
            ),
            (
                FACEWRIGHT,
                "Facewright",
                "Measures every frame against the performer's own face at rest",
                0,
            ),
            (
                RAW,
                "Network Scores",
                "The engine's own weights, or the scores of MediaPipe's network, as they are; it "
                "uses none of the settings below",
                1,
            ),
        ],
        default=_USUAL.solver,
    )
    field_of_view: FloatProperty(
        name="Field of View",
        description="The camera's vertical field of view. Wrong by some degrees it shifts the "
        "head's distance, and its angle towards the edges of the picture",
        default=math.radians(_USUAL.field_of_view_deg),
        min=math.radians(5),
        max=math.radians(150),
        subtype="ANGLE",
    )
    performer: StringProperty(
        name="Performer",
        description="Performer profile (.fwperformer) that says how this face looks at rest. "
        "Empty learns that from the clip itself; use a profile where the performer hardly ever "
        "rests in the clip",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    learn_range: FloatProperty(
        name="Full Range",
        description="Scale each movement so that the strongest one seen of this performer "
        "becomes 1. 0 leaves the values as measured",
        default=_USUAL.learn_range,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    symmetry: FloatProperty(
        name="Symmetry",
        description="Draw both sides of the face to their mean. Glances and the jaw's sideways "
        "movement stay",
        default=_USUAL.symmetry,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    exclusive: BoolProperty(
        name="Separate Opposites",
        description="Never move opposite ways at once, such as the jaw to both sides or an eye "
        "up and down, and never close the lips further than the jaw opens them",
        default=_USUAL.exclusive,
    )
    sound_helps: BoolProperty(
        name="Use Sound Where the Mouth Is Hidden",
        description="Where a hand, a turn of the head or blur hides the mouth, let the clip's "
        "sound move jaw, lips and tongue, and set markers there. Also measures how late the "
        "sound is against the picture",
        default=_USUAL.sound_helps,
    )
    write_keys: BoolProperty(
        name="Write Keys Too",
        description="Write the target's keyframes again once Solve Again is done",
        default=True,
    )


CLASSES = (FacewrightSolve,)


def is_raw(shot: bpy.types.PropertyGroup) -> bool:
    """Whether the solver that learns nothing is meant; of an engine of one's own it is not known
    without its file, which drawing must not read."""
    return solver_of(shot.engine, shot.solve.solver) == RAW


def solve_settings(solve: FacewrightSolve) -> SolveSettings:
    """The settings as the worker wants them; ``//`` in the profile's path is the file's folder."""
    return SolveSettings(
        solver=solve.solver,
        # Blender keeps 32 bits of an angle; 40 degrees shall be 40 in the take.
        field_of_view_deg=round(math.degrees(solve.field_of_view), 4),
        performer=bpy.path.abspath(solve.performer) if solve.performer else "",
        learn_range=round(solve.learn_range, 6),
        symmetry=round(solve.symmetry, 6),
        exclusive=solve.exclusive,
        sound_helps=solve.sound_helps,
    )
