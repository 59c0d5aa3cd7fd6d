/** `npm stop`: takes the stack away. What stays is `.tokenrack/cache`: downloads, environments and builds. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { findPulumiCli } from "../engine/pulumiCli";
import { resolvePlugins } from "../engine/plugins";
import { openStack } from "../engine/stack";
import { stopGateway } from "../local/gateway";
import { stopRay } from "../local/ray";
import { runCommand } from "./command";
import { emptyHouse, house, openHouse, stackName } from "./house";
import { interruptible } from "./interrupt";
import { withLock } from "./lock";
import { releasePorts } from "./reservations";
import { Screen } from "./screen";

async function destroy(screen: Screen): Promise<void> {
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

async function stop(screen: Screen): Promise<void> {
  const begun = Date.now();
  if (existsSync(join(house.state, "workspace"))) await destroy(screen);
  // What no state knows of any more, such as the processes of a start that was killed before it could say so.
  await stopRay(house.run(stackName));
  await stopGateway(house.run(stackName));
  const hadAnything = emptyHouse();
  releasePorts([]);
  screen.close();
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const what = hadAnything ? "Stopped: no process, port or file is left" : "Nothing was running here";
  process.stdout.write(
    `${pc.green("✓")} ${pc.bold(what)} ${pc.dim(`(${seconds} s; downloads stay in ${house.cache})`)}\n`,
  );
}

const program = new Command("npm stop --").description("Takes the stack away.").action(() =>
  runCommand(async () => {
    openHouse();
    const screen = new Screen();
    try {
      await withLock(() => stop(screen));
    } finally {
      screen.close();
    }
  }),
);
void program.parseAsync();
