// SPDX-License-Identifier: GPL-3.0-or-later
// Rhubarb Lip Sync over recordings: node speech_rhubarb.mjs MODULES JOBS OUT
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, jobsFile, outFile] = process.argv.slice(2);
const entry = join(modules, "rhubarb-lip-sync-wasm", "dist", "index.js");
const { Rhubarb } = await import(pathToFileURL(entry).href);
// Its mouth shapes as its documentation describes them.
const OVR = { A: "PP", B: "DD", C: "E", D: "aa", E: "oh", F: "ou", G: "FF", H: "nn", X: "sil" };

const jobs = JSON.parse(readFileSync(jobsFile, "utf8"));
const result = { cues: {}, failed: {} };
// The first call loads its models.
await Rhubarb.getLipSync(Buffer.alloc(16000));
const begunCpu = process.cpuUsage();
const begun = performance.now();
for (const job of jobs) {
  const samples = readFileSync(job.wav).subarray(44);
  try {
    const said = await Rhubarb.getLipSync(samples);
    result.cues[job.name] = said.mouthCues.map((cue) => ({
      start: cue.start,
      end: cue.end,
      viseme: OVR[cue.value],
    }));
  } catch (error) {
    result.failed[job.name] = String(error.message ?? error);
  }
}
result.seconds = (performance.now() - begun) / 1e3;
const cpu = process.cpuUsage(begunCpu);
result.cpu_seconds = (cpu.user + cpu.system) / 1e6;
writeFileSync(outFile, JSON.stringify(result));
process.exit(0);
