import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { endOnSignals, interruptible } from "../../cli/interrupt";

describe("Ctrl-C", () => {
  let signals: EventEmitter;
  let exits: number[];
  let time: number;
  let leave: () => void;
  beforeEach(() => {
    signals = new EventEmitter();
    exits = [];
    time = 0;
    leave = endOnSignals({ signals, exit: (code) => void exits.push(code), now: () => time });
  });
  afterEach(() => leave());

  it("ends a command outside an operation, with the exit code of its signal", () => {
    signals.emit("SIGINT", "SIGINT");
    signals.emit("SIGTERM", "SIGTERM");
    assert.deepEqual(exits, [130, 143]);
  });

  it("aborts an operation, also when npm and tsx pass it on; the second one ends the command", async () => {
    await interruptible(async (signal) => {
      signals.emit("SIGINT", "SIGINT");
      assert.equal(signal.aborted, true);
      time = 400;
      signals.emit("SIGINT", "SIGINT");
      assert.deepEqual(exits, []);
      time = 600;
      signals.emit("SIGINT", "SIGINT");
      assert.deepEqual(exits, [130]);
      await Promise.resolve();
    });
  });

  it("aborts nothing that is over, and is left alone afterwards", async () => {
    const signal = await interruptible((one) => Promise.resolve(one));
    signals.emit("SIGINT", "SIGINT");
    assert.deepEqual([signal.aborted, exits], [false, [130]]);
    leave();
    const heard = once(signals, "SIGINT");
    signals.emit("SIGINT", "SIGINT");
    await heard;
    assert.deepEqual(exits, [130]);
  });
});
