import assert from "node:assert/strict";
import {
  cniConfig,
  containerdConfig,
  containerdSocket,
  coreFile,
  kubeletConfig,
  kubeletFlags,
  proxyFlags,
  type NodePlace,
} from "../../../e2e/node/configs";
import { rangesAt } from "../../../e2e/node/ranges";

const place: NodePlace = {
  node: {
    name: "n1",
    labels: { "a.b/c": "d", e: "" },
    taints: [{ key: "dedicated", value: "gpu", effect: "NoExecute" }],
  },
  directory: "/rack dir/nodes/n1",
  run: "/run/n1",
  address: "10.213.0.16",
  pods: "10.213.64.0/24",
  cgroup: "/mark/n1",
};
const inPlace = (text: string): boolean => text.startsWith(place.directory) || text.startsWith(place.run);

describe("e2e/node/configs", () => {
  it("containerd keeps everything in the node's own places", () => {
    const config = containerdConfig(place);
    const paths = [...config.matchAll(/^(?:root|state|address|path|conf_dir) = "(.*)"$/gm)].map(([, one = ""]) => one);
    assert.equal(paths.length, 6);
    assert.deepEqual(
      paths.filter((one) => !inPlace(one)),
      [],
    );
    assert.match(config, /restrict_oom_score_adj = true/);
    assert.match(config, /runtimes\.nvidia\]/);
  });

  it("the kubelet does, too, and touches nothing of the machine's", () => {
    const config = JSON.parse(kubeletConfig(place, "10.213.0.2")) as Record<string, string>;
    for (const key of ["podLogsDir", "volumePluginDir", "resolvConf"]) assert.ok(inPlace(config[key] ?? ""), key);
    assert.equal(config["containerRuntimeEndpoint"], `unix://${containerdSocket(place)}`);
    assert.equal(config["cgroupRoot"], "/mark/n1");
    assert.equal(config["address"], place.address);
    assert.deepEqual(config["clusterDNS"], ["10.213.0.2"]);
    assert.deepEqual(config["registerWithTaints"], place.node.taints);
  });

  it("labels are registered; a node without has no flag for them", () => {
    assert.ok(kubeletFlags(place, "/k").includes("--node-labels=a.b/c=d,e="));
    const bare = kubeletFlags({ ...place, node: { ...place.node, labels: {} } }, "/k");
    assert.deepEqual(
      bare.filter((flag) => flag.startsWith("--node-labels")),
      [],
    );
  });

  it("pods get addresses of their node's network", () => {
    const { plugins } = JSON.parse(cniConfig(place)) as { plugins: { type: string; ipam?: { ranges: object } }[] };
    assert.deepEqual(plugins[0]?.ipam?.ranges, [[{ subnet: "10.213.64.0/24" }]]);
  });

  it("kube-proxy leaves the machine's connection tracking alone", () => {
    const flags = proxyFlags("/k", "n1", rangesAt("10.213"));
    for (const flag of ["--conntrack-max-per-core=0", "--conntrack-min=0", "--cluster-cidr=10.213.64.0/18"]) {
      assert.ok(flags.includes(flag), flag);
    }
  });

  it("DNS listens on the rack's address only, and its file may be in a folder with a space", () => {
    const file = coreFile("/rack dir/kubeconfig", "10.213.0.2");
    assert.match(file, /bind 10\.213\.0\.2\n/);
    assert.match(file, /kubeconfig "\/rack dir\/kubeconfig"\n/);
  });
});
