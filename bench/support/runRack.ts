/** A rack's whole program on the real engine, which is asked what it would do. */
import { join, resolve } from "node:path";
import { complete } from "../../cli/preview/complete";
import { providersOf } from "../../cli/preview/stack";
import { parseProfile } from "../../config/parse";
import { resolvePlugins } from "../../engine/plugins";
import { previewStack } from "../../engine/preview";
import { findPulumiCli } from "../../engine/pulumiCli";
import { stackProgram } from "../../stackProgram";

const checkout = resolve(__dirname, "..", "..");
const cacheDir = join(checkout, ".tokenrack", "cache");

const named = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`tokenrack:${key}`, value]));

/** What a run took, in seconds. */
export interface RackRun {
  /** Of the processor, from the configuration to the last resource that the program news: a busy machine does not show. */
  readonly programCpu: number;
  /** Of the processor, for all that this process does: also what it says to the engine. */
  readonly processCpu: number;
  /** Of the clock, with the engine and the providers. */
  readonly seconds: number;
  readonly resources: number;
}

const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** The program of a rack, as the engine's preview runs it. */
export async function runRack(raw: Readonly<Record<string, unknown>>): Promise<RackRun> {
  const { keys, secrets } = complete("rack", parseProfile(raw, { stack: "rack" }), raw, {}, []);
  const cli = await findPulumiCli({ cacheDir });
  const plugins = await resolvePlugins({ cli, cacheDir, plugins: providersOf("proxmox") });
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let programCpu = 0;
  const { steps } = await previewStack({
    ...{ stackName: "rack", project: "tokenrack", programDir: checkout, cacheDir, cli, plugins },
    config: named(keys),
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`tokenrack:${key}`, value])),
    program: () => {
      const before = process.cpuUsage();
      const outputs = { ...stackProgram() };
      programCpu = cpuSeconds(before);
      return Promise.resolve(outputs);
    },
    env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "of a bench" },
  });
  const seconds = (performance.now() - begun) / 1000;
  return { programCpu, processCpu: cpuSeconds(cpu), seconds, resources: steps.length };
}
