import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretFaults } from "../../../config/secrets";
import { parseProfile } from "../../../config/parse";
import { makePlan } from "../../../plan/plan";
import { writeTinyLlama } from "../../../local/tinyLlama";
import { committedStack, fillStack, makeSecrets, stackName, user, type Filling } from "../../../e2e/homelab/stack";
import { sshKeys, sshPublicKey } from "../../config/stacks";
import { Place } from "../../support/fixtures";

const host = (port: number) => ({ port, hostKey: sshPublicKey });
const filling: Filling = {
  endpoint: "https://127.0.0.1:40000",
  caCert: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
  image: { url: "https://images.lan/a.qcow2", checksum: "ab".repeat(32) },
  ssh: { pve1: host(1001), pve2: host(1002), pve3: host(1003) },
  stateDirectory: "/run/state",
  modelConfig: "/run/tiny/config.json",
  hub: "http://10.213.0.2:9000",
  charts: { gpuOperator: "/run/charts/gpu-operator", kubeRay: "/run/charts/kuberay-operator" },
};

/** The stack's keys without their namespace. */
function filled(change: Partial<Filling> = {}): Record<string, unknown> {
  const document = committedStack();
  fillStack(document, { ...filling, ...change });
  const { config } = document.toJS() as { config: Record<string, unknown> };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^tokenrack:/, ""), value]));
}

describe("stack homelab-e2e", () => {
  it("is planned without a fault and lacks nothing, as what the homelab is in small", () => {
    const place = new Place();
    after(() => place.remove());
    writeTinyLlama(place.path("tiny"));
    const config: unknown = JSON.parse(readFileSync(join(place.path("tiny"), "config.json"), "utf8"));
    const plan = makePlan(parseProfile(filled(), { stack: stackName }), { modelConfigs: { "tiny-llama": config } });
    assert.ok(plan.platform === "proxmox");
    assert.deepEqual(plan.unmet, []);
    assert.deepEqual(
      plan.placement.vms.map(({ name, gpus }) => [name, gpus.length]),
      [
        ["master-1", 0],
        ["w-std-1", 0],
        ["w-gpu-1", 1],
        ["w-gpu-2", 1],
      ],
    );
    const { kubeRay, gpuStack, modelStore, served, gateway } = plan.stages;
    assert.equal(gpuStack.operator?.chart.chart, filling.charts.gpuOperator);
    assert.equal(kubeRay.chart.chart, filling.charts.kubeRay);
    assert.deepEqual([served.upgrade.kind, gateway.replicas], ["newCluster", 2]);
    assert.deepEqual(modelStore.models[0]?.source, {
      ...{ kind: "s3", endpoint: filling.hub, region: "us-east-1", bucket: "models", prefix: "tiny/", pathStyle: true },
    });
  });

  it("gives every host its own way in, and says which host was not made", () => {
    const hosts = filled()["hosts"] as readonly { name: string; ssh: { port: number } }[];
    assert.deepEqual(
      hosts.map(({ name, ssh }) => [name, ssh.port]),
      [
        ["pve1", 1001],
        ["pve2", 1002],
        ["pve3", 1003],
      ],
    );
    assert.throws(() => filled({ ssh: { pve1: host(1), pve2: host(2) } }), /no made host pve3/);
  });

  it("makes secrets that are well formed, and others each time", async () => {
    const keys = { proxmoxApiToken: "a@pve!b=12345678-1234-1234-1234-123456789abc", ssh: sshKeys.open };
    const [one, other] = [await makeSecrets(keys), await makeSecrets(keys)];
    assert.deepEqual(secretFaults(one, { firstUser: user }, "proxmox"), []);
    const fresh = ["rayToken", "signingKey", "users", "firstUserPassword", "s3SecretAccessKey", "cephKeys"];
    assert.deepEqual(
      fresh.filter((name) => one[name] === other[name]),
      [],
    );
  });
});
