import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** The parts of a state file that we read (never write). Version 3 of the checkpoint format. */
const checkpointSchema = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        secrets_providers: z.object({ state: z.object({ salt: z.string().optional() }).optional() }).optional(),
        resources: z.array(z.object({ urn: z.string(), type: z.string() })).nullish(),
        pending_operations: z
          .array(z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) }))
          .nullish(),
      })
      .nullish(),
  }),
});

export interface PendingOperation {
  /** creating, updating, deleting, reading or importing. */
  readonly operation: string;
  readonly urn: string;
  readonly type: string;
}

export interface Checkpoint {
  readonly urns: readonly string[];
  /** What a killed engine was doing. */
  readonly pending: readonly PendingOperation[];
  /** `encryptionsalt` under which the secrets in the state are encrypted. */
  readonly salt: string | undefined;
}

/** Path of a stack's state file. @see pulumi/pkg/backend/diy/store.go */
export function checkpointFile(backend: string, project: string, stack: string): string {
  return path.join(backend, ".pulumi", "stacks", project, `${stack}.json`);
}

/** Undefined when the stack has never been initialised. Reads the file, because `pulumi stack export` costs 0.3 s. */
export function readCheckpoint(file: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const { latest } = checkpointSchema.parse(JSON.parse(readFileSync(file, "utf8"))).checkpoint;
  return {
    urns: (latest?.resources ?? []).map((resource) => resource.urn),
    pending: (latest?.pending_operations ?? []).map(({ type, resource }) => ({ operation: type, ...resource })),
    salt: latest?.secrets_providers?.state?.salt,
  };
}

/** Removes what `pulumi stack rm` leaves of a stack: the last state, its history, backups and lock folder. */
export function removeTraces(backend: string, project: string, stack: string): void {
  const root = path.join(backend, ".pulumi");
  const traces = [
    path.join(root, "history", project, stack),
    path.join(root, "backups", project, stack),
    path.join(root, "locks", "organization", project, stack),
  ];
  const file = checkpointFile(backend, project, stack);
  for (const suffix of ["", ".attrs", ".bak", ".bak.attrs"]) traces.push(`${file}${suffix}`);
  for (const trace of traces) rmSync(trace, { recursive: true, force: true });
}

/** Whether any stack of any project is left in the backend. */
export function hasStacks(backend: string): boolean {
  const root = path.join(backend, ".pulumi", "stacks");
  if (!existsSync(root)) return false;
  return readdirSync(root, { recursive: true, encoding: "utf8" }).some((file) => file.endsWith(".json"));
}
