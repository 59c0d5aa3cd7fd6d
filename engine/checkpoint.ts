import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";

const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  protect: z.boolean().optional(),
  /** Names of hooks by when they run. @see pulumi/sdk/go/common/resource/resource_hooks.go */
  resourceHooks: z.record(z.string(), z.unknown()).nullish(),
});

/** The parts of a state file that we read (never write). Version 3 of the checkpoint format. */
const checkpointSchema = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        secrets_providers: z.object({ state: z.object({ salt: z.string().optional() }).optional() }).optional(),
        resources: z.array(resourceSchema).nullish(),
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
  /** URNs of resources that refuse to be deleted. */
  readonly protected: readonly string[];
  /** Whether the program has a say when a resource is deleted. */
  readonly deleteHooks: boolean;
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
  const resources = latest?.resources ?? [];
  const hooks = resources.flatMap(({ resourceHooks }) => Object.keys(resourceHooks ?? {}));
  return {
    deleteHooks: hooks.some((when) => when.endsWith("Delete")),
    protected: resources.filter(({ protect }) => protect === true).map(({ urn }) => urn),
    urns: resources.map(({ urn }) => urn),
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
