// Tells by the ClusterPolicy whether the operands run, as the real operator does.
const { ask, forever } = require("./kube.js");

const { NAMESPACE, DEVICE_PLUGIN } = process.env;
const policy = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy";

forever(3, async () => {
  let ready = true;
  if (DEVICE_PLUGIN === "true") {
    const set = await ask("GET", `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/nvidia-device-plugin-daemonset`);
    const { desiredNumberScheduled: wanted = 0, numberReady: there = 0, observedGeneration } = set.status;
    ready = observedGeneration === set.metadata.generation && wanted > 0 && there >= wanted;
  }
  const state = ready ? "ready" : "notReady";
  const { status } = await ask("GET", policy);
  if (status?.state !== state) await ask("PATCH", `${policy}/status`, { status: { state } });
});
