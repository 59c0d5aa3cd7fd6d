import assert from "node:assert/strict";
import { remembered } from "../../plan/remembered";

describe("plan/remembered", () => {
  it("asks once for each thing and key, and keeps what is falsy too", () => {
    const asked: string[] = [];
    const times = remembered(
      ({ size }: { size: number }, by: { factor: number }) => {
        asked.push(`${size} x ${by.factor}`);
        return size * by.factor;
      },
      ({ factor }) => factor,
    );
    const [two, three] = [{ size: 2 }, { size: 3 }];
    const answers = [times(two, { factor: 0 }), times(two, { factor: 0 }), times(two, { factor: 5 })];
    assert.deepEqual([...answers, times(three, { factor: 5 }), times(two, { factor: 5 })], [0, 0, 10, 15, 10]);
    assert.deepEqual(asked, ["2 x 0", "2 x 5", "3 x 5"]);
  });
});
