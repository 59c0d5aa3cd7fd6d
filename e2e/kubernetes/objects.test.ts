import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { changes, customResource, define, failure, podTemplate, refresh, skipAwait, useRig } from "./rig";

/** The kubernetes stand-in on the real engine against a real API server. The official plugin is not run here. */
describe("kubernetes stand-in: objects", function () {
  this.timeout(60_000);
  const rig = useRig();

  it("previews by dry run, creates, then changes nothing, keeps secrets secret, and deletes all of it", async () => {
    const it = await rig.open(() => {
      const options = { provider: rig.provider() };
      const namespace = new k8s.core.v1.Namespace("ns", { metadata: { name: "whole" } }, options);
      const inside = { namespace: namespace.metadata.name };
      const config = new k8s.core.v1.ConfigMap("config", { metadata: inside, data: { a: "1" } }, options);
      new k8s.core.v1.Secret("secret", { metadata: { ...inside, name: "s" }, stringData: { key: "hunter2" } }, options);
      const container = {
        name: "main",
        env: [{ name: "EMPTY", value: "" }],
        resources: { limits: { cpu: "1000m", memory: "1024Mi" }, requests: { cpu: "100m" } },
        securityContext: { privileged: false },
      };
      const spec = { replicas: 1, selector: { matchLabels: { app: "x" } }, template: podTemplate("x", container) };
      new k8s.apps.v1.Deployment("app", { metadata: { ...inside, ...skipAwait, name: "app" }, spec }, options);
      // No dependency between these two: the resource has to wait until its definition is there.
      define("Whole", options);
      customResource("Whole", { size: 3, on: false }, options);
      return { name: config.metadata.name, uid: config.metadata.uid };
    });
    assert.deepEqual(await it.preview(), { same: 0, create: 8, update: 0, replace: 0, delete: 0 });
    assert.equal(await rig.kubectl.value("namespace/whole", ".metadata.name"), "");
    await it.up();
    const { name } = await it.outputs();
    assert.match(String(name), /^config-[0-9a-f]{8}$/);
    assert.equal(await rig.kubectl.value(`configmap/${String(name)}`, ".data.a", "whole"), "1");
    assert.equal(await rig.kubectl.value("secret/s", ".data.key", "whole"), Buffer.from("hunter2").toString("base64"));
    assert.equal(await rig.kubectl.value("deployment/app", ".spec.replicas", "whole"), "1");
    assert.equal(await rig.kubectl.value("wholes.test.tokenrack.dev/one", ".spec.size"), "3");
    assert.deepEqual(await it.up(), { same: 8, create: 0, update: 0, replace: 0, delete: 0 });
    await refresh(it);
    assert.deepEqual(await changes(it), {});
    assert.doesNotMatch(rig.project.stateText("."), /hunter2|aHVudGVyMg/);
    assert.equal((await it.destroy()).delete, 8);
    assert.equal(await rig.kubectl.value("namespace/whole", ".metadata.name"), "");
    assert.equal(await rig.kubectl.value("crd/wholes.test.tokenrack.dev", ".metadata.name"), "");
  });

  it("replaces what cannot be changed and updates the rest; data of maps as the provider is told", async () => {
    let [version, mutable] = [1, false];
    const it = await rig.open(() => {
      const options = { provider: rig.provider({ enableConfigMapMutable: mutable, enableSecretMutable: mutable }) };
      const data = { a: `${version}` };
      new k8s.core.v1.ConfigMap("fixed", { metadata: { name: "fixed" }, data }, options);
      new k8s.core.v1.ConfigMap("auto", { data }, options);
      new k8s.core.v1.Secret("secret", { stringData: data }, options);
      new k8s.core.v1.Namespace("ns", { metadata: { name: "labels", labels: data } }, options);
      const app = (label: string, replicas: number) => ({
        metadata: skipAwait,
        spec: { replicas, selector: { matchLabels: { app: label } }, template: podTemplate(label) },
      });
      new k8s.apps.v1.Deployment("selector", app(`v${version}`, 0), options);
      new k8s.apps.v1.Deployment("replicas", app("same", version), options);
      define("Sized", options);
      customResource("Sized", { size: version }, options);
    });
    await it.up();
    version = 2;
    assert.deepEqual(await changes(it), {
      fixed: "replace data.a*",
      auto: "replace data.a*",
      secret: "replace data.a*",
      ns: "update metadata.labels.a",
      selector: "replace spec.selector.matchLabels.app* spec.template.metadata.labels.app",
      replicas: "update spec.replicas",
      sized: "update spec.size",
    });
    const uid = await rig.kubectl.value("configmap/fixed", ".metadata.uid");
    await it.up();
    assert.equal(await rig.kubectl.value("configmap/fixed", ".data.a"), "2");
    assert.notEqual(await rig.kubectl.value("configmap/fixed", ".metadata.uid"), uid);
    assert.equal(await rig.kubectl.value("sizeds.test.tokenrack.dev/one", ".spec.size"), "2");
    [version, mutable] = [3, true];
    const { fixed, auto, secret } = await changes(it);
    assert.deepEqual([fixed, auto, secret], ["update data.a", "update data.a", "update data.a"]);
    const kept = await rig.kubectl.value("configmap/fixed", ".metadata.uid");
    await it.up();
    assert.equal(await rig.kubectl.value("configmap/fixed", ".data.a"), "3");
    assert.equal(await rig.kubectl.value("configmap/fixed", ".metadata.uid"), kept);
  });

  it("sees drift after a refresh, puts it right, and drops what kubectl had added", async () => {
    let wanted = "1";
    const it = await rig.open(() => {
      const options = { provider: rig.provider({ enableConfigMapMutable: true }) };
      new k8s.core.v1.ConfigMap("config", { metadata: { name: "drift" }, data: { a: wanted } }, options);
      const gone = { provider: options.provider, ignoreChanges: ["data.b"] };
      new k8s.core.v1.ConfigMap("ignoring", { metadata: { name: "ignoring" }, data: { a: "1", b: "1" } }, gone);
    });
    await it.up();
    await rig.kubectl.patch("configmap/drift", { data: { a: "by hand", b: "more" } });
    await rig.kubectl.patch("configmap/ignoring", { data: { b: "by hand" } });
    assert.deepEqual(await changes(it), {});
    await refresh(it);
    assert.deepEqual(await changes(it), { config: "update data.a" });
    wanted = "2";
    await it.up();
    assert.equal(await rig.kubectl.value("configmap/drift", ".data"), '{"a":"2"}');
    assert.equal(await rig.kubectl.value("configmap/ignoring", ".data.b"), "by hand");
    await rig.kubectl.run("delete", "configmap/drift");
    await refresh(it);
    assert.deepEqual(await changes(it), { config: "create" });
  });

  it("refuses to take what somebody else made or manages", async () => {
    await rig.kubectl.run("create", "configmap", "taken", "--from-literal=a=0");
    let data = "1";
    const it = await rig.open(() => {
      const options = { provider: rig.provider({ enableConfigMapMutable: true }) };
      new k8s.core.v1.ConfigMap("mine", { metadata: { name: "mine" }, data: { a: data } }, options);
      if (data === "1") new k8s.core.v1.ConfigMap("taken", { metadata: { name: "taken" }, data: { a: "1" } }, options);
    });
    assert.equal((await it.preview()).create, 4);
    const exists = await failure(it.up());
    assert.match(
      exists,
      /was not successfully created by the Kubernetes API server: configmaps "taken" already exists/,
    );
    assert.match(exists, /The resource already exists in the cluster\. This can happen when:/);
    assert.equal(await rig.kubectl.value("configmap/taken", ".data.a"), "0");
    await rig.kubectl.run("delete", "configmap/taken");

    data = "2";
    await it.up();
    await rig.kubectl.patch("configmap/mine", { data: { a: "theirs" } }, "default", "--field-manager=controller");
    data = "3";
    const conflict = await failure(it.up());
    assert.match(conflict, /server-side apply field conflict detected, see https:/);
    assert.match(conflict, /conflict with "controller" using v1: \.data\.a/);
  });

  it("fails a preview for what the server would refuse", async () => {
    const bad = await rig.open(() => {
      const spec = { selector: { matchLabels: { app: "x" } }, template: podTemplate("other") };
      new k8s.apps.v1.Deployment("bad", { metadata: { name: "bad" }, spec }, { provider: rig.provider() });
    });
    const message = await failure(bad.preview());
    assert.match(
      message,
      /was not successfully created by the Kubernetes API server: Deployment\.apps "bad" is invalid:/,
    );
  });

  const unreachable: readonly (readonly [what: string, kubeconfig: () => string, context: string, message: RegExp])[] =
    [
      [
        "a server that does not answer",
        () => rig.control.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"),
        "",
        /unreachable: unable to load schema information from the API server: Get "https:\/\/127\.0\.0\.1:1\/openapi\/v2\?timeout=32s": dial tcp 127\.0\.0\.1:1: connect: connection refused/,
      ],
      [
        "a wrong token",
        () => rig.control.kubeconfig.replace(/"token":"[^"]*"/, '"token":"wrong"'),
        "",
        /unreachable: unable to load schema information from the API server: the server has asked for the client to provide credentials/,
      ],
      [
        "no kubeconfig",
        () => "garbage",
        "",
        /unreachable: failed to parse kubeconfig data in `kubernetes:config:kubeconfig`-/,
      ],
      [
        "a context that is not there",
        () => rig.control.kubeconfig,
        "nope",
        /unreachable: unable to load[^]*context "nope" does not exist/,
      ],
    ];
  for (const [what, kubeconfig, context, message] of unreachable) {
    it(`previews with ${what}, and says so in up`, async () => {
      const it = await rig.open(() => {
        const options = {
          provider: rig.provider({ kubeconfig: kubeconfig(), ...(context === "" ? {} : { context }) }),
        };
        new k8s.core.v1.ConfigMap("config", { metadata: { name: "never" }, data: { a: "1" } }, options);
      });
      assert.equal((await it.preview()).create, 3);
      assert.match(await failure(it.up()), message);
    });
  }

  it("replaces everything when the kubeconfig points to another cluster, and nothing when only its user changed", async () => {
    let kubeconfig = rig.control.kubeconfig;
    const it = await rig.open(() => {
      const options = { provider: rig.provider({ kubeconfig }) };
      new k8s.core.v1.ConfigMap("config", { metadata: { name: "moved" } }, options);
    });
    await it.up();
    kubeconfig = rig.control.kubeconfig.replace("}]", "}] ");
    assert.deepEqual(await changes(it), {});
    kubeconfig = rig.control.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1");
    assert.deepEqual(await it.preview(), { same: 1, create: 0, update: 0, replace: 2, delete: 0 });
    kubeconfig = rig.control.kubeconfig;
  });

  it("takes over what is there already when it is asked to import it", async () => {
    await rig.kubectl.run("create", "configmap", "known", "--from-literal=a=1");
    let options: pulumi.CustomResourceOptions = { import: "default/known" };
    const it = await rig.open(() => {
      const one = rig.provider({ enableConfigMapMutable: true });
      new k8s.core.v1.ConfigMap(
        "known",
        { metadata: { name: "known", namespace: "default" }, data: { a: "1" } },
        pulumi.mergeOptions({ provider: one }, options),
      );
    });
    await it.up();
    options = {};
    assert.deepEqual(await changes(it), {});
  });

  it("says by name what it does not implement", async () => {
    const refused = async (program: () => unknown): Promise<string> => failure((await rig.open(program)).up());
    const options = (): { provider: k8s.Provider } => ({ provider: rig.provider() });
    const patch = { metadata: { name: "kube-root-ca.crt" }, data: { a: "1" } };
    assert.match(
      await refused(() => new k8s.core.v1.ConfigMapPatch("patch", patch, options())),
      /does not implement kubernetes:core\/v1:ConfigMapPatch/,
    );
    assert.match(
      await refused(() => new k8s.helm.v4.Chart("chart", { chart: "./nowhere" }, options())),
      /does not implement component kubernetes:helm\.sh\/v4:Chart/,
    );
    assert.match(
      await refused(() => new k8s.yaml.v2.ConfigGroup("group", { yaml: "kind: A" }, options())),
      /does not implement component kubernetes:yaml\/v2:ConfigGroup/,
    );
  });
});
