import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  parseInspection,
  parseRebootedFrom,
  passthroughGpus,
  renderVfio,
  vfioCommand,
  vfioPieces,
  type VfioHostPlan,
  type VfioStage,
} from "../../render/vfio";
import { golden } from "./plans";

const script = (piece: string): string => readFileSync(join(__dirname, "..", "..", "scripts", `${piece}.sh`), "utf8");

const host: VfioHostPlan = {
  name: "pve1",
  gpus: [{ pci: "0000:65:00.0", vm: "gpu-1" }, { pci: "0000:b3:00.0" }],
  acsOverride: false,
  allowPrimaryGpu: true,
  reboot: "ifNeeded",
  restoreHost: false,
  settleSeconds: 600,
  lingerSeconds: 2,
};

const render = (stage: VfioStage, before = {}): string => renderVfio(host, vfioPieces(stage).map(script), before);

describe("renderVfio", () => {
  for (const stage of ["inspect", "apply", "reboot", "verify"] as const)
    it(`equals its golden text: ${stage}`, () => {
      const before = { applied: '{"tokenrack":"vfio-apply"}', rebootedFrom: "0f1e" };
      assert.equal(render(stage, before), golden(`vfio-${stage}.sh`));
    });

  it("keeps whatever is in a setting out of the shell's hands", () => {
    const text = renderVfio({ ...host, name: "a'; rm -rf /; '" }, []);
    assert.match(text, /^host='a'\\''; rm -rf \/; '\\'''$/m);
  });

  it("has no comments, and all lines of the scripts besides", () => {
    const text = render("apply");
    assert.doesNotMatch(text, /^\s*#(?! shellcheck disable=)/m);
    for (const piece of vfioPieces("apply")) {
      const code = script(piece)
        .split("\n")
        .filter((line) => line.trim() !== "" && !/^\s*#(?! shellcheck disable)/.test(line));
      assert.ok(text.includes(code.join("\n")), piece);
    }
  });
});

describe("vfioCommand", () => {
  it("is short, and asks for root where it is not root that logs in", () => {
    assert.equal(vfioCommand("apply", "root"), "sh -s apply");
    assert.equal(vfioCommand("verify", "admin"), "sudo -n sh -s verify");
    assert.equal(vfioCommand("reboot", "admin"), 'sudo -n sh -s reboot "$SSH_CONNECTION"');
  });
});

describe("the answers of the stages", () => {
  const functions = [
    { pci: "0000:65:00.0", id: "10de:2204", subsystem: "1458:403b", class: "030000", driver: "vfio-pci", group: 20 },
    { pci: "0000:65:00.1", id: "10de:1aef", subsystem: "1458:403b", class: "040300", driver: null, group: 20 },
  ];
  const answer = {
    tokenrack: "vfio",
    host: "pve1",
    bootId: "0f1e",
    kernel: "6.8.12-2-pve",
    pve: "8.2.7",
    cpu: "intel",
    loader: "grub",
    commandLine: "quiet",
    iommu: { firmware: true, active: true },
    quorate: null,
    ceph: null,
    gpus: [{ pci: "0000:65:00.0", primaryDisplay: false, functions, groupMembers: [], vms: [] }],
    runningVms: [],
    missing: [],
    ineffective: [],
    faults: [],
  };

  it("are found after whatever a login prints", () => {
    const inspection = parseInspection(`Welcome!\n{"motd": 1}\n${JSON.stringify(answer)}`);
    assert.deepEqual(passthroughGpus(inspection), [
      {
        pci: "0000:65:00.0",
        slot: "0000:65:00",
        id: "10de:2204",
        subsystemId: "1458:403b",
        iommuGroup: 20,
        functions: ["0000:65:00.0", "0000:65:00.1"],
      },
    ]);
  });

  it("are refused where they are none", () => {
    assert.throws(() => parseInspection("Welcome!"), /did not answer/);
    assert.throws(() => parseInspection('{"tokenrack":"vfio"}'));
    const [first] = functions;
    const bare = { ...answer, gpus: [{ ...answer.gpus[0], functions: [{ ...first, group: null }] }] };
    assert.throws(() => passthroughGpus(parseInspection(JSON.stringify(bare))), /no IOMMU group/);
  });

  it("tell which boot was ended, if one was", () => {
    assert.equal(parseRebootedFrom('{"tokenrack":"vfio-reboot","from":"0f1e"}'), "0f1e");
    assert.equal(parseRebootedFrom('{"tokenrack":"vfio-reboot","from":null}'), undefined);
  });
});
