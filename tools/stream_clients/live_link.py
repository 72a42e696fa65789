# SPDX-License-Identifier: GPL-3.0-or-later
"""PyLiveLinkFace as a sender or a receiver; run by ``tools/check_stream_clients.py``.

live_link.py send '{"port": N, "weights": {...}, "phases": [{"HeadYaw": degrees}, ...], ...}'
live_link.py receive '{"port": N, "seconds": S}'
"""

import json
import math
import socket
import sys
import time

from pylivelinkface import FaceBlendShape, PyLiveLinkFace

TURNS = ("HeadYaw", "HeadPitch", "HeadRoll")


def send(told):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
        for number in range(told["frames"]):
            face = PyLiveLinkFace(name="Other", fps=60)
            for name, value in told["weights"].items():
                face.set_blendshape(FaceBlendShape[name], value, no_filter=True)
            phase = told["phases"][number // told["hold"] % len(told["phases"])]
            for name, degrees in phase.items():
                face.set_blendshape(FaceBlendShape[name], math.radians(degrees), no_filter=True)
            speaker.sendto(face.encode(), ("127.0.0.1", told["port"]))
            time.sleep(1 / 60)


def receive(told):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", told["port"]))
        listener.settimeout(1.0)
        end = time.monotonic() + told["seconds"]
        while time.monotonic() < end:
            try:
                found, face = PyLiveLinkFace.decode(listener.recv(65535))
            except TimeoutError:
                continue
            if not found:
                continue
            values = {shape.name: face.get_blendshape(shape) for shape in FaceBlendShape}
            turn = {name: math.degrees(values[name]) for name in TURNS}
            weights = {
                shape.name: values[shape.name] for shape in FaceBlendShape if shape.value < 52
            }
            print(json.dumps({"weights": weights, "turn": turn}), flush=True)


{"send": send, "receive": receive}[sys.argv[1]](json.loads(sys.argv[2]))
