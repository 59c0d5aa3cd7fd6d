import assert from "node:assert/strict";
import { askingNobody, asksNobody } from "../../engine/askNobody";
import { Cluster } from "../../engine/standins/kubernetes/cluster";
import { parseSettings } from "../../engine/standins/kubernetes/settings";

const kubeconfig = JSON.stringify({
  ...{ apiVersion: "v1", kind: "Config", "current-context": "a" },
  contexts: [{ name: "a", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:9" } }],
  users: [{ name: "u", user: {} }],
});

describe("a preview that asks nobody", () => {
  it("tells its plugins by their environment, and keeps the rest of it", () => {
    const env = askingNobody({ HOME: "/home/a" });
    assert.deepEqual([asksNobody(env), env["HOME"], asksNobody({})], [true, "/home/a", false]);
  });

  it("keeps the stand-in of Kubernetes from the cluster", async () => {
    Object.assign(process.env, askingNobody({}));
    try {
      const cluster = new Cluster();
      await cluster.configure(parseSettings({ kubeconfig }));
      assert.deepEqual([cluster.connection, cluster.reason], [undefined, "a preview asks nobody"]);
    } finally {
      for (const name of Object.keys(askingNobody({}))) Reflect.deleteProperty(process.env, name);
    }
  });
});
