import assert from "node:assert/strict";
import { isProxmox } from "../../config/schema";
import { parseProfile } from "../../config/parse";
import { caWarnings, planFleet } from "../../plan/site";
import { changed, proxmox } from "../config/stacks";

const profileOf = (raw: unknown) => {
  const profile = parseProfile(raw, { stack: "rack" });
  assert.ok(isProxmox(profile));
  return profile;
};
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

describe("planFleet", () => {
  it("has every default", () => {
    assert.deepEqual(planFleet(profileOf(proxmox)), {
      api: { endpoint: "https://pve1.lan:8006", allowInsecureTls: false },
      site: {
        stack: "rack",
        diskStorage: "local-lvm",
        network: { prefix: 23, gateway: "192.168.2.1", dns: ["192.168.2.1"], bridge: "vmbr0" },
        user: "tokenrack",
      },
      image: {
        url: "https://images.lan/debian-13-20261101.qcow2",
        fileName: "debian-13-20261101.qcow2",
        checksum: "ab".repeat(32),
        checksumAlgorithm: "sha256",
      },
      imageStorage: "local",
      imageShared: false,
      pool: "tokenrack-rack",
      protectedPools: ["master"],
    });
  });

  it("takes what the stack says, and does without an image", () => {
    const network = { ...proxmox.network, subnet: "192.168.0.0/16", vlan: 7, mtu: 9000, dns: ["192.168.2.2"] };
    const platform = { ...proxmox.platform, image: undefined, imageShared: true, pool: "mine", caCert: certificate };
    const masters = changed({ ...proxmox, network, platform }, "pools[0].protect", false);
    const raw = changed(masters, "pools[1].protect", true);
    const { site, image, imageShared, pool, protectedPools, api } = planFleet(profileOf(raw));
    assert.deepEqual(site.network, {
      ...{ prefix: 16, gateway: "192.168.2.1", dns: ["192.168.2.2"], bridge: "vmbr0", vlan: 7, mtu: 9000 },
    });
    assert.deepEqual([image, imageShared, pool, protectedPools], [undefined, true, "mine", ["w-gpu"]]);
    assert.equal(api.caCert, certificate);
  });

  it("says that a CA has to be told to Proxmox's plugin, too", () => {
    const withCa = changed(proxmox, "platform.caCert", certificate);
    assert.match(caWarnings(profileOf(withCa)).join(), /SSL_CERT_FILE/);
    assert.deepEqual(caWarnings(profileOf(proxmox)), []);
    assert.deepEqual(caWarnings(profileOf(changed(withCa, "platform.allowInsecureTls", true))), []);
  });
});
