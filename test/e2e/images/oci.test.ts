import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { layerlessImage } from "../../../e2e/images/oci";

describe("e2e/images/oci: an image without its layer", () => {
  const key = "ab".repeat(32);
  const image = layerlessImage("docker.io/library/node:22", key, { Env: ["A=b"], User: "1000" });

  it("each part names the next by its digest and size", () => {
    const index = JSON.parse(image.index) as { manifests: { digest: string; size: number; annotations: object }[] };
    const manifest = JSON.parse(image.manifest.text) as { config: { digest: string; size: number } };
    for (const [named, { text }] of [
      [index.manifests[0], image.manifest],
      [manifest.config, image.config],
    ] as const) {
      assert.equal(named?.digest, `sha256:${createHash("sha256").update(text).digest("hex")}`);
      assert.equal(named?.size, Buffer.byteLength(text));
    }
    assert.deepEqual(index.manifests[0]?.annotations, { "io.containerd.image.name": "docker.io/library/node:22" });
  });

  it("its only layer is the snapshot with its files", () => {
    const config = JSON.parse(image.config.text) as { rootfs: { diff_ids: string[] }; config: object };
    const manifest = JSON.parse(image.manifest.text) as { layers: { digest: string }[] };
    assert.deepEqual(config.rootfs.diff_ids, [`sha256:${key}`]);
    assert.deepEqual(
      manifest.layers.map(({ digest }) => digest),
      [`sha256:${key}`],
    );
    assert.equal(image.snapshot, `sha256:${key}`);
    assert.deepEqual(config.config, { Env: ["A=b"], User: "1000" });
  });
});
