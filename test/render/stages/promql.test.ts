import assert from "node:assert/strict";
import { groupedBy, selectorsOf } from "./promql";

describe("names in PromQL", () => {
  it("are found with the labels that choose their series, and nothing else is", () => {
    const expr =
      '(min by (replica) (min_over_time(a_b{x="1",y=~"c{d}.+"}[5m])) > 0) unless on (replica) (label_replace(sum by (R) (increase(c_total[$__rate_interval])), "replica", "$1", "R", "(.+)") > 0) or (time() - e_seconds) / 86400 < 2';
    assert.deepEqual(selectorsOf(expr), [
      { metric: "a_b", labels: ["x", "y"] },
      { metric: "c_total", labels: [] },
      { metric: "e_seconds", labels: [] },
    ]);
    assert.deepEqual(groupedBy(expr), ["replica", "replica", "R"]);
    assert.deepEqual(selectorsOf('histogram_quantile(0.5, sum by (m, le) (rate(x_bucket{m=~"$m"}[5m])))'), [
      { metric: "x_bucket", labels: ["m"] },
    ]);
  });
});
