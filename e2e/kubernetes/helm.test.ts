import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineStack } from "../../engine/engineStack";
import { findHelm } from "../../engine/kubernetesTools";
import { CACHE_DIR } from "../../test/engine/harness";
import { BUILDS_MS, refresh, useRig } from "./rig";

/** One ConfigMap, and a Deployment where values ask for replicas: nothing schedules its pods. */
const TEMPLATE = `
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
data: { greeting: {{ .Values.greeting | quote }}, token: {{ .Values.token | quote }} }
{{- if .Values.replicas }}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: greeting } }
  template:
    metadata: { labels: { app: greeting } }
    spec: { containers: [{ name: main, image: "registry.k8s.io/pause:3.10" }] }
{{- end }}
`;

function writeChart(dir: string, version: string): string {
  mkdirSync(path.join(dir, "templates"), { recursive: true });
  const chart = { apiVersion: "v2", name: "greeting", type: "application", version, appVersion: "4.5" };
  writeFileSync(path.join(dir, "Chart.yaml"), JSON.stringify(chart));
  writeFileSync(path.join(dir, "values.yaml"), JSON.stringify({ greeting: "hello", token: "", replicas: 0 }));
  writeFileSync(path.join(dir, "templates", "all.yaml"), TEMPLATE);
  return dir;
}

/** The kubernetes stand-in's Helm releases, through the real helm, against a real API server. */
describe("kubernetes stand-in: Helm releases", function () {
  this.timeout(60_000);
  const rig = useRig();
  let helm: string;
  let chart: string;

  before(async function () {
    this.timeout(BUILDS_MS);
    helm = await findHelm({ cacheDir: CACHE_DIR, env: process.env, progress: (line) => console.log(`      ${line}`) });
  });
  beforeEach(() => {
    chart = writeChart(path.join(rig.project.dir, "chart"), "1.2.3");
  });

  const release = (args: () => Partial<k8s.helm.v3.ReleaseArgs>): Promise<EngineStack> =>
    rig.open(() => {
      const made = new k8s.helm.v3.Release("hi", { chart, timeout: 30, ...args() }, { provider: rig.provider() });
      return { status: made.status, names: made.resourceNames, name: made.name };
    });
  const nothing = { same: 3, create: 0, update: 0, replace: 0, delete: 0 };

  it("installs, changes nothing, upgrades, follows the chart, heals drift and uninstalls", async () => {
    let greeting = "one";
    const it = await release(() => ({
      name: "greeter",
      namespace: "helmed",
      createNamespace: true,
      values: { greeting, token: pulumi.secret("hunter2") },
    }));
    assert.equal((await it.preview()).create, 3);
    assert.equal(await rig.kubectl.value("namespace/helmed", ".metadata.name"), "");
    await it.up();
    assert.equal(
      await rig.kubectl.value("configmap/greeter", ".data", "helmed"),
      '{"greeting":"one","token":"hunter2"}',
    );
    const outputs = await it.outputs();
    assert.deepEqual(outputs["names"], { "ConfigMap/v1": ["helmed/greeter"] });
    assert.deepEqual(outputs["status"], {
      appVersion: "4.5",
      chart: "greeting",
      name: "greeter",
      namespace: "helmed",
      revision: 1,
      status: "deployed",
      version: "1.2.3",
    });
    assert.doesNotMatch(rig.project.stateText("."), /hunter2/);
    assert.deepEqual(await it.up(), nothing);

    greeting = "two";
    assert.equal((await it.up()).update, 1);
    assert.equal(await rig.kubectl.value("configmap/greeter", ".data.greeting", "helmed"), "two");
    writeChart(chart, "1.2.4");
    assert.equal((await it.up()).update, 1);
    assert.deepEqual(await it.up(), nothing);

    await rig.kubectl.helm(helm, "upgrade", "greeter", chart, "-n", "helmed", "--set", "greeting=by hand");
    await refresh(it);
    assert.equal((await it.up()).update, 1);
    assert.equal(await rig.kubectl.value("configmap/greeter", ".data.greeting", "helmed"), "two");
    await it.destroy();
    assert.equal(await rig.kubectl.value("configmap/greeter", ".metadata.name", "helmed"), "");
  });

  it("names a release by itself, and installs anew under another name", async () => {
    let name = "";
    const it = await release(() => (name === "" ? {} : { name }));
    await it.up();
    const first = String((await it.outputs())["name"]);
    assert.match(first, /^hi-[0-9a-f]{8}$/);
    assert.deepEqual(await it.up(), nothing);
    name = "other";
    assert.equal((await it.up()).replace, 1);
    assert.equal(await rig.kubectl.value("configmap/other", ".data.greeting"), "hello");
    assert.equal(await rig.kubectl.value(`configmap/${first}`, ".data.greeting"), "");
  });

  it("keeps a release that did not become ready, and the next run goes on with it", async () => {
    let replicas = 1;
    const it = await release(() => ({ name: "slow", timeout: 3, values: { replicas } }));
    await assert.rejects(it.up(), (error) => {
      assert.match(String(error), /Helm release "default\/slow" was created, but failed to initialize completely/);
      assert.match(String(error), /Error: Helm Release default\/slow: .*(deadline exceeded|timed out)/);
      return true;
    });
    assert.equal(it.urns().length, 3);
    replicas = 0;
    assert.equal((await it.up()).update, 1);
  });

  it("does not touch a release of somebody else, and names a chart that is not there", async () => {
    await rig.kubectl.helm(helm, "install", "foreign", chart);
    const taken = await release(() => ({ name: "foreign" }));
    await assert.rejects(taken.up(), /cannot re-use a name that is still in use/);
    await taken.destroy();
    assert.equal(await rig.kubectl.value("configmap/foreign", ".data.greeting"), "hello");

    const missing = await release(() => ({ chart: "./nowhere" }));
    await assert.rejects(missing.preview(), /nowhere[^]*check the chart name and repository configuration/);
  });
});
