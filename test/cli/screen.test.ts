import assert from "node:assert/strict";
import { mock } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { Writable } from "node:stream";
import { Screen } from "../../cli/screen";
import type { EngineEvent } from "../../engine/events";

/** Where a screen writes to: a terminal of some width, or a log. */
class Sink extends Writable {
  text = "";
  readonly isTTY: boolean;

  constructor(readonly columns?: number) {
    super();
    this.isTTY = columns !== undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): string[] {
    return stripVTControlCharacters(this.text).split("\n").slice(0, -1);
  }
}

const urn = (name: string): string => `urn:pulumi:local::tokenrack::command:local:Command::${name}`;
const step = (kind: "resourcePre" | "resOutputs" | "resFailed", op: string, name = "ray-ray"): EngineEvent => ({
  kind,
  op,
  urn: urn(name),
  type: "command:local:Command",
  name,
});
const says = (message: string, severity: "info" | "warning" | "error" = "info", name = "ray-ray"): EngineEvent => ({
  kind: "diagnostic",
  severity,
  message,
  urn: urn(name),
  ephemeral: false,
});

describe("the screen", () => {
  let sink: Sink;
  let screen: Screen;
  beforeEach(() => mock.timers.enable({ apis: ["setInterval", "Date"] }));
  afterEach(() => {
    screen.close();
    mock.timers.reset();
  });
  const open = (columns?: number): void => {
    sink = new Sink(columns);
    screen = new Screen(sink as unknown as NodeJS.WriteStream);
  };

  describe("of a log", () => {
    beforeEach(() => open());

    it("has one line for each stage, in words, with its time", () => {
      screen.event(step("resourcePre", "create"));
      mock.timers.tick(2500);
      screen.event(step("resOutputs", "create"));
      assert.deepEqual(sink.lines, ["✓ Ray done 2.5 s"]);
    });

    it("is never silent for more than 8 s while something runs", () => {
      screen.event(step("resourcePre", "create"));
      for (let second = 1; second <= 40; second++) {
        const before = sink.lines.length;
        mock.timers.tick(1000);
        assert.ok(sink.lines.length - before <= 1);
        if (second % 8 === 0) assert.equal(sink.lines.length, second / 8);
      }
      assert.equal(sink.lines[0], "… Ray 8 s");
    });

    it("is silent when nothing runs, and after its end", () => {
      mock.timers.tick(60_000);
      screen.event(step("resourcePre", "create"));
      screen.close();
      mock.timers.tick(60_000);
      assert.equal(sink.text, "");
    });

    it("tells what a stage is doing, at most once a second", () => {
      screen.event(step("resourcePre", "create"));
      mock.timers.tick(1500);
      screen.event(says("starting Ray\nwaiting for its API"));
      screen.event(says("another"));
      assert.deepEqual(sink.lines, ["… Ray 2 s, waiting for its API"]);
      mock.timers.tick(8000);
      assert.equal(sink.lines.at(-1), "… Ray 10 s, another");
    });

    it("draws nothing in place", () => {
      screen.event(step("resourcePre", "create"));
      mock.timers.tick(30_000);
      assert.ok(!sink.text.includes("\r"));
    });

    it("says done, updated, replaced, removed and failed", () => {
      for (const op of ["create", "update", "create-replacement", "delete-replaced", "delete"]) {
        screen.event(step("resourcePre", op));
        screen.event(step("resOutputs", op));
      }
      screen.event(step("resourcePre", "create", "gateway-process"));
      screen.event(step("resFailed", "create", "gateway-process"));
      assert.deepEqual(
        sink.lines.map((line) => line.replace(/ 0\.0 s$/, "")),
        ["✓ Ray done", "✓ Ray updated", "✓ Ray replaced", "✓ Ray old one removed", "✓ Ray removed", "✗ Gateway failed"],
      );
    });

    it("says once that something was replaced: the engine's announcement is no stage", () => {
      // The order with deleteBeforeReplace.
      for (const op of ["delete-replaced", "replace", "create-replacement"]) {
        screen.event(step("resourcePre", op));
        screen.event(step("resOutputs", op));
      }
      assert.deepEqual(sink.lines, ["✓ Ray old one removed 0.0 s", "✓ Ray replaced 0.0 s"]);
    });

    it("leaves out what stays the same, and resources without words", () => {
      screen.event(step("resourcePre", "same"));
      screen.event(step("resOutputs", "same"));
      screen.event(step("resourcePre", "create", "other"));
      screen.event(step("resOutputs", "create", "other"));
      assert.equal(sink.text, "");
    });

    it("shows warnings at once, and leaves errors to the command that failed", () => {
      screen.event(says("low memory", "warning"));
      screen.event(says("it broke", "error"));
      screen.event(says(" \n", "warning"));
      assert.deepEqual(sink.lines, ["! low memory"]);
    });
  });

  describe("of a terminal", () => {
    beforeEach(() => open(40));
    const shown = (): string => stripVTControlCharacters(sink.text.split("\r").at(-1) ?? "");

    it("redraws its last line in place", () => {
      screen.event(step("resourcePre", "create"));
      mock.timers.tick(3000);
      assert.equal(shown(), "… Ray 3 s");
      screen.event(says("waiting"));
      assert.equal(shown(), "… Ray 3 s, waiting");
      assert.ok(!sink.text.includes("\n"));
    });

    it("never draws more than fits on one line", () => {
      screen.event(step("resourcePre", "create"));
      screen.event(says("a very long line ".repeat(20)));
      assert.equal(shown().length, 39);
    });

    it("keeps what is running below a line that stays, and clears it at the end", () => {
      screen.event(step("resourcePre", "create"));
      screen.event(step("resourcePre", "create", "gateway-process"));
      screen.event(step("resOutputs", "create", "gateway-process"));
      assert.match(stripVTControlCharacters(sink.text), /✓ Gateway done 0\.0 s\n\r?… Ray 0 s$/);
      screen.close();
      assert.equal(shown(), "");
    });
  });
});
