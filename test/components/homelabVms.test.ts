import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { committedConfig } from "../../cli/profile";
import { parseProfile } from "../../config/parse";
import { isProxmox } from "../../config/schema";
import { placeVms } from "../../plan/placement";
import { record } from "../support/mocks";
import { settle } from "../support/settle";
import { makeFleet, outputs } from "./vms";

const golden = readFileSync(join(__dirname, "golden", "homelab-vms.urns.txt"), "utf8")
  .trim()
  .split("\n");

describe("the VMs of the committed Pulumi.homelab.yaml", () => {
  it("are exactly the golden URNs: 3 masters, 6 w-std, 3 w-db, 3 + 1 with a GPU", async () => {
    const profile = parseProfile(committedConfig("homelab"), { stack: "homelab" });
    assert.ok(isProxmox(profile));
    const { placement, faults } = placeVms(profile);
    assert.deepEqual(faults, []);
    const recorder = await record({ preview: false, outputs, stack: "homelab" });
    const found = placement.vms.flatMap(({ host, gpus }) => gpus.map(({ pci }) => [host, pci] as const));
    const devices = Object.fromEntries(
      found.map(([host, pci]) => [host, [{ pci, id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 1 }]]),
    );
    await settle(recorder, makeFleet({ placement, devices }));
    // A URN is identity: another one means that a VM is made again. Add an alias with the change.
    assert.deepEqual(recorder.registered.map(({ urn }) => urn).toSorted(), golden);
  });
});
