import assert from "node:assert/strict";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { VfioHost, type VfioHostArgs } from "../../components/vfioHost";
import { renderVfio, vfioPieces, type VfioBefore, type VfioHostPlan, type VfioStage } from "../../render/vfio";
import { scriptText } from "../scripts/support";
import { isWrapped, record, unknown, type Outputs, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const host: VfioHostPlan = {
  name: "pve1",
  gpus: [{ pci: "0000:65:00.0", vm: "gpu-1" }],
  acsOverride: false,
  allowPrimaryGpu: false,
  reboot: "ifNeeded",
  restoreHost: false,
  settleSeconds: 600,
  lingerSeconds: 2,
};

const ssh = { address: "192.0.2.11", user: "root", port: 2222, hostKey: "ssh-ed25519 AAAA" };
const canary = "CANARY-private-key";

const applied = '{"tokenrack":"vfio-apply","wanted":"w","files":"f"}';
const verified = JSON.stringify({
  tokenrack: "vfio",
  host: "pve1",
  bootId: "b2",
  kernel: "6.8.12-2-pve",
  pve: "8.2.7",
  cpu: "intel",
  loader: "grub",
  commandLine: "quiet",
  iommu: { firmware: true, active: true },
  quorate: true,
  ceph: "HEALTH_OK",
  gpus: [
    {
      pci: "0000:65:00.0",
      primaryDisplay: false,
      functions: [
        {
          pci: "0000:65:00.0",
          id: "10de:2204",
          subsystem: "1458:403b",
          class: "030000",
          driver: "vfio-pci",
          group: 20,
        },
      ],
      groupMembers: [],
      vms: [],
    },
  ],
  runningVms: [],
  missing: [],
  ineffective: [],
  faults: [],
});

const stages = ["inspect", "apply", "reboot", "verify"] as const;
const results: Readonly<Record<string, string>> = {
  inspect: verified.replace("quiet", "first"),
  apply: applied,
  reboot: '{"tokenrack":"vfio-reboot","from":"b1"}',
  verify: verified,
};
const outputs: Outputs = (name) => ({ stdout: results[name.replace("pve1-", "")] });

const rendered = (stage: VfioStage, before?: VfioBefore): string =>
  renderVfio(host, vfioPieces(stage).map(scriptText), before);

async function ofHost(
  preview: boolean,
  more: Partial<VfioHostArgs> = {},
): Promise<{ recorder: Recorder; it: VfioHost }> {
  const recorder = await record({ preview, outputs, stack: "homelab" });
  const it = new VfioHost("pve1", { host, ssh, privateKey: pulumi.secret(canary), ...more });
  await settle(recorder, it);
  return { recorder, it };
}

for (const preview of [false, true])
  describe(`VfioHost in ${preview ? "a preview" : "an up"}`, () => {
    it("registers its four stages below itself, with no provider of its own", async () => {
      const { recorder } = await ofHost(preview);
      const [component, ...children] = recorder.registered;
      assert.deepEqual([component?.type, component?.name, component?.inputs], ["tokenrack:index:VfioHost", "pve1", {}]);
      assert.deepEqual(
        children.map(({ type, name, parent, provider }) => [type, name, parent, provider]).sort(),
        stages.map((stage) => ["command:remote:Command", `pve1-${stage}`, component?.urn, ""]).sort(),
      );
    });

    it("gives each stage its script by stdin, with what the one before answered, and nothing to replace it by", async () => {
      const { recorder } = await ofHost(preview);
      const expected: Readonly<Record<(typeof stages)[number], unknown>> = {
        inspect: rendered("inspect"),
        apply: preview ? unknown : rendered("apply", { applied: '["b2",[],[],[]]' }),
        reboot: preview ? unknown : rendered("reboot", { applied }),
        verify: preview ? unknown : rendered("verify", { rebootedFrom: "b1" }),
      };
      for (const stage of stages) {
        const { inputs, deleteBeforeReplace } = recorder.get(`pve1-${stage}`);
        const { connection, stdin, ...rest } = inputs;
        assert.ok(isWrapped(connection));
        assert.equal(stdin, expected[stage], stage);
        const create = stage === "reboot" ? 'sh -s reboot "$SSH_CONNECTION"' : `sh -s ${stage}`;
        assert.deepEqual(rest, { create, logging: "stderr", addPreviousOutputInEnv: false });
        assert.ok(deleteBeforeReplace);
      }
    });

    it("pins the host key, and dials long where a reboot may lie before", async () => {
      const { recorder } = await ofHost(preview, { returnSeconds: 300 });
      for (const stage of stages) {
        const { connection } = recorder.get(`pve1-${stage}`).inputs;
        const patient = stage === "reboot" || stage === "verify";
        const { privateKey, ...plain } = (connection as { value: Record<string, unknown> }).value;
        assert.equal(privateKey, canary);
        assert.deepEqual(plain, {
          host: "192.0.2.11",
          user: "root",
          port: 2222,
          hostKey: "ssh-ed25519 AAAA",
          dialErrorLimit: patient ? 60 : 5,
          perDialTimeout: patient ? 5 : 8,
        });
      }
    });

    it("keeps the key inside the connection, which is a secret", async () => {
      const { recorder } = await ofHost(preview, { privateKey: canary, passphrase: "CANARY-passphrase" });
      for (const { inputs } of recorder.registered) {
        const { connection, ...rest } = inputs;
        assert.doesNotMatch(JSON.stringify(rest), /CANARY/);
        assert.ok(connection === undefined || isWrapped(connection));
      }
    });

    it("undoes what it wrote only where that is asked for", async () => {
      const { recorder } = await ofHost(preview, { host: { ...host, restoreHost: true } });
      const deletes = stages.map((stage) => recorder.get(`pve1-${stage}`).inputs["delete"]);
      assert.deepEqual(deletes, [undefined, "sh -s restore", undefined, undefined]);
    });

    it("waits for another host before its reboot, and for nothing else", async () => {
      let release: (name: string) => void = () => undefined;
      const recorder = await record({ preview, outputs, stack: "homelab" });
      // Is registered, and so there, once its input is.
      const create = new Promise<string>((resolve) => (release = resolve));
      const after = new local.Command("pve0-verify", { create });
      const it = new VfioHost("pve1", { host, ssh, privateKey: canary, after });
      const early = new Set(["pve1", "pve1-inspect", "pve1-apply"]);
      while (recorder.registered.length < early.size) await new Promise((done) => setImmediate(done));
      for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
      assert.deepEqual(new Set(recorder.registered.map(({ name }) => name)), early);
      release("true");
      await settle(recorder, it);
      assert.equal(recorder.registered.length, 6);
    });

    it("registers its public outputs, all of them", async () => {
      const { recorder, it } = await ofHost(preview);
      const gpus = [
        {
          pci: "0000:65:00.0",
          slot: "0000:65:00",
          id: "10de:2204",
          subsystemId: "1458:403b",
          iommuGroup: 20,
          functions: ["0000:65:00.0"],
        },
      ];
      const registered = recorder.outputs.get(recorder.get("pve1").urn);
      assert.deepEqual(
        registered,
        preview
          ? { inspected: unknown, verified: unknown, gpus: unknown, settled: unknown }
          : { inspected: results["inspect"], verified, gpus, settled: "pve1" },
      );
      assert.deepEqual(await valueOf(it.gpus), preview ? undefined : gpus);
    });
  });
