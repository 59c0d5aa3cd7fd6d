import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { downloadConfigSchema } from "../../../download/config";
import { planModelStore, storeOf } from "../../../plan/stages/modelStore";
import { downloadConfig } from "../../../render/stages/modelStore";
import { changed, existing, proxmox } from "../../config/stacks";
import { committedInput, stageInput } from "./cases";

const planned = (raw: unknown) => planModelStore(stageInput(raw));
const faultsOf = (raw: unknown): string => planned(raw).faults.map(formatFault).join("\n");

/** One node with GPUs, where the smallest stack has more. */
const oneNode = changed(existing, "pools[0].count", 1);
const twoNodes = changed(changed(existing, "pools[0].count", 2), "models[0].replicas", 2);
const ceph = {
  connections: [
    { name: "fs", clusterId: "b0f7a8d2-5c1e-4b7a-9d3e-2f6c8a1b4e5d", monitors: ["192.168.2.3:6789"], user: "k8s" },
  ],
  classes: [{ name: "cephfs", connection: "fs", type: "CephFS", fileSystem: "cephfs" }],
};

describe("stage 6: the volume of the models", () => {
  it("is one claim that all nodes of the models' pools can mount, with room for the next revision", () => {
    const { volume } = planModelStore(committedInput("a100")).plan;
    assert.ok(volume.kind === "made");
    assert.deepEqual([volume.claim, volume.accessMode], ["models", "ReadWriteMany"]);
    // 131 GiB of weights: two revisions, and compile caches.
    assert.ok(volume.sizeGib > 2 * 131 && volume.sizeGib < 2.5 * 131 + 10, String(volume.sizeGib));
    const single = planModelStore(committedInput("qwen3-235b")).plan.volume;
    assert.ok(single.kind === "made" && single.accessMode === "ReadWriteOnce");
  });

  it("is what the stack names instead", () => {
    const given = planned(changed(oneNode, "modelStore", { existingClaim: "weights" })).plan.volume;
    assert.deepEqual(given, { kind: "given", claim: "weights" });
    const path = planned(changed(oneNode, "modelStore", { hostPath: "/data/models", sizeGib: 100 })).plan.volume;
    assert.deepEqual(path, { kind: "hostPath", claim: "models", path: "/data/models", sizeGib: 100 });
  });

  it("is kept from being deleted until the stack says otherwise", () => {
    assert.equal(planned(oneNode).plan.protect, true);
    assert.equal(planned(changed(oneNode, "modelStore", { protect: false })).plan.protect, false);
  });

  it("has a directory and a Job for each revision", () => {
    const first = planned(changed(oneNode, "models[0].revision", "v1")).plan;
    const next = planned(changed(oneNode, "models[0].revision", "v2")).plan;
    assert.notEqual(first.models[0]?.job, next.models[0]?.job);
    assert.notDeepEqual(storeOf(first).directories, storeOf(next).directories);
    assert.match(Object.values(storeOf(first).directories).join(), /^\/models\/[a-z0-9-]+--v1$/);
  });

  it("says what the downloads may connect to", () => {
    assert.deepEqual(planned(oneNode).plan.egress, { ports: [443], onSite: false });
    const download = { from: "s3", endpoint: "http://minio.lan:9000", bucket: "models" };
    assert.deepEqual(planned(changed(oneNode, "models[0].download", download)).plan.egress, {
      ports: [9000],
      onSite: true,
    });
  });

  it("tells every download what the downloader understands", () => {
    const s3 = { from: "s3", endpoint: "https://s3.eu-central-1.amazonaws.com", bucket: "models", prefix: "llama/" };
    const oss = {
      from: "oss",
      endpoint: "https://s3.oss-cn-hangzhou.aliyuncs.com",
      bucket: "m",
      region: "cn-hangzhou",
    };
    const cases = [undefined, { from: "huggingFace" }, { from: "modelScope", repository: "LLM-Research/x" }, s3];
    for (const download of [...cases, { ...oss, bucket: "models" }])
      for (const withCredentials of [false, true]) {
        const { plan } = planned(download === undefined ? oneNode : changed(oneNode, "models[0].download", download));
        const [model] = plan.models;
        assert.ok(model !== undefined);
        const read = downloadConfigSchema.safeParse(downloadConfig(plan, model, withCredentials));
        assert.ok(read.success, JSON.stringify(read.error?.issues));
      }
  });

  it("asks ModelScope for its own branch where no revision is named", () => {
    const [model] = planned(
      changed(changed(oneNode, "models[0].revision", undefined), "models[0].download", { from: "modelScope" }),
    ).plan.models;
    assert.deepEqual(
      [model?.hub, model?.source.kind, Reflect.get(model?.source ?? {}, "revision")],
      ["modelscope", "modelscope", "master"],
    );
  });

  it("refuses one node's volume under several nodes", () => {
    assert.match(
      faultsOf(changed(twoNodes, "modelStore", { accessMode: "ReadWriteOnce" })),
      /modelStore\.accessMode: found ReadWriteOnce, and models that may run on 2 nodes; expected ReadWriteMany/,
    );
    assert.match(
      faultsOf(changed(twoNodes, "modelStore", { hostPath: "/data" })),
      /modelStore\.hostPath: found \/data, a directory of one node, and models that may run on 2/,
    );
    assert.equal(faultsOf(changed(oneNode, "modelStore", { accessMode: "ReadWriteOnce" })), "");
    assert.match(planned(twoNodes).warnings.join(), /the cluster's own class has to allow ReadWriteMany/);
  });

  it("refuses two places at once", () => {
    assert.match(
      faultsOf(changed(oneNode, "modelStore", { existingClaim: "a", hostPath: "/data" })),
      /modelStore\.hostPath: found existingClaim and hostPath together; expected one place/,
    );
  });

  it("knows the classes of a cluster that Deckhouse makes", () => {
    const made = changed(proxmox, "cluster.ceph", ceph);
    assert.equal(faultsOf(made), "");
    assert.match(
      (planned(made).unmet ?? []).map(formatFault).join(),
      /modelStore\.storageClass: found nothing; .*fix: write `storageClass: cephfs`/,
    );
    assert.match(
      faultsOf(changed(made, "modelStore", { storageClass: "cephsf" })),
      /modelStore\.storageClass: found cephsf, which nothing makes; expected one of cephfs/,
    );
    assert.equal(faultsOf(changed(made, "modelStore", { storageClass: "cephfs" })), "");
    const local = changed(proxmox, "cluster.localPaths", [{ name: "disk", path: "/data" }]);
    assert.match(
      faultsOf(changed(local, "modelStore", { storageClass: "disk" })),
      /found disk, which one node at a time can mount; .*add a class of type CephFS/,
    );
  });
});
