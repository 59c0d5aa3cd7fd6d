/** Processes and ways beside the engine: what runs inside the rack's network, and the master's address. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { Rack } from "../node/rack";
import type { InsideSettings } from "./inside";

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.stdin?.end();
  await gone;
}

/** Starts `inside.ts` in the rack. @returns what ends it @throws Error when it ends by itself */
export async function startInside(
  { enter }: Pick<Rack, "enter">,
  directory: string,
  settings: InsideSettings,
): Promise<() => Promise<void>> {
  const [file, bundle] = [join(directory, "inside.json"), join(directory, "inside.js")];
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const entryPoints = [join(__dirname, "inside.ts")];
  // In there is nothing of this project but this file.
  buildSync({ entryPoints, outfile: bundle, bundle: true, platform: "node", format: "cjs" });
  const [command = process.execPath, ...args] = [...enter, process.execPath, bundle, file];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const isReady = new Promise<boolean>((resolve) => {
    child.stdout.once("data", () => resolve(true));
    child.once("exit", () => resolve(false));
    child.once("error", () => resolve(false));
  });
  if (!(await isReady)) throw new Error("what is to run inside the rack has ended");
  return () => ended(child);
}

/** Hands connections on. @param address of loopback @param server https://<address>:<port> @returns what ends it */
export async function forward(address: string, port: number, server: string): Promise<() => void> {
  const { hostname, port: serverPort } = new URL(server);
  const listener = createServer((from) => {
    const to = connect(Number(serverPort), hostname);
    from.on("error", () => to.destroy()).on("close", () => to.destroy());
    to.on("error", () => from.destroy()).on("close", () => from.destroy());
    from.pipe(to);
    to.pipe(from);
  });
  listener.listen(port, address);
  await once(listener, "listening");
  return () => void listener.close();
}
