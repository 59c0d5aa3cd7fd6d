/** `npm start`: brings the stack up, or repairs it, until a token comes through the gateway. */
import { resolve } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { ProfileError } from "../config/errors";
import { modelKind } from "../config/schema";
import { findPulumiCli } from "../engine/pulumiCli";
import { resolvePlugins } from "../engine/plugins";
import { openStack } from "../engine/stack";
import type { EngineStack } from "../engine/engineStack";
import { findBroken } from "../local/health";
import { stackProgram } from "../stackProgram";
import type { Plan } from "../plan/plan";
import { bundleGateway } from "./gatewayBundle";
import { choosePorts, readChoices, writeChoices, type Choices } from "./choices";
import { runCommand } from "./command";
import { house, openHouse } from "./house";
import { interruptible } from "./interrupt";
import { withLock } from "./lock";
import { nodeFaults, preflight } from "./preflight";
import { addedConfig, committedConfig, configEntries, pinnedPorts, planStack } from "./profile";
import { Screen } from "./screen";
import { firstUser, localSecrets, type LocalSecrets } from "./secrets";
import { summary } from "./summary";

interface Options {
  readonly stack: string;
  readonly model?: string;
}

async function choose(options: Options, committed: Record<string, unknown>): Promise<Choices> {
  const given = options.model ?? readChoices()?.model;
  // A directory is meant from where the user stands, not from the checkout.
  const model = given !== undefined && modelKind(given) === "directory" ? resolve(given) : given;
  return { ports: await choosePorts(pinnedPorts(committed)), model };
}

/** Resources to make again because a process of theirs has died. */
async function repairs(stack: EngineStack, plan: Plan, secrets: LocalSecrets, screen: Screen): Promise<string[]> {
  const names = { ray: "ray-ray", serve: "ray-serve", gateway: "gateway-process" } as const;
  const urnOf = (name: string): string[] => stack.urns().filter((urn) => urn.endsWith(`::${name}`));
  // What the engine has not made yet it makes anyway; what it has made may have died since.
  const made = (part: keyof typeof names): boolean => urnOf(names[part]).length > 0;
  if (!made("ray") && !made("gateway")) return [];
  screen.step("looking whether everything runs");
  const all = await findBroken({
    runDirectory: plan.local.paths.run,
    dashboardPort: plan.local.ports.rayDashboard,
    gatewayPort: plan.gateway.port,
    endpoint: plan.gateway.issuer,
    model: plan.gateway.readinessModel,
    user: firstUser,
    password: secrets.firstUserPassword,
  });
  const broken = all.filter(({ part }) => made(part));
  broken.forEach(({ part, reason }) => screen.line(`${pc.yellow("!")} ${part} is broken (${reason}): replacing it`));
  return broken.flatMap(({ part }) => urnOf(names[part]));
}

async function bringUp(options: Options, screen: Screen): Promise<void> {
  const begun = Date.now();
  const committed = committedConfig(options.stack);
  const choices = await choose(options, committed);
  const bundle = await bundleGateway();
  const added = addedConfig(options.stack, choices, bundle);
  const plan = planStack(options.stack, committed, added);
  const held = readChoices() === undefined ? [] : Object.values(plan.local.ports);
  const faults = await preflight(plan, new Set(held));
  if (faults.length > 0) throw new ProfileError(faults);
  plan.warnings.forEach((warning) => screen.line(`${pc.yellow("!")} ${warning}`));
  writeChoices(choices);
  const secrets = await localSecrets();
  const progress = (text: string): void => screen.step(text);
  const cli = await findPulumiCli({ cacheDir: house.cache, progress });
  const plugins = await resolvePlugins({ cli, cacheDir: house.cache, progress });
  const stack = await openStack({
    stackName: options.stack,
    projectDir: house.checkout,
    stateDir: house.state,
    cacheDir: house.cache,
    program: () => Promise.resolve({ ...stackProgram() }),
    config: {
      ...configEntries(added),
      ...Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, { value, secret: true } as const])),
    },
    cli,
    plugins,
    progress,
  });
  const replace = await repairs(stack, plan, secrets, screen);
  const changes = await interruptible((signal) =>
    stack.up({ replace, signal, onEvent: (event) => screen.event(event) }),
  );
  screen.close();
  const changed = changes.create + changes.update + changes.replace + changes.delete;
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const verdict = changed === 0 ? "Nothing to change: everything runs" : "Ready: a token came through the gateway";
  process.stdout.write(`${pc.green("✓")} ${pc.bold(verdict)} ${pc.dim(`(${seconds} s)`)}\n${summary(plan)}`);
}

async function start(options: Options): Promise<void> {
  const tooOld = nodeFaults();
  if (tooOld.length > 0) throw new ProfileError(tooOld);
  openHouse();
  const screen = new Screen();
  try {
    await withLock(() => bringUp(options, screen));
  } finally {
    screen.close();
  }
}

const program = new Command("npm start --")
  .description("Brings the stack up on this machine, or repairs it.")
  .option("--stack <name>", "stack file to use", "local")
  .option("--model <source>", "a Hugging Face id or a model directory instead of the stack file's; kept until npm stop")
  .action((options: Options) => runCommand(() => start(options)));
void program.parseAsync();
