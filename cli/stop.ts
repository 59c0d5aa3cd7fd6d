/** `npm stop`: takes the stack away. What stays is `.tokenrack/cache`: downloads, environments and builds. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { findPulumiCli } from "../engine/pulumiCli";
import { resolvePlugins } from "../engine/plugins";
import { openStack } from "../engine/stack";
import { stopGateway } from "../local/gateway";
import { stopRay } from "../local/ray";
import { runCommand } from "./command";
import { house, openHouse } from "./house";
import { interruptible } from "./interrupt";
import { withLock } from "./lock";
import { Screen } from "./screen";

async function destroy(stackName: string, screen: Screen): Promise<void> {
  const progress = (text: string): void => screen.step(text);
  const cli = await findPulumiCli({ cacheDir: house.cache, progress });
  const stack = await openStack({
    stackName,
    projectDir: house.checkout,
    stateDir: house.state,
    cacheDir: house.cache,
    program: () => Promise.resolve({}),
    cli,
    plugins: await resolvePlugins({ cli, cacheDir: house.cache, progress }),
    progress,
  });
  await interruptible((signal) => stack.destroy({ signal, onEvent: (event) => screen.event(event) }));
  await stack.remove();
}

async function stop(stack: string, screen: Screen): Promise<void> {
  const begun = Date.now();
  const hasState = existsSync(join(house.state, "workspace"));
  const leftovers = [house.state, house.run(stack), house.secrets, house.password, house.choices].filter(existsSync);
  if (hasState) await destroy(stack, screen);
  // What no state knows of any more, such as the processes of a start that was killed before it could say so.
  await stopRay(house.run(stack));
  await stopGateway(house.run(stack));
  for (const path of [...leftovers, join(house.root, "run")]) rmSync(path, { recursive: true, force: true });
  screen.close();
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const what = leftovers.length === 0 ? "Nothing was running here" : "Stopped: no process, port or file is left";
  process.stdout.write(
    `${pc.green("✓")} ${pc.bold(what)} ${pc.dim(`(${seconds} s; downloads stay in ${house.cache})`)}\n`,
  );
}

const program = new Command("npm stop --")
  .description("Takes the stack away.")
  .option("--stack <name>", "stack to take away", "local")
  .action((options: { stack: string }) =>
    runCommand(async () => {
      openHouse();
      const screen = new Screen();
      try {
        await withLock(() => stop(options.stack, screen));
      } finally {
        screen.close();
      }
    }),
  );
void program.parseAsync();
