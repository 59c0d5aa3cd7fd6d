import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Manifest } from "../../render/manifest";
import { installDefinitions } from "../support/definitions";
import { startControlPlane, type ControlPlane } from "../support/kubeControl";
import { KubeClient, titleOf } from "../support/kubeClient";
import { podsOf } from "../support/podTemplates";
import { account, broken, given, inputOf, stageCases } from "../support/stageCases";
import { stageManifests } from "../support/stageManifests";
import { BUILDS_MS } from "./rig";

/** Kinds of the objects that a program registers, "apps/v1:Deployment", by the list of its URNs. */
function registeredKinds(stack: string): readonly string[] {
  const file = path.join(__dirname, "..", "..", "test", "program", "golden", `${stack}.urns.txt`);
  const types = readFileSync(file, "utf8").matchAll(/\bkubernetes:([\w./]+):(\w+)::/g);
  const kinds = [...types].map(([, version = "", kind = ""]) => `${version.replace(/^core\//, "")}:${kind}`);
  // A chart's objects are not ours.
  return kinds.filter((kind) => kind !== "helm.sh/v3:Release");
}

/** What the server has against one object. */
async function said(client: KubeClient, object: Manifest): Promise<{ refused: boolean; lines: readonly string[] }> {
  const { refusal, warnings } = await client.judge(object);
  const texts = [...(refusal === undefined ? [] : [refusal]), ...warnings.map((text) => `warns: ${text}`)];
  return { refused: refusal !== undefined, lines: texts.map((text) => `${titleOf(object)}: ${text}`) };
}

/** Everything that the server has against the objects, and against the pods that come of those it takes. */
async function objections(client: KubeClient, objects: readonly Manifest[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const object of objects) {
    const { refused, lines } = await said(client, object);
    found.push(...lines);
    for (const pod of refused ? [] : podsOf(object)) found.push(...(await said(client, pod)).lines);
  }
  return found;
}

/** Makes the namespaces among the objects, for what is in them. */
async function makeNamespaces(client: KubeClient, objects: readonly Manifest[]): Promise<void> {
  for (const namespace of objects.filter(({ kind }) => kind === "Namespace")) {
    await client.apply(namespace);
    await client.apply(account(namespace.metadata.name));
  }
}

describe("a real API server", function () {
  this.timeout(180_000);
  let control: ControlPlane;
  let client: KubeClient;

  before(async function () {
    this.timeout(BUILDS_MS);
    control = await startControlPlane({ controllers: false });
    client = new KubeClient(control);
    await installDefinitions(client);
    for (const object of given) await client.apply(object);
  });

  after(async () => {
    await client?.close();
    await control?.stop();
  });

  for (const [title, stack] of stageCases)
    it(`takes every object of the stages, and every pod of theirs: ${title}`, async () => {
      const objects = stageManifests(inputOf(stack));
      await makeNamespaces(client, objects);
      assert.deepEqual(await objections(client, objects), []);
    });

  for (const stack of ["homelab", "a100", "qwen3-235b"] as const)
    it(`is shown every object that the program registers: ${stack}`, () => {
      const shown = stageManifests(inputOf(stack)).map(({ apiVersion, kind }) => `${apiVersion}:${kind}`);
      const registered = registeredKinds(stack);
      assert.ok(registered.length > 0);
      for (const kind of new Set(registered)) {
        const [least, found] = [registered, shown].map((list) => list.filter((one) => one === kind).length);
        assert.ok((found ?? 0) >= (least ?? 0), `${kind}: ${least} registered, ${found} shown; see stageManifests.ts`);
      }
    });

  it("refuses what it should: else the tests above would say nothing", async () => {
    const objects = stageManifests(inputOf("homelab"));
    await makeNamespaces(client, objects);
    const of = (kind: string): Manifest | undefined => objects.find((one) => one.kind === kind);
    const [service, job, policy] = [of("RayService"), of("Job"), of("NetworkPolicy")];
    const [monitor, rules, board] = [of("PodMonitor"), of("CustomPrometheusRules"), of("GrafanaDashboardDefinition")];
    const head = "spec.rayClusterConfig.headGroupSpec";
    const cases = [
      [broken(service, `${head}.template.spec.tolerationz`, []), /tolerationz.*field not declared in schema/],
      [broken(service, "spec.serveConfig", "x"), /\.spec\.serveConfig: field not declared in schema/],
      [broken(service, `${head}.template`, undefined), /headGroupSpec\.template: Required value/],
      [broken(service, `${head}.template.spec.securityContext.runAsUser`, 0), /violates PodSecurity "restricted/],
      [broken(job, "spec.template.spec.securityContext.runAsUser", 0), /violates PodSecurity "restricted/],
      [broken(job, "spec.template.spec.priorityClassName", "low"), /no PriorityClass with name low/],
      [broken(policy, "spec.policyType", []), /\.spec\.policyType: field not declared in schema/],
      [broken(monitor, "spec.podMetricsEndpoint", []), /\.spec\.podMetricsEndpoint: field not declared in schema/],
      [broken(rules, "spec.group", []), /\.spec\.group: field not declared in schema/],
      [broken(board, "spec.definition", undefined), /spec\.definition: Required value/],
    ] as const;
    for (const [object, wanted] of cases) assert.match((await objections(client, [object])).join("\n"), wanted);
  });
});
