import assert from "node:assert/strict";
import type { Properties } from "../../../../engine/standins/values";
import { takenOver, withoutIgnored } from "../../../../engine/standins/kubernetes/managers";

const entry = (manager: string, operation: string, data: readonly string[], subresource = ""): Properties => ({
  manager,
  operation,
  ...(subresource === "" ? {} : { subresource }),
  fieldsV1: { "f:data": Object.fromEntries(data.map((key) => [`f:${key}`, {}])) },
});
const object = (...managedFields: Properties[]): Properties => ({
  metadata: { managedFields },
  data: { a: "live a", b: "live b" },
});

describe("kubernetes stand-in: field managers", () => {
  it("takes over what its create and kubectl wrote, and merges it with its own", () => {
    const foreign = entry("controller", "Update", ["z"]);
    const status = entry("kubectl", "Update", ["s"], "status");
    const live = object(
      entry("pulumi-kubernetes", "Update", ["a"]),
      entry("ours", "Apply", ["b"]),
      foreign,
      entry("kubectl-edit", "Update", ["c"]),
      status,
    );
    assert.deepEqual(takenOver(live, "ours"), [foreign, status, entry("ours", "Apply", ["b", "a", "c"])]);
  });

  it("becomes the manager where it was none", () => {
    const live = object(entry("pulumi-kubernetes", "Update", ["a"]));
    assert.deepEqual(takenOver(live, "ours"), [entry("ours", "Apply", ["a"])]);
  });

  it("changes nothing where there is nothing to take", () => {
    assert.equal(takenOver(object(entry("ours", "Apply", ["a"]), entry("x", "Update", ["b"])), "ours"), undefined);
  });

  it("leaves ignored fields to their managers, and keeps the value of its own", () => {
    const live = object(entry("ours", "Apply", ["a"]), entry("theirs", "Update", ["b"]));
    const wanted = { data: { a: "new a", b: "new b", c: "new c" } };
    assert.deepEqual(withoutIgnored(wanted, live, ["data.a", "data.b", "data.c", "list[0]"], "ours"), {
      data: { a: "live a", c: "new c" },
    });
  });
});
