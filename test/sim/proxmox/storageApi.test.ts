import assert from "node:assert/strict";
import { EXAMPLE_IMAGE } from "../../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, gpuVm, outcome, send, startSim } from "./harness";

const { url, sha256, bytes, virtualBytes } = EXAMPLE_IMAGE;
const wanted = { url, content: "import", filename: "debian.qcow2", checksum: sha256, "checksum-algorithm": "sha256" };

describe("sim/proxmox/storageApi", () => {
  let sim: ProxmoxSim;
  beforeEach(async () => (sim = await startSim()));
  afterEach(() => sim.close());
  const download = (more: Record<string, string> = {}, storage = "local"): Promise<string> =>
    outcome(sim, "POST", `nodes/pve1/storage/${storage}/download-url`, { ...wanted, ...more });

  it("downloads a file with its checksum, to one node of a storage that is not shared", async () => {
    assert.deepEqual(await data(sim, "GET", "nodes/pve1/query-url-metadata", { url }), {
      filename: url.split("/").at(-1),
      mimetype: "application/octet-stream",
      size: bytes,
    });
    assert.equal(await download(), "OK");
    const file = { volid: "local:import/debian.qcow2", content: "import", format: "qcow2", size: bytes, used: bytes };
    assert.deepEqual(await data(sim, "GET", "nodes/pve1/storage/local/content", { content: "import" }), [file]);
    assert.deepEqual(await data(sim, "GET", "nodes/pve2/storage/local/content", { content: "import" }), []);
    assert.deepEqual(await data(sim, "GET", `nodes/pve1/storage/local/content/${encodeURIComponent(file.volid)}`), {
      path: "/var/lib/vz/import/debian.qcow2",
      format: "qcow2",
      size: virtualBytes,
      used: bytes,
    });
  });

  it("takes the file that is there when its checksum fits, and refuses to overwrite another", async () => {
    await download();
    assert.equal(await download(), "OK");
    assert.match(await download({ checksum: "0".repeat(64) }), /^refusing to override existing file/);
    const bare = { url, content: "import", filename: wanted.filename };
    assert.match(
      await outcome(sim, "POST", "nodes/pve1/storage/local/download-url", bare),
      /^refusing to override existing file/,
    );
  });

  it("notices a wrong checksum, a file that is not there and a full storage; nothing stays", async () => {
    assert.equal(
      await download({ checksum: "0".repeat(64) }),
      `checksum mismatch: got '${sha256}' != expect '${"0".repeat(64)}'`,
    );
    assert.match(await download({ url: "https://x/none.qcow2" }), /404 Not Found/);
    sim.world.storages.forEach((storage) => (storage.totalBytes = bytes - 1));
    assert.match(await download(), /no space left on device/);
    assert.deepEqual(sim.world.volumes, []);
  });

  it("refuses content types that the storage or the ending does not allow", async () => {
    const reply = (path: string, more: Record<string, string> = {}): ReturnType<typeof send> =>
      send(sim, "POST", path, { ...wanted, ...more });
    assert.match((await reply("nodes/pve1/storage/ceph/download-url")).message, /can't upload to storage type 'rbd'/);
    assert.equal((await reply("nodes/pve1/storage/local/download-url", { filename: "debian.img" })).status, 400);
    sim.world.storages.forEach((storage) => (storage.content = ["iso"]));
    assert.match(
      (await reply("nodes/pve1/storage/local/download-url")).message,
      /not configured for content-type 'import'/,
    );
  });

  it("deletes a file, and says when there is none", async () => {
    await download();
    const path = `nodes/pve1/storage/local/content/${encodeURIComponent("local:import/debian.qcow2")}`;
    assert.equal(await outcome(sim, "DELETE", path), "OK");
    assert.match(await outcome(sim, "DELETE", path), /does not exist/);
  });

  it("counts what is used: whole disks on LVM, what is written elsewhere", async () => {
    const status = async (storage: string): Promise<number> =>
      ((await data(sim, "GET", `nodes/pve1/storage/${storage}/status`)) as { used: number }).used;
    await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(101));
    assert.equal(await status("ceph"), 0);
    sim.world.storages.push({ id: "thick", type: "lvm", content: ["images"], totalBytes: 40 * 2 ** 30 });
    await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(102, { scsi0: "file=thick:32" }));
    assert.equal(await status("thick"), 32 * 2 ** 30);
    assert.match(
      await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(103, { scsi0: "file=thick:32" })),
      /no space left on device/,
    );
    assert.deepEqual(
      sim.world.vms.map(({ vmid }) => vmid),
      [101, 102],
    );
  });
});
