import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nvidiaToolkit } from "../../../catalog/deckhouse";
import { renderDeckhouse, type DeckhouseInput } from "../../../render/deckhouse";
import type { NvidiaNodes } from "../../../plan/deckhouse/types";
import { homelab, small } from "./cases";

interface Step {
  readonly bundles: readonly string[];
  readonly content: string;
  readonly nodeGroups: readonly string[];
  readonly weight: number;
}

/** The steps of a cluster by name. */
const stepsOf = (input: DeckhouseInput): ReadonlyMap<string, Step> =>
  new Map(
    renderDeckhouse(input)
      .objects.filter(({ kind }) => kind === "NodeGroupConfiguration")
      .map(({ name, manifest }) => [name, manifest["spec"] as unknown as Step]),
  );

function contentOf(input: DeckhouseInput, name: string): string {
  const step = stepsOf(input).get(name);
  assert.ok(step !== undefined, `no ${name}`);
  return step.content;
}

const withNvidia = (change: Partial<NvidiaNodes>): DeckhouseInput => {
  assert.ok(homelab.nvidia !== undefined);
  return { ...homelab, nvidia: { ...homelab.nvidia, ...change } };
};

/** What stands for Deckhouse's functions and the network; says on standard output what it was asked for. */
const stubs = `
bb-sync-file() { mkdir -p "\${1%/*}"; cat >"$1"; [ -z "\${3:-}" ] || "$handler"; }
bb-event-on() { handler=$2; }
bb-flag-set() { echo "flag $1"; }
bb-log-error() { echo "error $1"; }
bb-apt-package?() { [ -n "\${INSTALLED:-}" ]; }
bb-apt-install() { echo "install $*"; }
apt-get() { echo "apt-get $*"; }
curl() { echo key; }
gpg() { case $* in *--dearmor*) while [ "$1" != -o ]; do shift; done; cat >"$2" ;; *) printf '%s' "$KEYS" ;; esac; }
nvidia-ctk() { echo "nvidia-ctk $*"; }
update-ca-certificates() { echo update-ca-certificates; }
modprobe() { [ -z "\${NOUVEAU:-}" ]; }
`;

/** Runs a step by the shell that Deckhouse runs it by, below a directory. */
function runStep(content: string, environment: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), "tokenrack-step-"));
  try {
    const inside = content.replaceAll(/(?<![\w.$}/-])\/(etc|usr|var)\//g, `${root}/$1/`);
    const setUp = `mkdir -p ${root}/usr/share/keyrings ${root}/etc/apt ${root}/var/lib/bashible\n`;
    const cgroup = environment["CGROUP"] === undefined ? "" : `echo $CGROUP >${root}/var/lib/bashible/cgroup_config\n`;
    const { status, stdout, stderr } = spawnSync(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", setUp + cgroup + stubs + inside],
      {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], ...environment },
      },
    );
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const text = new Map(files.map((file) => [file.slice(root.length), readFileSync(file, "utf8")]));
    return { status, stdout, stderr: stderr.replaceAll(root, ""), text };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const keyRecords = (...fingerprints: readonly string[]): string =>
  fingerprints.map((one) => `pub:-:4096:1:X:::\nfpr:::::::::${one}:\nsub:-:4096:1:Y:::\nfpr:::::::::SUB:\n`).join("");

describe("what GPU nodes get from Deckhouse", () => {
  it("is nothing where the operator brings driver and toolkit, or where there is no GPU", () => {
    const names = (input: DeckhouseInput): string[] => [...stepsOf(input).keys()].filter((name) => /nvidia/.test(name));
    assert.deepEqual(names(homelab), ["nvidia-toolkit.sh", "nvidia-runtime.sh"]);
    assert.deepEqual(names(small), ["nvidia-driver.sh", "nvidia-toolkit.sh", "nvidia-runtime.sh"]);
    assert.deepEqual(names(withNvidia({ toolkit: "operator" })), []);
    const packages = { driver: "node", toolkit: "operator", driverPackages: ["nvidia-open=580.1-1"] } as const;
    assert.deepEqual(names(withNvidia(packages)), ["nvidia-driver.sh"]);
    assert.deepEqual(names({ ...homelab, nvidia: undefined }), []);
  });

  it("comes before Deckhouse merges containerd's drop-ins, on the GPU pools alone", () => {
    for (const [name, { weight, nodeGroups, bundles }] of stepsOf(small)) {
      assert.deepEqual([nodeGroups, weight < 32], [["gpu"], true], name);
      assert.deepEqual(bundles, name === "nvidia-runtime.sh" ? ["*"] : ["debian", "ubuntu-lts"], name);
    }
  });

  it("tells containerd of the runtime where its version reads it, with the cgroup driver that the node has", () => {
    const v1 = runStep(contentOf(homelab, "nvidia-runtime.sh")).text.get("/etc/containerd/conf.d/99-nvidia.toml");
    assert.match(v1 ?? "", /\[plugins\."io\.containerd\.grpc\.v1\.cri"\]\n {2}enable_cdi = true/);
    assert.match(v1 ?? "", /SystemdCgroup = true/);
    assert.doesNotMatch(v1 ?? "", /default_runtime_name/);
    const v2 = runStep(contentOf(small, "nvidia-runtime.sh"), { CGROUP: "cgroupfs" });
    const text = v2.text.get("/etc/containerd/conf2.d/99-nvidia.toml") ?? "";
    assert.match(
      text,
      /\[plugins\."io\.containerd\.cri\.v1\.runtime"\.containerd\]\n {2}default_runtime_name = "nvidia"/,
    );
    assert.match(text, /SystemdCgroup = false/);
    assert.doesNotMatch(text, /enable_cdi|grpc\.v1\.cri/);
  });

  it("S32: takes NVIDIA's packages by exact version, signed by NVIDIA's key alone", () => {
    const content = contentOf(homelab, "nvidia-toolkit.sh");
    const good = runStep(content, { KEYS: keyRecords(nvidiaToolkit.keyFingerprint) });
    assert.deepEqual([good.status, good.stderr], [0, ""]);
    assert.match(good.stdout, /^apt-get update -qq\ninstall (?:[\w-]+=1\.20\.0-1[ \n]){4}nvidia-ctk/);
    for (const keys of [keyRecords("F".repeat(40)), keyRecords(nvidiaToolkit.keyFingerprint, "F".repeat(40)), ""]) {
      const { status, stdout, text } = runStep(content, { KEYS: keys });
      assert.equal(status, 1);
      assert.match(stdout, /^error .*gpgkey is signed by/);
      assert.deepEqual([...text.keys()], []);
    }
  });

  it("asks no package server once all is there", () => {
    const there = { INSTALLED: "yes", KEYS: keyRecords(nvidiaToolkit.keyFingerprint) };
    assert.doesNotMatch(runStep(contentOf(homelab, "nvidia-toolkit.sh"), there).stdout, /apt-get|install/);
    assert.equal(runStep(contentOf(small, "nvidia-driver.sh"), there).stdout, "");
  });

  it("points the toolkit at the driver, wherever that lives", () => {
    assert.match(contentOf(homelab, "nvidia-toolkit.sh"), /nvidia-container-cli\.root=\/run\/nvidia\/driver\n/);
    assert.match(contentOf(small, "nvidia-toolkit.sh"), /nvidia-container-cli\.root=\/\n/);
  });

  it("asks for a reboot only where the new driver cannot have the GPU before", () => {
    const content = contentOf(small, "nvidia-driver.sh");
    assert.doesNotMatch(runStep(content).stdout, /flag/);
    assert.match(runStep(content, { NOUVEAU: "1" }).stdout, /flag reboot/);
    assert.equal(runStep(content, { NOUVEAU: "1", INSTALLED: "yes" }).stdout, "");
  });
});

describe("a registry's certificate on the nodes", () => {
  it("is known to containerd by the registry's directory and by the system, which is told once", () => {
    const { status, stdout, text } = runStep(contentOf(homelab, "registry-certificate-gitlab.my.org-5050.sh"));
    assert.deepEqual([status, stdout], [0, "update-ca-certificates\nflag containerd-need-restart\n"]);
    const directory = "/etc/containerd/registry.d/gitlab.my.org:5050";
    assert.match(text.get(`${directory}/hosts.toml`) ?? "", /\[host\."https:\/\/gitlab\.my\.org:5050"\]/);
    const system = text.get("/usr/local/share/ca-certificates/gitlab.my.org-5050.crt");
    assert.equal(text.get(`${directory}/ca.crt`), system);
    assert.match(system ?? "", /BEGIN CERTIFICATE/);
  });

  it("keeps its name when another goes", () => {
    const [one] = homelab.registryCertificates ?? [];
    assert.ok(one !== undefined);
    const two = { ...homelab, registryCertificates: [{ ...one, host: "a.my.org" }, one] };
    assert.ok(stepsOf(two).has("registry-certificate-gitlab.my.org-5050.sh"));
  });
});
