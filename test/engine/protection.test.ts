import assert from "node:assert/strict";
import { releasing } from "../../engine/protection";

const volume =
  "urn:pulumi:rack::tokenrack::tokenrack:index:ModelStore$kubernetes:core/v1:PersistentVolumeClaim::models-volume";
const vm = (name: string) =>
  `urn:pulumi:rack::tokenrack::tokenrack:index:GpuVm$proxmoxve:index/vmLegacy:VmLegacy::${name}-vm`;

describe("the keys that take protection back", () => {
  const cases: readonly (readonly [what: string, urns: readonly string[], keys: string])[] = [
    ["masters", [vm("master-1"), vm("master-2")], "pools[].protect: false"],
    ["the volume of the models", [volume], "modelStore.protect: false"],
    ["both", [vm("master-1"), volume], "modelStore.protect: false, pools[].protect: false"],
  ];
  for (const [what, urns, keys] of cases) it(`of ${what}`, () => assert.equal(releasing(urns), keys));
});
