import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { namespace, platformKinds, secretKeys, stacks } from "../../../config/schema";
import * as components from "../../../components";
import { undescribed as bareMembers } from "../../../tools/docs/componentsPage";
import { undescribed as bareKeys } from "../../../tools/docs/configPage";
import { pages } from "../../../tools/docs/pages";

describe("generated pages", () => {
  it("are what schema and comments say now (`npm run docs` writes them)", async () => {
    for (const { path, text } of await pages())
      assert.equal(existsSync(path) ? readFileSync(path, "utf8") : "", text, basename(path));
  }).timeout(120_000);

  it("describe every key, component, argument and output", () => {
    assert.deepEqual([...bareKeys(), ...bareMembers()], []);
  });

  it("have every key, every secret and every component", async () => {
    const [config = "", exported = ""] = (await pages()).map(({ text }) => text);
    const keys = platformKinds.flatMap((kind) => Object.keys(stacks[kind].schema.shape));
    for (const key of [...keys, ...secretKeys]) assert.ok(config.includes(`\`${key}\``), key);
    assert.ok(config.includes(`${namespace}:`));
    for (const name of Object.keys(components)) assert.match(exported, new RegExp(`^###? ${name}$`, "m"));
  }).timeout(120_000);
});
