import assert from "node:assert/strict";
import { gpuModel, gpuModels } from "../../catalog/gpus";

describe("catalog/gpus", () => {
  it("finds a GPU by every way to write it", () => {
    const names: Readonly<Record<string, string>> = {
      "3090": "rtx-3090",
      rtx3090: "rtx-3090",
      "RTX 3090": "rtx-3090",
      "NVIDIA GeForce RTX 3090": "rtx-3090",
      "3060": "rtx-3060",
      "A100-80G": "a100-80g-sxm",
      "A100-40G": "a100-40g-sxm",
      "NVIDIA A100-PCIE-40GB": "a100-40g-pcie",
      "NVIDIA A100 80GB PCIe": "a100-80g-pcie",
      h200: "h200-141g-sxm",
      L40S: "l40s",
    };
    for (const [name, id] of Object.entries(names)) assert.equal(gpuModel(name)?.id, id, name);
    assert.equal(gpuModel("3095"), undefined);
    assert.equal(gpuModel(""), undefined);
  });

  it("has no name and no PCI id twice", () => {
    const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
    for (const gpu of gpuModels)
      for (const name of [gpu.id, gpu.name, ...gpu.aliases]) assert.equal(gpuModel(name), gpu, plain(name));
    const ids = gpuModels.flatMap(({ pci }) => pci);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("holds the known facts", () => {
    const rows = gpuModels.map(({ id, memoryMib, bandwidthGBs, computeCapability }) => [
      id,
      memoryMib,
      bandwidthGBs,
      computeCapability,
    ]);
    assert.deepEqual(rows, [
      ["a100-40g-pcie", 40960, 1555, 80],
      ["a100-40g-sxm", 40960, 1555, 80],
      ["a100-80g-pcie", 81920, 1935, 80],
      ["a100-80g-sxm", 81920, 2039, 80],
      ["a800-80g-pcie", 81920, 1935, 80],
      ["a800-80g-sxm", 81920, 2039, 80],
      ["h100-80g-pcie", 81559, 2000, 90],
      ["h100-80g-sxm", 81559, 3350, 90],
      ["h200-141g-nvl", 143771, 4800, 90],
      ["h200-141g-sxm", 143771, 4800, 90],
      ["l40s", 46068, 864, 89],
      ["rtx-3060", 12288, 360, 86],
      ["rtx-3090", 24576, 936, 86],
      ["rtx-4090", 24564, 1008, 89],
      ["rtx-5090", 32607, 1792, 120],
    ]);
  });

  it("keeps its rows sane: a source, a date, FP8 only where there are units, less for CUDA than there is", () => {
    for (const gpu of gpuModels) {
      assert.match(gpu.date, /^\d{4}-\d{2}-\d{2}$/, gpu.id);
      assert.ok(gpu.source.length > 0 && gpu.pci.length > 0, gpu.id);
      assert.equal(gpu.fp8Tflops !== undefined, gpu.computeCapability >= 89, gpu.id);
      assert.ok(gpu.cudaTotalMib < gpu.memoryMib && gpu.cudaTotalMib > 0.96 * gpu.memoryMib, gpu.id);
      assert.equal(gpu.audioPci.length > 0, gpu.id.startsWith("rtx"), gpu.id);
      assert.equal(gpu.peerToPeer, !gpu.id.startsWith("rtx"), gpu.id);
    }
  });
});
