import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { masterHostKey } from "../../components/masterHostKey";
import { Place } from "../support/fixtures";
import { isWrapped, record } from "../support/mocks";
import { valueOf } from "../support/settle";

const key = "ssh-ed25519 AAAAmaster";
const args = {
  cluster: "homelab",
  host: {
    ...{ address: "192.168.2.3", user: "root", port: 22, hostKey: "ssh-ed25519 AAAAhost" },
    ...{ privateKey: pulumi.secret("CANARY-key"), passphrase: pulumi.secret("CANARY-phrase") },
  },
  address: "192.168.3.51",
  port: 22,
  machine: "machine-1",
} as const;

describe("masterHostKey", () => {
  const place = new Place();

  it("asks on the Proxmox host, whose key is known, and again for another machine alone", async () => {
    const recorder = await record({ preview: false, outputs: () => ({ stdout: `${key}\n` }) });
    assert.equal(await valueOf(masterHostKey("ask", args)), key);
    const { type, inputs, deleteBeforeReplace } = recorder.get("ask");
    assert.deepEqual([type, inputs["triggers"], deleteBeforeReplace], ["command:remote:Command", ["machine-1"], true]);
    const connection = isWrapped(inputs["connection"]) ? inputs["connection"].value : inputs["connection"];
    const { host, hostKey } = connection as Record<string, unknown>;
    assert.deepEqual([host, hostKey], ["192.168.2.3", "ssh-ed25519 AAAAhost"]);
    assert.doesNotMatch(String(inputs["create"]), /CANARY/);
  });

  /** Runs the command as the host would, with an ssh-keyscan that answers at its n-th call. */
  async function ask(answersAt: number, waitSeconds: number) {
    const recorder = await record({ preview: false, outputs: () => ({ stdout: key }) });
    masterHostKey("ask", args);
    await new Promise((done) => setImmediate(done));
    while (recorder.registered.length === 0) await new Promise((done) => setImmediate(done));
    const { create, stdin } = recorder.get("ask").inputs;
    const calls = place.path("calls");
    writeFileSync(calls, "");
    place.program(
      "bin/ssh-keyscan",
      `echo "$*" >>'${calls}'\n[ "$(wc -l <'${calls}')" -ge ${answersAt} ] || exit 1\necho '# SSH-2.0'\necho '192.168.3.51 ${key}'`,
    );
    const text = String(create).replace(/wait_seconds='?\d+'?/, `wait_seconds=${waitSeconds}\npoll_seconds=0`);
    const env = { ...process.env, PATH: `${place.path("bin")}:${process.env["PATH"] ?? ""}` };
    return spawnSync("sh", ["-c", text], { input: String(stdin), encoding: "utf8", env });
  }

  it("waits until sshd answers, and prints type and key alone", async () => {
    const { status, stdout, stderr } = await ask(3, 60);
    assert.deepEqual([status, stdout], [0, `${key}\n`], stderr);
  });

  it("gives up in time, and says where to look", async () => {
    const { status, stdout, stderr } = await ask(1e6, 0);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /checked: {2}sshd on 192\.168\.3\.51 port 22[\s\S]*fix: {6}look at the console/);
  });
});
