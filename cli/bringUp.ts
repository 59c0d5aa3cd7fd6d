/** Brings the stack up, or repairs it, until a token comes through the gateway. */
import { Command } from "commander";
import pc from "picocolors";
import { ProfileError } from "../config/errors";
import { withHeartbeat } from "../engine/progress";
import { findPulumiCli } from "../engine/pulumiCli";
import { resolvePlugins } from "../engine/plugins";
import { openStack } from "../engine/stack";
import type { EngineStack } from "../engine/engineStack";
import { findBroken, type HealthRequest } from "../local/health";
import { stackProgram } from "../stackProgram";
import type { LocalStackPlan } from "../plan/plan";
import { bundleGateway } from "./gatewayBundle";
import { readChoices, writeChoices, type Choices } from "./choices";
import { house, openHouse, stackName } from "./house";
import { interruptible } from "./interrupt";
import { withLock } from "./lock";
import { givenModel, namingKept } from "./model";
import { notReady } from "./platform";
import { choosePorts, heldPorts } from "./ports";
import { preflight } from "./preflight";
import { addedConfig, committedConfig, configEntries, pinnedPorts, planStack } from "./profile";
import { Screen } from "./screen";
import { localSecrets, type LocalSecrets } from "./secrets";
import { summary } from "./summary";

interface Options {
  readonly model?: string;
}

/** What a start is made from. */
interface Start {
  readonly choices: Choices;
  /** Config that the front end adds to the stack file. */
  readonly added: Record<string, unknown>;
  readonly plan: LocalStackPlan;
}

/** Resources to make again because a process of theirs has died. */
async function repairs(stack: EngineStack, request: HealthRequest, screen: Screen): Promise<string[]> {
  const names = { ray: "ray-ray", serve: "ray-serve", gateway: "gateway-process" } as const;
  const urnOf = (name: string): string[] => stack.urns().filter((urn) => urn.endsWith(`::${name}`));
  // What the engine has not made yet it makes anyway; what it has made may have died since.
  const made = (part: keyof typeof names): boolean => urnOf(names[part]).length > 0;
  if (!made("ray") && !made("gateway")) return [];
  const looking = "looking whether everything runs";
  screen.step(looking);
  const all = await withHeartbeat(
    (text) => screen.step(text),
    looking,
    () => findBroken(request),
  );
  const broken = all.filter(({ part }) => made(part));
  broken.forEach(({ part, reason }) => screen.line(`${pc.yellow("!")} ${part} is broken (${reason}): replacing it`));
  return broken.flatMap(({ part }) => urnOf(names[part]));
}

/** Looks at everything that can be wrong before anything is made. @throws ProfileError with every fault */
async function prepare(model: string | undefined): Promise<Start> {
  const committed = committedConfig(stackName);
  const held = heldPorts();
  const choices = { ports: await choosePorts(pinnedPorts(committed), held), model };
  const added = addedConfig(stackName, choices, await bundleGateway());
  const plan = planStack(stackName, committed, added);
  const faults = await preflight(plan, held);
  if (faults.length > 0) throw new ProfileError(faults, notReady);
  return { choices: { ...choices, firstUser: plan.gateway.firstUser }, added, plan };
}

async function open(added: Record<string, unknown>, secrets: LocalSecrets, screen: Screen): Promise<EngineStack> {
  const progress = (text: string): void => screen.step(text);
  const cli = await findPulumiCli({ cacheDir: house.cache, progress });
  const plugins = await resolvePlugins({ cli, cacheDir: house.cache, progress });
  return openStack({
    stackName,
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
}

async function bringUp(model: string | undefined, screen: Screen): Promise<void> {
  const begun = Date.now();
  const before = readChoices();
  if (model !== undefined) screen.line(`  model ${model} from --model: kept until npm stop`);
  const { choices, added, plan } = await prepare(model);
  plan.warnings.forEach((warning) => screen.line(`${pc.yellow("!")} ${warning}`));
  // What runs now, if anything does, was started with the model and the user of before; the new ones must prove themselves.
  const firstUser = before?.firstUser ?? choices.firstUser ?? "";
  writeChoices({ ports: choices.ports, model: before?.model, firstUser });
  const secrets = await localSecrets(plan.gateway.firstUser);
  const stack = await open(added, secrets, screen);
  const health: HealthRequest = {
    runDirectory: plan.local.paths.run,
    dashboardPort: plan.local.ports.rayDashboard,
    gatewayPort: plan.gateway.port,
    endpoint: plan.gateway.issuer,
    model: plan.gateway.readinessModel,
    user: firstUser,
    password: secrets.firstUserPassword,
  };
  const replace = await repairs(stack, health, screen);
  const changes = await interruptible((signal) =>
    stack.up({ replace, signal, onEvent: (event) => screen.event(event) }),
  );
  writeChoices(choices);
  screen.close();
  const changed = changes.create + changes.update + changes.replace + changes.delete;
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const verdict = changed === 0 ? "Nothing to change: everything runs" : "Ready: a token came through the gateway";
  process.stdout.write(`${pc.green("✓")} ${pc.bold(verdict)} ${pc.dim(`(${seconds} s)`)}\n${summary(plan)}`);
}

async function start(options: Options): Promise<void> {
  openHouse();
  const screen = new Screen();
  try {
    await withLock(async () => {
      if (options.model !== undefined) return bringUp(givenModel(options.model), screen);
      const kept = readChoices()?.model;
      return namingKept(kept, () => bringUp(kept, screen));
    });
  } finally {
    screen.close();
  }
}

/** Reads the command line and does it. */
export async function main(): Promise<void> {
  await new Command("npm start --")
    .description("Brings the stack up on this machine, or repairs it.")
    .option(
      "--model <source>",
      "a Hugging Face id or a model directory instead of the stack file's; kept until npm stop",
    )
    .action(start)
    .parseAsync();
}
