import assert from "node:assert/strict";
import { readModelConfigs } from "../../config/modelConfigs";
import { parseProfile } from "../../config/parse";
import { isLocal, type ClusterProfile } from "../../config/schema";
import { Place } from "../support/fixtures";
import { existing, messageOf } from "./stacks";

const profileOf = (models: readonly object[]): ClusterProfile => {
  const profile = parseProfile({ ...existing, models });
  assert.ok(!isLocal(profile));
  return profile;
};

describe("config.json files that a stack names", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  it("are parsed, by served model name", () => {
    place.write("a/config.json", '{"model_type": "llama"}');
    const models = [
      { source: "org/a", name: "a", config: "a/config.json" },
      { source: "org/b", config: place.path("a/config.json") },
      { source: "Qwen/Qwen3-8B" },
    ];
    const llama = { model_type: "llama" };
    assert.deepEqual(readModelConfigs(profileOf(models), place.directory), { a: llama, "org/b": llama });
  });

  it("are named when they are missing or no JSON, all at once and without what is in them", () => {
    place.write("bad.json", "CANARY");
    const models = [
      { source: "org/a", config: "none.json" },
      { source: "org/b", config: "bad.json" },
    ];
    const message = messageOf(() => readModelConfigs(profileOf(models), place.directory));
    assert.match(
      message,
      /models\[0\]\.config: found .*none\.json, which cannot be read \(ENOENT\); expected a JSON file/,
    );
    assert.match(message, /models\[1\]\.config: found .*bad\.json, which is not JSON; /);
    assert.ok(!message.includes("CANARY"));
  });
});
