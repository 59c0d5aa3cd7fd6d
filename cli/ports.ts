/** Chooses the ports of a stack. */
import { createServer } from "node:net";
import { portDefaults, portsSchema, type Ports } from "../config/schema";
import { findProcesses, type Part } from "../local/processes";
import { readChoices } from "./choices";
import { house, stackName, type House } from "./house";
import { releasePorts, reservePort } from "./reservations";

const portNames = portsSchema.keyof().options;

async function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether nobody listens there, neither on loopback nor on all interfaces. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "0.0.0.0"));
}

/** A port the kernel hands out. */
async function anyFree(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Remembered ports whose part of the stack runs: taken, but by ourselves. */
export function heldPorts(at: House = house): ReadonlySet<number> {
  const before = readChoices(at)?.ports ?? {};
  const runs = (part: Part): boolean => findProcesses(at.run(stackName), part).length > 0;
  const running = { gateway: runs("gateway"), ray: runs("ray") };
  const held = portNames.filter((name) => (name === "gateway" ? running.gateway : running.ray));
  return new Set(held.flatMap((name) => before[name] ?? []));
}

/**
 * Ports for a stack, all different and reserved for this checkout: what the stack file pins, what was chosen before, the
 * default, else any one. But for the pinned ones they are free, or this stack's own.
 * @param pinned ports that the stack file sets: taken as they are
 * @param ours ports that this stack's own processes hold
 */
export async function choosePorts(
  pinned: Partial<Ports>,
  ours: ReadonlySet<number>,
  at: House = house,
): Promise<Ports> {
  const before = readChoices(at)?.ports ?? {};
  const ports = { ...portDefaults };
  const used = new Set(Object.values(pinned));
  const canHave = async (port: number): Promise<boolean> =>
    !used.has(port) && (await isFree(port)) && reservePort(port, at);
  const choose = async (name: keyof Ports): Promise<number> => {
    const kept = before[name];
    if (kept !== undefined && !used.has(kept) && ours.has(kept)) {
      reservePort(kept, at); // Lost when /tmp was emptied; the port is ours all the same.
      return kept;
    }
    let port = kept ?? portDefaults[name];
    if (!(await canHave(port))) port = portDefaults[name];
    while (!(await canHave(port))) port = await anyFree();
    return port;
  };
  for (const name of portNames) {
    const port = pinned[name] ?? (await choose(name));
    if (port === pinned[name]) reservePort(port, at); // So that no other checkout chooses it.
    ports[name] = port;
    used.add(port);
  }
  releasePorts(Object.values(ports), at);
  return ports;
}
