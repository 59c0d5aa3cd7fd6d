/** Waiting for a program under mocks: nothing tells when a program is through, but each resource's URN is a promise. */
import * as pulumi from "@pulumi/pulumi";
import type { Recorder } from "./mocks";

/** The value of an output; undefined while it is unknown. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(withUnknowns: boolean): Promise<T> }).promise(false);
}

/** Children that the SDK noted for a resource; it has no public name for them. */
function childrenOf(resource: pulumi.Resource): pulumi.Resource[] {
  const children: unknown = Reflect.get(resource, "__childResources");
  return children instanceof Set ? [...(children as Set<pulumi.Resource>)] : [];
}

const withDescendants = (resource: pulumi.Resource): pulumi.Resource[] => [
  resource,
  ...childrenOf(resource).flatMap(withDescendants),
];

/**
 * Waits until the components, all below them and their outputs are registered.
 * @throws what the mocks refused
 */
export async function settle(recorder: Recorder, ...components: pulumi.ComponentResource[]): Promise<void> {
  const all = components.flatMap(withDescendants);
  const urns = Promise.all(all.map((resource) => valueOf(resource.urn)));
  await Promise.race([recorder.refused, urns]);
  const registered = (): boolean => components.every((component) => recorder.outputs.has(urnOf(recorder, component)));
  // Outputs are registered by a promise of the SDK that it hands to nobody; each turn of the event loop brings it nearer.
  while (!registered()) await new Promise((done) => setImmediate(done));
}

/** Waits until nothing that was asked of the engine is open. Exported by the SDK but not in its typings. */
export async function requestsDone(): Promise<void> {
  await Reflect.apply(Reflect.get(pulumi.runtime, "waitForRPCs") as () => Promise<void>, undefined, []);
}

function urnOf(recorder: Recorder, component: pulumi.ComponentResource): string {
  const name: unknown = Reflect.get(component, "__name");
  return recorder.get(String(name)).urn;
}
