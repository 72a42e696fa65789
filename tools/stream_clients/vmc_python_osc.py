# SPDX-License-Identifier: GPL-3.0-or-later
"""python-osc as a VMC Performer or Marionette; see ``live_link.py`` for its arguments."""

import json
import sys
import threading
import time

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient
from vmc_words import Frames, quaternion


def send(told):
    client = SimpleUDPClient("127.0.0.1", told["port"])
    begin = time.monotonic()
    for number in range(told["frames"]):
        client.send_message("/VMC/Ext/OK", [1, 3, 0, 1])
        client.send_message("/VMC/Ext/T", [time.monotonic() - begin])
        phase = told["phases"][number // told["hold"] % len(told["phases"])]
        client.send_message("/VMC/Ext/Bone/Pos", ["Head", 0.0, 0.0, 0.0, *quaternion(phase)])
        for name, value in told["weights"].items():
            client.send_message("/VMC/Ext/Blend/Val", [name, float(value)])
        client.send_message("/VMC/Ext/Blend/Apply", [])
        time.sleep(1 / 60)


def receive(told):
    frames, dispatcher = Frames(), Dispatcher()
    dispatcher.map("/VMC/Ext/Blend/Val", lambda _, name, value: frames.value(name, value))
    dispatcher.map("/VMC/Ext/Bone/Pos", lambda _, name, *pose: frames.bone(name, *pose[3:7]))
    dispatcher.map("/VMC/Ext/Blend/Apply", lambda _: frames.apply())
    server = BlockingOSCUDPServer(("127.0.0.1", told["port"]), dispatcher)
    threading.Timer(told["seconds"], server.shutdown).start()
    server.serve_forever(0.05)


{"send": send, "receive": receive}[sys.argv[1]](json.loads(sys.argv[2]))
