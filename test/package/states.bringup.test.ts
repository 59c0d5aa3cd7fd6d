/** Whoever comes from a released version loses nothing: the committed stacks against the states that it has left. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PreviewStep } from "../../engine/preview";
import { ask } from "../cli/preview/upped";
import { root } from "./installed";
import { readState, recorded, stackNames } from "./states";

/** What would go, or be made anew. */
const lost = (steps: readonly PreviewStep[]): readonly string[] =>
  steps.filter(({ op }) => /delete|replace|discard/.test(op)).map(({ op, name, type }) => `${op} ${name} (${type})`);

describe("the state of a released version, on the real engine", function () {
  this.timeout(420_000);

  it("is there for every version of the CHANGELOG and every stack with a cluster", () => {
    const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
    const versions = [...changelog.matchAll(/^## (?:Unreleased: )?\[?(\d+\.\d+\.\d+)/gm)].map(
      ([, version]) => version ?? "",
    );
    const wanted = versions.flatMap((version) => stackNames.map((stack) => `${version} ${stack}`));
    assert.ok(wanted.length > 0);
    assert.deepEqual(
      recorded().map(({ version, stack }) => `${version} ${stack}`),
      wanted.toSorted(),
    );
  });

  for (const left of recorded())
    it(`${left.version}: a preview of ${left.stack} deletes nothing and replaces nothing`, async () => {
      const { state, values } = readState(left);
      const { checkpoint } = JSON.parse(state) as { checkpoint: { latest: { resources: unknown[] } } };
      const { resources } = checkpoint.latest;
      const { steps } = await ask(left.stack, values, state);
      assert.deepEqual(lost(steps), []);
      // The preview has looked at what the state has, and not at an empty one.
      const known = steps.filter(({ op }) => op === "same" || op === "update").length;
      assert.ok(known > 0.9 * resources.length && known > 40, `${known} of ${resources.length}`);
    });

  it("names no folder of the machine that recorded it", () => {
    for (const left of recorded()) {
      assert.doesNotMatch(readState(left).state, /\/(?:root|home|work)\//, left.stack);
    }
  });
});
