import assert from "node:assert/strict";
import { protectionRule } from "../../../policy/rules/protection";
import { holds, object, resource, saidOf } from "../fixtures";

const claim = (protect: boolean) => object("core/v1:PersistentVolumeClaim", { metadata: { name: "models" } }, protect);
const vm = (pool: string, protect: boolean) =>
  resource("proxmoxve:index/vmLegacy:VmLegacy", { tags: ["tokenrack", `tokenrack-${pool}`] }, protect);

holds(
  protectionRule,
  { "what is protected, and what holds no data": [claim(true), vm("master", true), vm("w-gpu", false)] },
  {
    "a volume and a master that are not": [
      [claim(false), vm("master", false)],
      [/^persistentvolumeclaim: holds data and is not protected/, /^vmlegacy: /],
    ],
  },
);

describe("policy stateful-protected, told of other pools,", () => {
  it("asks it of these", () => {
    const resources = [vm("master", false), vm("w-db", false)];
    assert.equal(saidOf(protectionRule, resources, { pools: ["w-db"] }).length, 1);
    assert.equal(saidOf(protectionRule, resources, { pools: ["master", "w-db"] }).length, 2);
  });
});
