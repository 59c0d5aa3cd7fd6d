/** What a start chose beyond the stack file: free ports, and a model given on the command line. Kept until `npm stop`. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import * as z from "zod";
import { portDefaults, portsSchema, type Ports } from "../config/schema";
import { writePrivate } from "../local/runFiles";
import { house, type House } from "./house";

const schema = z.object({ ports: z.record(z.string(), z.number()), model: z.string().optional() });

/** Chosen ports and model. */
export interface Choices {
  readonly ports: Ports;
  /** From `--model`; undefined: as the stack file says. */
  readonly model?: string | undefined;
}

const portNames = portsSchema.keyof().options;

/** What was chosen before; undefined when nothing was. */
export function readChoices(
  at: House = house,
): { ports: Record<string, number>; model?: string | undefined } | undefined {
  if (!existsSync(at.choices)) return undefined;
  const parsed = schema.safeParse(JSON.parse(readFileSync(at.choices, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

/** Keeps the choices. */
export function writeChoices(choices: Choices, at: House = house): void {
  writePrivate(at.choices, JSON.stringify(choices));
}

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

/**
 * Ports for a stack, all different: what the stack file pins, what was chosen before, the default where it is free, else
 * any free one.
 * @param pinned ports that the stack file sets: taken as they are
 */
export async function choosePorts(pinned: Partial<Ports>, at: House = house): Promise<Ports> {
  const before = readChoices(at)?.ports ?? {};
  const ports = { ...portDefaults };
  const used = new Set(Object.values(pinned));
  for (const name of portNames) {
    const kept = before[name];
    let port = pinned[name] ?? (kept === undefined || used.has(kept) ? portDefaults[name] : kept);
    if (port !== pinned[name] && port !== kept && !(await isFree(port))) port = await anyFree();
    while (port !== pinned[name] && used.has(port)) port = await anyFree();
    ports[name] = port;
    used.add(port);
  }
  return ports;
}
