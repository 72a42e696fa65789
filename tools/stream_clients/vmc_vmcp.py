# SPDX-License-Identifier: GPL-3.0-or-later
"""vmcp, over osc4py3, as a VMC Performer or Marionette; see ``live_link.py`` for its arguments."""

import json
import sys
import time

from vmc_words import Frames, quaternion
from vmcp.events import BlendShapeApplyEvent, BlendShapeEvent, BoneTransformEvent
from vmcp.facades import on_receive
from vmcp.osc import OSC
from vmcp.osc.backend.osc4py3 import as_eventloop
from vmcp.osc.typing import Message
from vmcp.protocol import blendshape, blendshape_apply, bone_transform, state
from vmcp.protocol import time as time_of
from vmcp.typing import BlendShapeKey, Bone, CoordinateVector, ModelState, Quaternion, Timestamp


def send(told, osc):
    # An avatar's own names are given to the package as an enumeration.
    keys = BlendShapeKey("Keys", {name: name for name in told["weights"]})
    speaker = osc.create_sender("127.0.0.1", told["port"], "sender").open()
    begun = Timestamp()
    for number in range(told["frames"]):
        phase = told["phases"][number // told["hold"] % len(told["phases"])]
        turn = bone_transform(
            Bone.HEAD, CoordinateVector.identity(), Quaternion(*quaternion(phase))
        )
        values = [
            Message(*blendshape(keys[name], value)) for name, value in told["weights"].items()
        ]
        # As in its own example, the time comes last.
        speaker.send((Message(*turn), *values[:26]))
        speaker.send((*values[26:], Message(*blendshape_apply())))
        speaker.send((Message(*state(ModelState.LOADED)), Message(*time_of(Timestamp(begun)))))
        for _ in range(3):  # each run sends one bundle
            osc.run()
        time.sleep(1 / 60)


def receive(told, osc):
    frames = Frames()
    listener = osc.create_receiver("127.0.0.1", told["port"], "receiver").open()

    def turn(event):
        q = event.rotation
        frames.bone(event.joint.value, q.x, q.y, q.z, q.w)

    on_receive(listener, BoneTransformEvent, turn)
    on_receive(listener, BlendShapeEvent, lambda event: frames.value(event.key, event.value))
    on_receive(listener, BlendShapeApplyEvent, lambda _event: frames.apply())
    end = time.monotonic() + told["seconds"]
    while time.monotonic() < end:
        osc.run()
        time.sleep(0.001)


with OSC(as_eventloop).open() as opened:
    {"send": send, "receive": receive}[sys.argv[1]](json.loads(sys.argv[2]), opened)
