import assert from "node:assert/strict";
import { parseGpus } from "../../../cli/plan/gpus";
import { UsageError } from "../../../cli/plan/usage";
import { hardwareWords } from "../../../plan/explain/hardwareWords";

describe("--gpus", () => {
  const words: readonly (readonly [typed: readonly string[], meant: string])[] = [
    [["3090"], "1 machine with 1 x RTX 3090"],
    [["3x3090"], "1 machine with 3 x RTX 3090 (PCIe 4.0 x16)"],
    [["3x3090@10GbE"], "3 nodes with 1 x RTX 3090 each, 10 GbE"],
    [["2x8xa100@100IB"], "2 nodes with 8 x A100 80GB SXM4 (NVLink) each, 100 Gb/s RDMA"],
    [["8xh100"], "1 machine with 8 x H100 80GB SXM5 (NVLink)"],
    [["1x8xh100"], "1 machine with 8 x H100 80GB SXM5 (NVLink)"],
    [["3x3090,1x3060@10GbE"], "3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060 12GB, 10 GbE"],
    [["3x3090@10GbE,1x3060"], "3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060 12GB, 10 GbE"],
    [["3x3090@2.5gbe", "1x3060@2.5GbE"], "3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060 12GB, 2.5 GbE"],
    [["2x3090, 3060"], "1 machine with 2 x RTX 3090 + 1 x RTX 3060 12GB (PCIe 4.0 x16)"],
    [["4xRTX 3090:nvlink"], "1 machine with 4 x RTX 3090 (NVLink in pairs)"],
    [["3x3090:NVLink"], "1 machine with 3 x RTX 3090 (NVLink in pairs)"],
    [["2x3090:pcie3x8"], "1 machine with 2 x RTX 3090 (PCIe 3.0 x8)"],
    [["2x3090:pcie5x16"], "1 machine with 2 x RTX 3090 (PCIe 4.0 x16)"],
    [["2x2xa100-80g-pcie:nvlink:pcie4x8@25GbE"], "2 nodes with 2 x A100 80GB PCIe (NVLink) each, 25 GbE"],
  ];
  for (const [typed, meant] of words)
    it(`${typed.join(" and ")}: ${meant}`, () => assert.equal(hardwareWords(parseGpus(typed)), meant));

  it("names nodes and GPUs, and joins each bridge's two cards", () => {
    const { gpus } = parseGpus(["2x2x3090:nvlink,3060@10GbE"]);
    assert.deepEqual(
      gpus.map(({ id, node, pool, nvlinkGroup }) => [id, node, pool, nvlinkGroup]),
      [
        ["node-1/0", "node-1", "rtx-3090", "node-1/rtx-3090/0"],
        ["node-1/1", "node-1", "rtx-3090", "node-1/rtx-3090/0"],
        ["node-2/0", "node-2", "rtx-3090", "node-2/rtx-3090/0"],
        ["node-2/1", "node-2", "rtx-3090", "node-2/rtx-3090/0"],
        ["node-3/0", "node-3", "rtx-3060", undefined],
      ],
    );
    const ids = parseGpus(["2x3090,3060"]).gpus.map(({ id }) => id);
    assert.deepEqual(ids, ["machine/0", "machine/1", "machine/2"]);
  });

  const wrong: readonly (readonly [typed: string, message: RegExp])[] = [
    ["3x3091", /found "3x3091": the card "3091".*fix: did you mean 3090\?/],
    ["3xradeon", /the card "radeon"; expected one of a100-40g-pcie, .*fix: take one of these/],
    ["", /found ""; expected an item like 3x3090@10GbE/],
    ["3x", /the card "3x"/],
    ["0x3090", /0 GPUs each; expected 1 to 256 nodes with 1 to 16 GPUs each/],
    ["17x3090", /1 nodes with 17 GPUs each/],
    ["2x8xa100", /2 nodes and no network.*fix: write 2x8xa100@10GbE/],
    ["3x3090@10", /the rate "10"; expected gigabits a second/],
    ["3x3090@0GbE", /the rate "0GbE"/],
    ["3x3060:nvlink", /nvlink, which the RTX 3060 12GB does not have.*fix: remove :nvlink/],
    ["3x3090:pcie9x8", /the option ":pcie9x8"/],
    ["3x3090@10GbE,3060@1GbE", /2 rates; expected one network.*fix: write the slowest rate once/],
  ];
  for (const [typed, message] of wrong)
    it(`refuses "${typed}"`, () => assert.throws(() => parseGpus([typed]), { name: "UsageError", message }));

  it("tells all faults at once", () => {
    assert.throws(
      () => parseGpus(["3x3091:pcie9", "2x3060:nvlink@x"]),
      (error) => error instanceof UsageError && error.faults.length === 3,
    );
  });
});
