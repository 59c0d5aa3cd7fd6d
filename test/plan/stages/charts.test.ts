import assert from "node:assert/strict";
import { charts } from "../../../catalog/charts";
import { planChart } from "../../../plan/stages/charts";
import { existing } from "../../config/stacks";
import { stageInput } from "./cases";

const planned = (own: object) => planChart(stageInput({ ...existing, charts: { kubeRay: own } }).profile, "kubeRay");
const { chart, repository, version } = charts.kubeRay;

describe("charts of a stack", () => {
  it("are the catalogue's, field by field where the stack says nothing", () => {
    assert.deepEqual(planned({}), { chart, repository, version });
    assert.deepEqual(planned({ version: "1.6.3" }), { chart, repository, version: "1.6.3" });
    assert.deepEqual(planned({ repository: "https://charts.my.org" }), {
      chart,
      repository: "https://charts.my.org",
      version,
    });
  });

  it("have no repository where they are a place by themselves, and no version in a directory", () => {
    assert.deepEqual(planned({ chart: "oci://r.my.org/kuberay-operator" }), {
      chart: "oci://r.my.org/kuberay-operator",
      version,
    });
    assert.deepEqual(planned({ chart: "./charts/kuberay" }), { chart: "./charts/kuberay" });
    assert.deepEqual(planned({ chart: "/srv/kuberay-1.6.2.tgz" }), { chart: "/srv/kuberay-1.6.2.tgz" });
  });
});
