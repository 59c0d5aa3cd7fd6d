import assert from "node:assert/strict";
import { profileFromYaml } from "../../config/stackFile";
import { isProxmox } from "../../config/schema";
import { planHosts, type HostPlan } from "../../plan/hosts";
import { placeVms } from "../../plan/placement";

const stack = (reboots: readonly string[]): string => `
config:
  tokenrack:platform: { kind: proxmox, endpoint: "https://pve1.lan:8006" }
  tokenrack:hosts:
${reboots
  .map(
    (reboot, index) =>
      `    - { name: pve${index + 1}, address: 10.0.0.${index + 1}, cores: 32, memoryGib: 128, reboot: ${reboot}, gpus: [{ pci: "0000:01:00.0", card: rtx-3090 }, { pci: "0000:02:00.0", card: rtx-3090 }] }`,
  )
  .join("\n")}
    - { name: plain, address: 10.0.0.99, cores: 32, memoryGib: 128, reboot: ifNeeded }
  tokenrack:pools:
    - { name: master, role: master, count: 1, cores: 4, memoryGib: 16, diskGib: 100, addresses: [10.0.1.1] }
    - { name: gpu, role: gpu, count: ${reboots.length}, cores: 8, memoryGib: 32, diskGib: 100, card: rtx-3090, addresses: [10.0.1.10-10.0.1.19] }
  tokenrack:network: { gbitPerSecond: 10, subnet: 10.0.0.0/16, gateway: 10.0.0.254 }
  tokenrack:cluster: { publicDomainTemplate: "%s.k8s.lan", podSubnetCIDR: 10.111.0.0/16, serviceSubnetCIDR: 10.222.0.0/16 }
  tokenrack:models: [{ source: Qwen/Qwen3-8B-AWQ }]
`;

function hostsOf(reboots: readonly string[]): readonly HostPlan[] {
  const profile = profileFromYaml(stack(reboots), "rack");
  assert.ok(isProxmox(profile));
  const { placement, faults } = placeVms(profile);
  assert.deepEqual(faults, []);
  return planHosts(profile, placement);
}

describe("hosts to make ready", () => {
  it("are those with GPUs, each GPU with the VM that gets it, a spare one without", () => {
    const hosts = hostsOf(["never", "never"]);
    assert.deepEqual(
      hosts.map(({ vfio }) => [vfio.name, vfio.gpus]),
      [
        [
          "pve1",
          [
            { pci: "0000:01:00.0", vm: "gpu-1" },
            { pci: "0000:02:00.0", vm: "gpu-2" },
          ],
        ],
        ["pve2", [{ pci: "0000:01:00.0" }, { pci: "0000:02:00.0" }]],
      ],
    );
  });

  it("reboot one after the other; one that may not holds up none", () => {
    const hosts = hostsOf(["ifNeeded", "never", "ifNeeded", "ifNeeded"]);
    assert.deepEqual(
      hosts.map(({ after }) => after),
      [undefined, undefined, "pve1", "pve3"],
    );
  });

  it("are reached as the stack says, and planned without a host key", () => {
    assert.deepEqual(hostsOf(["never"])[0]?.ssh, { address: "10.0.0.1", user: "root", port: 22 });
  });
});
