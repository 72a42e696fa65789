// SPDX-License-Identifier: GPL-3.0-or-later
// osc.js as a VMC Performer or Marionette; see live_link.py for its arguments.
"use strict";

const osc = require("osc");
const AXES = ["x", "y", "z"];
const told = JSON.parse(process.argv[3]);

const quaternion = (phase) => {
  const [axis, degrees] = Object.entries(phase)[0];
  const half = (degrees * Math.PI) / 360;
  return [...AXES.map((each) => (each === axis ? Math.sin(half) : 0)), Math.cos(half)];
};
const floats = (values) => values.map((value) => ({ type: "f", value }));
const message = (address, args) => ({ address, args });

function send() {
  const port = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: 0, metadata: true });
  let number = 0;
  port.on("ready", () => {
    const timer = setInterval(() => {
      if (number === told.frames) {
        clearInterval(timer);
        port.close();
        return;
      }
      const phase = told.phases[Math.floor(number / told.hold) % told.phases.length];
      const values = Object.entries(told.weights).map(([name, value]) =>
        message("/VMC/Ext/Blend/Val", [{ type: "s", value: name }, ...floats([value])]));
      const bone = message("/VMC/Ext/Bone/Pos",
        [{ type: "s", value: "Head" }, ...floats([0, 0, 0, ...quaternion(phase)])]);
      const time = message("/VMC/Ext/T", floats([number / 60]));
      const timeTag = osc.timeTag(0);
      port.send({ timeTag, packets: [time, bone, ...values.slice(0, 26)] }, "127.0.0.1", told.port);
      port.send({ timeTag, packets: [...values.slice(26), message("/VMC/Ext/Blend/Apply", [])] },
        "127.0.0.1", told.port);
      number += 1;
    }, 1000 / 60);
  });
  port.open();
}

function receive() {
  const weights = {};
  const bones = {};
  const port = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: told.port });
  const angle = (bone, place) =>
    bone ? (Math.atan2(bone[place], bone[3]) * 360) / Math.PI : 0;
  port.on("message", ({ address, args }) => {
    if (address === "/VMC/Ext/Blend/Val") weights[args[0]] = args[1];
    if (address === "/VMC/Ext/Bone/Pos") bones[args[0]] = args.slice(4, 8);
    if (address !== "/VMC/Ext/Blend/Apply") return;
    const turn = Object.fromEntries(AXES.map((axis, place) =>
      [axis, angle(bones.Neck, place) + angle(bones.Head, place)]));
    console.log(JSON.stringify({ weights, turn }));
  });
  port.open();
  setTimeout(() => process.exit(0), told.seconds * 1000);
}

({ send, receive })[process.argv[2]]();
