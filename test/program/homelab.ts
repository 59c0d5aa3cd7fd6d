/** The committed stack files with what they mark as NEEDED filled in, and what the machines would answer. */
import { committedConfig } from "../../cli/profile";
import { changed, proxmoxSecrets, secrets } from "../config/stacks";
import type { Outputs } from "../support/mocks";

/** A host key; of no host. */
export const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;

/** Shape of a Ceph key; of no cluster. */
export const cephKey = "AQC0PHJnAAAAABAAxE0wLgQ3ZAVmL0M1yJpXvQ==";

type Hosts = readonly Readonly<Record<string, unknown>>[];

/** Pulumi.homelab.yaml, ready for a bring-up: two of its hosts with a GPU may be rebooted. */
export function homelab(): Record<string, unknown> {
  const committed = committedConfig("homelab");
  const hosts = (committed["hosts"] as Hosts).map((host) => ({
    ...host,
    ssh: { hostKey },
    reboot: host["name"] === "srv1" || host["name"] === "srv3" ? "ifNeeded" : "never",
  }));
  const filled = [
    ["platform.endpoint", "https://pve1.lan:8006"],
    ["platform.image", { url: "https://images.lan/debian-13.img", checksum: "ab".repeat(32) }],
    ["cluster.publicDomainTemplate", "%s.k8s.lan"],
    ["ingress.host", "llm.lan"],
  ] as const;
  const stack = filled.reduce<object>((at, [path, value]) => changed(at, path, value), { ...committed, hosts });
  return { ...stack, ...proxmoxSecrets, cephKeys: JSON.stringify({ "pve-rbd": cephKey, "pve-fs": cephKey }) };
}

export const kubeconfig = "clusters: []\nusers: []\ncontexts: []\n# CANARY-kubeconfig\n";

/** A stack on a cluster that is there already, ready for a bring-up. */
export const rented = (stack: string): Record<string, unknown> => ({
  ...changed(committedConfig(stack), "ingress.host", "llm.lan"),
  ...secrets,
  kubeconfig,
});

/** What a host with one GPU answers to be looked at. */
const inspection = (host: string): string =>
  JSON.stringify({
    ...{ tokenrack: "vfio", host, bootId: "b", kernel: "6.8.12-4-pve", pve: "8.4.1", cpu: "intel", loader: "grub" },
    ...{ commandLine: "quiet", iommu: { firmware: true, active: true }, quorate: true, ceph: null },
    gpus: [
      {
        pci: "0000:65:00.0",
        primaryDisplay: false,
        functions: [
          {
            ...{ pci: "0000:65:00.0", id: "10de:2204", subsystem: "1043:87af", class: "0300", driver: "vfio-pci" },
            group: 21,
          },
        ],
        groupMembers: [],
        vms: [],
      },
    ],
    ...{ runningVms: [], missing: [], ineffective: [], faults: [] },
  });

/** As Proxmox gives one to a card, but always the same. */
const macOf = (vmId: unknown): string =>
  `BC:24:11:00:${(Number(vmId) >> 8).toString(16).padStart(2, "0")}:${(Number(vmId) & 255).toString(16).padStart(2, "0")}`;

/** What commands print, and what Proxmox's provider gives back besides the inputs. */
export const outputs: Outputs = (name, inputs) => {
  const [, host = "", stage = ""] = /^vfio-(.*)-(inspect|apply|reboot|verify)$/.exec(name) ?? [];
  if (stage === "reboot") return { stdout: JSON.stringify({ tokenrack: "vfio-reboot", from: null }) };
  if (stage !== "") return { stdout: inspection(host) };
  if (name === "master-host-key") return { stdout: `${hostKey}\n` };
  if (name === "cluster-kubeconfig") return { stdout: "clusters:\n- cluster: { server: https://127.0.0.1:6445 }\n" };
  if (name === "cluster-check") return { stdout: JSON.stringify({ version: "v1.34.2", nodes: { gpu: 2 } }) };
  if (name === "served-ready") {
    return { stdout: JSON.stringify({ endpoint: "http://llm-serve-svc.tokenrack.svc:8000", tokens: { model: 1.5 } }) };
  }
  if ("networkDevices" in inputs) {
    const macAddress = macOf(inputs["vmId"]);
    return { networkDevices: [{ macAddress }], macAddresses: [macAddress] };
  }
  if ("fileName" in inputs) return { id: `local:import/${String(inputs["fileName"])}` };
  return { stdout: name };
};
