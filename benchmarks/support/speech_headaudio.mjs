// SPDX-License-Identifier: GPL-3.0-or-later
// HeadAudio over recordings: node speech_headaudio.mjs MODULES JOBS OUT
//
// Its processor is driven as a browser's audio thread drives it, 128 samples at a time, with its own
// defaults. Its page ignores viseme 0 (aa) by a slip; here it counts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, jobsFile, outFile] = process.argv.slice(2);
const home = join(modules, "@met4citizen", "headaudio");
const load = (name) => import(pathToFileURL(join(home, "modules", name)).href);
const { Processor } = await load("processor.mjs");
const { Training } = await load("training.mjs");
const NAMES = "aa E I O U PP SS TH DD FF kk nn RR CH sil".split(" ");
const QUANTUM = 128;
const HALF_HOP_S = 0.008;

// Its loader fetches; node fetches no files.
globalThis.fetch = async (path) => {
  const bytes = readFileSync(path);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { ok: true, arrayBuffer: async () => buffer };
};
const { model } = await new Training().loadModel(join(home, "dist", "model-en-mixed.bin"));

function cuesOf(path, rate) {
  const file = readFileSync(path);
  const count = (file.length - 44) >> 1;
  const cues = [];
  const worklet = {
    port: {
      postMessage(message) {
        if (message.event !== "viseme" || message.viseme === null) return;
        const start = message.t - HALF_HOP_S;
        cues.push({ start, end: message.t + HALF_HOP_S, viseme: NAMES[message.viseme] });
      },
    },
  };
  const processor = new Processor({ sampleRate: rate }, worklet);
  processor._onmessage({ data: { event: "model", model, reset: true } });
  const block = new Float32Array(QUANTUM);
  for (let at = 0; at + QUANTUM <= count; at += QUANTUM) {
    for (let i = 0; i < QUANTUM; i++) block[i] = file.readInt16LE(44 + 2 * (at + i)) / 32768;
    processor.process(block);
  }
  return cues;
}

const jobs = JSON.parse(readFileSync(jobsFile, "utf8"));
const result = { cues: {}, failed: {} };
const begunCpu = process.cpuUsage();
const begun = performance.now();
for (const job of jobs) result.cues[job.name] = cuesOf(job.wav, job.rate);
result.seconds = (performance.now() - begun) / 1e3;
const cpu = process.cpuUsage(begunCpu);
result.cpu_seconds = (cpu.user + cpu.system) / 1e6;
writeFileSync(outFile, JSON.stringify(result));
