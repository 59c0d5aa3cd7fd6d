import * as k8s from "@pulumi/kubernetes";
import assert from "node:assert/strict";
import type { EngineEvent } from "../../engine/events";
import { changes, customResource, define, failure, podTemplate, useRig } from "./rig";

/** The kubernetes stand-in on the real engine against a real API server. The official plugin is not run here. */
describe("kubernetes stand-in: waits", function () {
  this.timeout(60_000);
  const rig = useRig();

  it("waits until a resource is ready, and keeps one that is not for the next run", async () => {
    const seconds = (create: string) => ({ provider: cluster(), customTimeouts: { create } });
    let cluster = (): k8s.Provider => assert.fail("no provider yet");
    const it = await rig.open(() => {
      const one = rig.provider();
      cluster = () => one;
      const spec = { selector: { matchLabels: { app: "wait" } }, template: podTemplate("wait") };
      new k8s.apps.v1.Deployment("app", { metadata: { name: "wait" }, spec }, seconds("3s"));
    });
    const message = await failure(it.up());
    assert.match(message, /was successfully created, but the Kubernetes API server reported that it failed to fully/);
    assert.match(message, /'wait' timed out waiting to be Ready/);
    assert.match(message, /Minimum number of live Pods was not attained/);
    assert.deepEqual(await changes(it), { app: "update" });
  });

  it("waits for a condition and a jsonpath of a custom resource", async () => {
    const it = await rig.open(() => {
      const options = { provider: rig.provider() };
      const defined = define("Slow", options);
      const waitFor = JSON.stringify(["condition=Ready", "jsonpath={.status.phase}=Up"]);
      const after = { provider: options.provider, dependsOn: defined, customTimeouts: { create: "30s" } };
      customResource("Slow", {}, after, waitFor);
    });
    const steps: string[] = [];
    const up = it.up({
      onEvent: (event) => {
        if (event.kind !== "diagnostic") return;
        steps.push(event.message);
        const status = { phase: "Up", conditions: [{ type: "Ready", status: "True" }] };
        if (!/Waiting for/.test(event.message)) return;
        void rig.kubectl.patch("slows.test.tokenrack.dev/one", { status }, "default", "--subresource=status");
      },
    });
    await up;
    assert.ok(steps.includes("Waiting for {.status.phase}=Up"), steps.join("\n"));
  });

  it("goes on waiting while the API server is restarted", async () => {
    const it = await rig.open(() => {
      const options = { provider: rig.provider() };
      const defined = define("Patient", options);
      customResource("Patient", {}, { provider: options.provider, dependsOn: defined }, "condition=Ready");
    });
    let setWaiting = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (setWaiting = resolve));
    const up = it.up({
      onEvent: (event) => event.kind === "diagnostic" && /Waiting for condition/.test(event.message) && setWaiting(),
    });
    await waiting;
    await rig.control.restartServer();
    const status = { conditions: [{ type: "Ready", status: "True" }] };
    await rig.kubectl.patch("patients.test.tokenrack.dev/one", { status }, "default", "--subresource=status");
    await up;
  });

  it("waits for a job, whether it ends well or badly", async () => {
    let phase = "Succeeded";
    const it = await rig.open(() => {
      const spec = { backoffLimit: 0, template: { spec: { ...podTemplate("job").spec, restartPolicy: "Never" } } };
      new k8s.batch.v1.Job("job", { metadata: { name: phase.toLowerCase() }, spec }, { provider: rig.provider() });
    });
    // What a node would do with the job's pod, once it is there.
    const onEvent = async (event: EngineEvent): Promise<void> => {
      if (event.kind !== "diagnostic" || !/to succeed \(Active: 1/.test(event.message)) return;
      const name = await rig.kubectl.run("get", "pods", "-l", `job-name=${phase.toLowerCase()}`, "-o", "name");
      await rig.kubectl.patch(name, { status: { phase } }, "default", "--subresource=status");
    };
    await it.up({ onEvent: (event) => void onEvent(event) });
    phase = "Failed";
    const message = await failure(it.up({ onEvent: (event) => void onEvent(event) }));
    assert.match(message, /Resource 'failed' was created but failed to initialize/);
    assert.match(message, /\[BackoffLimitExceeded\] Job has reached the specified backoff limit/);
  });
});
