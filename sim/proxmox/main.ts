/**
 * Runs the simulated Proxmox by itself: `npx tsx sim/proxmox/main.ts --port 8006 --ca /tmp/proxmox-sim.pem`. Says where it is,
 * its token and what to trust. It ends with Ctrl-C, and keeps nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { exampleToken, exampleWorld, tokenText } from "./exampleWorld";
import { ProxmoxSim } from "./server";
import type { World } from "./world";

interface Options {
  readonly port: string;
  readonly world?: string;
  readonly ca?: string;
}

async function main({ port, world, ca }: Options): Promise<void> {
  const given = world === undefined ? {} : (JSON.parse(readFileSync(world, "utf8")) as Partial<World>);
  const sim = await ProxmoxSim.start({ world: exampleWorld(given), port: Number(port) });
  if (ca !== undefined) writeFileSync(ca, sim.caCert);
  const [token = exampleToken()] = sim.world.tokens;
  console.log(`simulated Proxmox at ${sim.endpoint}, this machine only`);
  console.log(`token: ${tokenText(token)}`);
  console.log(ca === undefined ? sim.caCert.trim() : `trust ${ca}: SSL_CERT_FILE=${ca}`);
  console.log(
    `look: GET ${sim.endpoint}/sim/world and /sim/requests; make a call fail: POST /sim/fail {"path":"qemu$"}`,
  );
  process.once("SIGINT", () => void sim.close());
  process.once("SIGTERM", () => void sim.close());
}

const program = new Command()
  .description("A Proxmox cluster that is none: its HTTPS API on loopback, for trying a stack without the hardware")
  .option("--port <port>", "TCP port; 0 takes a free one", "0")
  .option("--world <file>", "JSON with parts of the world (sim/proxmox/world.ts) in place of the example's")
  .option("--ca <file>", "where to write the certificate that clients have to trust");

void main(program.parse().opts<Options>());
