import assert from "node:assert/strict";
import { apiServerFlags } from "../../../e2e/support/kubeFlags";

describe("e2e/support/kubeFlags: the API server", () => {
  const valueOf = (flags: readonly string[], name: string): string | undefined =>
    flags.find((flag) => flag.startsWith(`--${name}=`))?.replace(/^[^=]*=/, "");
  const names = ["bind-address", "advertise-address", "service-cluster-ip-range", "endpoint-reconciler-type"];

  const cases: readonly (readonly [
    title: string,
    flags: readonly string[],
    values: readonly (string | undefined)[],
  ])[] = [
    ["alone it is on loopback", apiServerFlags("/d", 1, 2), ["127.0.0.1", undefined, "10.0.0.0/24", "none"]],
    [
      "in a cluster it is where pods reach it, and says so",
      apiServerFlags("/d", 1, 2, { address: "10.213.0.2", services: "10.213.16.0/20" }),
      ["10.213.0.2", "10.213.0.2", "10.213.16.0/20", undefined],
    ],
  ];
  for (const [title, flags, values] of cases) {
    it(title, () =>
      assert.deepEqual(
        names.map((name) => valueOf(flags, name)),
        values,
      ),
    );
  }
});
