/** The copy of a recorded state that a preview works on. */
import { z } from "zod";

const stateSchema = z.looseObject({
  checkpoint: z.looseObject({
    latest: z.looseObject({ resources: z.array(z.looseObject({ urn: z.string() })).nullish() }).nullish(),
  }),
});

/** A state without protection, and what was protected in it. */
export interface OpenedState {
  readonly text: string;
  readonly protectedUrns: ReadonlySet<string>;
}

/**
 * Takes the protection off: at the first protected resource that would go, the engine ends a preview with an error that
 * does not say why it would go, nor what else would happen.
 * @param text a state file (version 3 of the checkpoint)
 */
export function unprotected(text: string): OpenedState {
  const state = stateSchema.parse(JSON.parse(text));
  const protectedUrns = new Set<string>();
  for (const resource of state.checkpoint.latest?.resources ?? []) {
    if (resource["protect"] === true) protectedUrns.add(resource.urn);
    delete resource["protect"];
  }
  return { text: JSON.stringify(state), protectedUrns };
}

/** A state with nothing in it: with it there is no `stack init` to wait for. */
export const emptyState = (project: string, stack: string): string =>
  JSON.stringify({ version: 3, checkpoint: { stack: `organization/${project}/${stack}`, latest: null } });
