// Offers the GPUs of its node, as many as a label of the node says: there is no card to be found.
const { ask, forever } = require("./kube.js");

const resource = "nvidia.com/gpu";
const node = `/api/v1/nodes/${process.env.NODE_NAME}`;

forever(5, async () => {
  const { metadata, status } = await ask("GET", node);
  const count = metadata.labels["tokenrack.simulated/gpus"] ?? "0";
  const labels = { "nvidia.com/gpu.present": "true", "nvidia.com/gpu.count": count };
  if (metadata.labels["nvidia.com/gpu.count"] !== count) await ask("PATCH", node, { metadata: { labels } });
  if (status.capacity?.[resource] === count && status.allocatable?.[resource] === count) return;
  const amount = { [resource]: count };
  await ask("PATCH", `${node}/status`, { status: { capacity: amount, allocatable: amount } });
  console.log(`${count} GPUs, which are no real ones`);
});
