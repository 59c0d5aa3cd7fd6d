import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { houseOf, openHouse, type House } from "../../cli/house";
import { withLock } from "../../cli/lock";
import { UserError } from "../../config/errors";
import { referenceTo } from "../../local/processes";
import { Children, errorOf, Place, waits } from "../support/fixtures";

describe("the lock", () => {
  const children = new Children();
  let place: Place;
  let house: House;
  beforeEach(() => {
    place = new Place();
    house = houseOf(place.directory);
    openHouse(house);
  });
  afterEach(async () => {
    await children.killAll();
    place.remove();
  });

  it("is there while the body runs, and gone after it, well or not", async () => {
    const seen = await withLock(() => Promise.resolve(existsSync(house.lock)), house);
    assert.deepEqual([seen, readdirSync(house.root)], [true, ["cache"]]);
    await assert.rejects(
      withLock(() => Promise.reject(new Error("broken")), house),
      /broken/,
    );
    assert.deepEqual(readdirSync(house.root), ["cache"]);
  });

  it("is for one at a time: the second is told who holds it, and does not run", async () => {
    let ran = false;
    let refused: Error | undefined;
    await withLock(async () => {
      refused = await errorOf(withLock(() => Promise.resolve((ran = true)), house));
      assert.ok(existsSync(house.lock));
    }, house);
    assert.ok(refused instanceof UserError);
    assert.match(refused.message, new RegExp(`process ${process.pid} holds ${house.lock}`));
    assert.equal(ran, false);
  });

  it("of another process that lives is respected", async () => {
    const { pid } = await children.run(waits);
    writeFileSync(house.lock, `${pid} ${referenceTo(pid)?.started}`);
    const error = await errorOf(withLock(() => Promise.resolve(), house));
    assert.ok(error instanceof UserError);
    assert.match(error.message, new RegExp(`found: process ${pid} holds`));
    assert.match(readFileSync(house.lock, "utf8"), new RegExp(`^${pid} `));
  });

  it("of one that has died is taken over, also when its number is another process's now", async () => {
    const { pid } = await children.run(waits);
    const started = referenceTo(pid)?.started ?? "";
    for (const dead of [`${pid} ${Number(started) - 1}`, "999999999 1", ""]) {
      writeFileSync(house.lock, dead);
      assert.equal(await withLock(() => Promise.resolve("ran"), house), "ran", dead);
    }
    assert.deepEqual(readdirSync(house.root), ["cache"]);
  });

  it("goes to one of two processes that start together", async () => {
    const code = `
      require("tsx/cjs");
      const { withLock } = require(${JSON.stringify(require.resolve("../../cli/lock"))});
      const { houseOf } = require(${JSON.stringify(require.resolve("../../cli/house"))});
      withLock(() => new Promise(() => { process.stdout.write("has it\\n"); setInterval(() => {}, 1000); }), houseOf(${JSON.stringify(place.directory)}))
        .catch((error) => { process.stdout.write(error.name + "\\n"); setInterval(() => {}, 1000); });`;
    const cwd = `${__dirname}/../..`;
    const lines = await Promise.all([children.run(code, { cwd }), children.run(code, { cwd })]);
    assert.deepEqual(lines.map(({ line }) => line).sort(), ["UserError", "has it"]);
  });
});
