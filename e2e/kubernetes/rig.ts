/** What the tests of the kubernetes stand-in share: a control plane for all of them, a project for each. */
import * as k8s from "@pulumi/kubernetes";
import type { EngineEvent as RawEvent, PulumiFn } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import type { EngineStack } from "../../engine/engineStack";
import { startControlPlane, type ControlPlane } from "../support/kubeControl";
import { Kubectl } from "../support/kubectl";
import { findEngine, TestProject, type Engine } from "../../test/engine/harness";

/** Builds may come first, once for this machine: Go takes 10 minutes for all of them on two busy cores. */
export const BUILDS_MS = 45 * 60_000;

const STEPS_OF_A_REPLACE_OR_NONE: readonly string[] = ["same", "create-replacement", "delete-replaced"];

function present<T>(value: T | undefined): T {
  return value ?? assert.fail("not before the test");
}

/** One stack at a time, on one control plane. */
class Rig {
  private engine: Engine | undefined;
  private plane: ControlPlane | undefined;
  private hand: Kubectl | undefined;
  private current: TestProject | undefined;
  private stack: EngineStack | undefined;

  get control(): ControlPlane {
    return present(this.plane);
  }

  get kubectl(): Kubectl {
    return present(this.hand);
  }

  get project(): TestProject {
    return present(this.current);
  }

  async start(): Promise<void> {
    this.engine = await findEngine("kubernetes");
    this.plane = await startControlPlane();
    this.hand = await Kubectl.for(this.plane);
  }

  async stop(): Promise<void> {
    await this.plane?.stop();
  }

  begin(): void {
    this.current = new TestProject(present(this.engine));
    this.stack = undefined;
  }

  async end(): Promise<void> {
    await this.stack?.destroy();
    this.current?.remove();
  }

  provider(more: k8s.ProviderArgs = {}): k8s.Provider {
    return new k8s.Provider("cluster", { kubeconfig: this.control.kubeconfig, ...more });
  }

  /** Opens the stack with this program; what it returns are the stack's outputs. */
  async open(program: () => unknown): Promise<EngineStack> {
    const run: PulumiFn = async () => {
      const outputs = await program();
      return typeof outputs === "object" && outputs !== null ? { ...outputs } : undefined;
    };
    this.stack = await this.project.open(run);
    return this.stack;
  }
}

/** A rig for the tests of the block that calls this. */
export function useRig(): Rig {
  const rig = new Rig();
  before(async function () {
    this.timeout(BUILDS_MS);
    await rig.start();
  });
  after(() => rig.stop());
  beforeEach(() => rig.begin());
  afterEach(() => rig.end());
  return rig;
}

/** The message that the work fails with. */
export const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => String(error),
  );

/** What a preview says about each resource that changes: "update data.a", "replace data.a*" (* replaces). */
export async function changes(stack: EngineStack): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const onEvent = ({ resourcePreEvent }: RawEvent): void => {
    const metadata = resourcePreEvent?.metadata;
    if (metadata === undefined || !metadata.type.startsWith("kubernetes:")) return;
    if (STEPS_OF_A_REPLACE_OR_NONE.includes(metadata.op)) return;
    const paths = Object.entries(metadata.detailedDiff ?? {});
    const text = paths.map(([path, { diffKind }]) => `${path}${diffKind.endsWith("-replace") ? "*" : ""}`).sort();
    found[metadata.urn.split("::").at(-1) ?? ""] = [metadata.op, ...text].join(" ");
  };
  await (await stack.prepare()).preview({ onEvent });
  return found;
}

export async function refresh(stack: EngineStack): Promise<void> {
  await (await stack.prepare()).refresh();
}

/** A pod of one container, and the labels that select it. */
interface PodTemplate {
  readonly metadata: { readonly labels: { readonly app: string } };
  readonly spec: { readonly containers: k8s.types.input.core.v1.Container[] };
}

export const podTemplate = (app: string, more: k8s.types.input.core.v1.Container = { name: "main" }): PodTemplate => ({
  metadata: { labels: { app } },
  spec: { containers: [{ image: "registry.k8s.io/pause:3.10", ...more }] },
});

/** Metadata of what no node will ever run. */
export const skipAwait = { annotations: { "pulumi.com/skipAwait": "true" } };

/** In the foreground a deletion waits until the garbage collector knows the new kind: up to 30 s. */
const background = { "pulumi.com/deletionPropagationPolicy": "background" };

/** A kind of custom resource that takes anything. */
export function define(kind: string, options: object): k8s.apiextensions.v1.CustomResourceDefinition {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: "object", x_kubernetes_preserve_unknown_fields: true };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema },
  };
  const spec = { group: "test.tokenrack.dev", scope: "Namespaced", names: { kind, plural }, versions: [version] };
  const metadata = { name: `${plural}.test.tokenrack.dev` };
  return new k8s.apiextensions.v1.CustomResourceDefinition(`define-${kind}`, { metadata, spec }, options);
}

/** The resource "one" of such a kind. */
export function customResource(kind: string, spec: object, options: object, waitFor?: string): object {
  const annotations = { ...background, ...(waitFor === undefined ? {} : { "pulumi.com/waitFor": waitFor }) };
  const args = { apiVersion: "test.tokenrack.dev/v1", kind, metadata: { name: "one", annotations }, spec };
  return new k8s.apiextensions.CustomResource(kind.toLowerCase(), args, options);
}
