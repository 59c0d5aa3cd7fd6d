import { parseArgs } from "node:util";
import { errorCode } from "./errors";
import { ConfigError } from "./faults";
import { loadConfig } from "./loadConfig";
import { startGateway, type Gateway } from "./server";

const USAGE = "usage: gateway --config <file.yaml|file.json>";

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function configPath(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: "string" } } });
    if (values.config !== undefined) return values.config;
  } catch {
    // Told below, by the usage line.
  }
  return fail(USAGE);
}

async function stop(gateway: Gateway): Promise<void> {
  await gateway.close();
  process.exit(0);
}

async function main(): Promise<void> {
  const path = configPath();
  let gateway: Gateway;
  try {
    gateway = await startGateway(loadConfig(path), { configFile: path });
  } catch (error) {
    // Any other error here is the machine's (a port in use): its code says it, its text and stack stay out of the log.
    return fail(error instanceof ConfigError ? error.message : `The gateway cannot start: ${errorCode(error)}`);
  }
  const metrics = gateway.metricsUrl === undefined ? "" : `, metrics on ${gateway.metricsUrl}`;
  process.stdout.write(`gateway listening on ${gateway.url}${metrics}\n`);
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      // A second signal means now.
      if (stopping) process.exit(1);
      stopping = true;
      void stop(gateway);
    });
}

// Without these two Node prints a stack with whatever text the error holds.
process.on("uncaughtException", (error) => fail(`The gateway stopped: ${errorCode(error)}`));
process.on("unhandledRejection", (error) => fail(`The gateway stopped: ${errorCode(error)}`));

void main();
