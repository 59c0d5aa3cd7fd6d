/**
 * `npm run e2e`: the homelab from bare hosts to a user's answer, for real on this machine but for what it says is simulated;
 * then once more without a change, with `--faults` through faults that somebody makes, and away again. As root. Exit code
 * 1 when something was not as it should be.
 */
import { base, directory } from "./temporary";
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { imageReference, images } from "../../catalog/images";
import type { EngineEvent } from "../../engine/events";
import type { EngineStack } from "../../engine/engineStack";
import { startRack, type Rack } from "../node/rack";
import { withFaults } from "./faults/all";
import type { FaultContext } from "./faults/fault";
import { Homelab } from "./homelab";
import { needsOf } from "./state";
import { criticalPath, StepRecorder, stageRows, timelineText } from "./timeline";
import { timelineSvg } from "./timelinePicture";
import { checkDestroyed, checkUnchanged, snapshot } from "./checks";

const checkout = join(__dirname, "..", "..");
const home = join(checkout, ".tokenrack", "e2e");
const picture = join(home, "timeline.svg");
/** Without the faults. */
const wantsFaults = process.argv.includes("--faults");

/** Tokens of the user's answer. */
const answerTokens = 24;

const began = performance.now();
const now = (): number => (performance.now() - began) / 1000;
const say = (line: string): void => void process.stdout.write(`${now().toFixed(1).padStart(7)}  ${line}\n`);

const simulated = [
  "Proxmox's API (sim/proxmox)",
  "the hosts' hardware and reboot (sim/host)",
  "Deckhouse's installer and its controllers (sim/dhctl, e2e/homelab/deckhouse.ts)",
  "GPUs and NVIDIA's operator (e2e/charts/gpu-operator)",
];

/** Tells how it goes, and takes the times. */
function watch(recorder: StepRecorder): (event: EngineEvent) => void {
  return (event) => {
    recorder.onEvent(event);
    if (event.kind === "diagnostic" && !event.ephemeral && event.message !== "") {
      say(`${event.urn?.split("::").at(-1) ?? event.severity}: ${event.message}`);
    }
    if (event.kind === "resFailed") say(`failed: ${event.name}`);
  };
}

/** The bring-up, and its timeline. */
async function bringUp(stack: EngineStack, signal: AbortSignal): Promise<void> {
  const start = now();
  const recorder = new StepRecorder(() => now() - start);
  const { create } = await stack.up({ signal, onEvent: watch(recorder) });
  say(`up: ${create} resources made in ${(now() - start).toFixed(0)} s`);
  const needs = needsOf(await stack.exportState());
  const rows = stageRows(recorder.steps, needs);
  const path = criticalPath(recorder.steps, needs);
  process.stdout.write(`\n${timelineText(rows, path).join("\n")}\n\n`);
  writeFileSync(picture, timelineSvg("From bare hosts to a token: homelab-e2e", rows, path));
  say(`the same as a picture: ${relative(process.cwd(), picture)}`);
}

async function asUser(lab: Homelab, stack: EngineStack): Promise<void> {
  const { endpoint, models, firstTokens } = await stack.outputs();
  const [model] = models as readonly string[];
  const user = lab.user(String(endpoint));
  try {
    const token = await user.login();
    const answer = await user.chat(token, model ?? "", answerTokens);
    if (answer.chunks < 2) throw new Error(`the answer came in ${answer.chunks} pieces: it was not streamed`);
    if (answer.finishReason !== "length") throw new Error(`the answer ended by "${answer.finishReason}"`);
    say(`first token by the RayService: ${String(firstTokens)}`);
    say(
      `a user at ${String(endpoint)}: time to first token ${answer.firstTokenSeconds.toFixed(2)} s, ${answer.chunks} pieces in ${answer.seconds.toFixed(2)} s`,
    );
  } finally {
    await user.close();
  }
}

async function again(lab: Homelab, stack: EngineStack): Promise<void> {
  const before = await snapshot(lab);
  const changed: string[] = [];
  const onEvent = (event: EngineEvent): void => {
    if (event.kind === "resourcePre" && event.op !== "same") changed.push(`${event.op} ${event.name}`);
  };
  await stack.up({ onEvent });
  if (changed.length > 0) throw new Error(`the second up changed something: ${changed.join(", ")}`);
  checkUnchanged(before, await snapshot(lab));
  say("second up: no changes, and nothing was written");
}

async function contextOf(lab: Homelab, rack: Rack, stack: EngineStack): Promise<FaultContext> {
  const { endpoint, models } = await stack.outputs();
  const [model = ""] = models as readonly string[];
  return { lab, rack, stack, model, endpoint: String(endpoint), say };
}

async function takeAway(lab: Homelab, stack: EngineStack): Promise<void> {
  lab.release();
  await stack.up();
  const { delete: deleted } = await stack.destroy({ onEvent: watch(new StepRecorder(now)) });
  checkDestroyed(lab, stack.urns());
  say(`destroy: ${deleted} resources, and nothing is left in Proxmox; what was in the cluster goes with its VMs`);
}

async function withRack(rack: Rack, abort: AbortController): Promise<void> {
  const lab = await Homelab.start({ rack, directory, say, fail: (error) => abort.abort(error) });
  try {
    say("the hosts, Proxmox and the cluster's control plane are there");
    const stack = await lab.open();
    await bringUp(stack, abort.signal);
    await asUser(lab, stack);
    await again(lab, stack);
    const context = await contextOf(lab, rack, stack);
    if (wantsFaults) await withFaults(context);
    await takeAway(lab, context.stack);
  } finally {
    await lab.stop();
  }
}

async function main(): Promise<void> {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => abort.abort(new Error(`ended by ${signal}`)));
  }
  mkdirSync(home, { recursive: true });
  say(`simulated: ${simulated.join("; ")}`);
  const wanted = [images.ray, images.node, images.valkey, images.kubeRay].map(imageReference);
  // What is shipped is what lies there, not a build of some day before.
  await promisify(execFile)("npm", ["run", "--silent", "build"], { cwd: checkout });
  const rack = await startRack({ directory: base, images: wanted, onProgress: say });
  try {
    await withRack(rack, abort);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    await rack.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
