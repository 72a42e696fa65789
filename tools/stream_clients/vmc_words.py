# SPDX-License-Identifier: GPL-3.0-or-later
"""What a VMC client of others hears, frame by frame, as the check wants it; and what it says."""

import json
import math

AXES = "xyz"


def quaternion(phase):
    """Degrees about one axis, such as {"x": 12} -> x, y, z, w."""
    ((axis, degrees),) = phase.items()
    half = math.radians(degrees) / 2
    return [math.sin(half) if axis == each else 0.0 for each in AXES] + [math.cos(half)]


class Frames:
    """Prints a line of JSON at every Apply. Neck and head turn about one axis, so angles add."""

    def __init__(self):
        self.weights, self.bones = {}, {}

    def value(self, name, value):
        self.weights[str(name)] = value

    def bone(self, name, x, y, z, w):
        self.bones[str(name)] = (x, y, z, w)

    def apply(self):
        turn = {
            axis: sum(
                math.degrees(2 * math.atan2(self.bones[bone][place], self.bones[bone][3]))
                for bone in ("Neck", "Head")
                if bone in self.bones
            )
            for place, axis in enumerate(AXES)
        }
        print(json.dumps({"weights": self.weights, "turn": turn}), flush=True)
