import assert from "node:assert/strict";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { emptyHouse, houseOf, openHouse } from "../../cli/house";
import { Place } from "../support/fixtures";

describe("the directory of a checkout", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  it("is closed to others, also when it was open before", () => {
    const house = houseOf(place.directory);
    openHouse(house);
    chmodSync(house.root, 0o755);
    openHouse(house);
    assert.equal(statSync(house.root).mode & 0o777, 0o700);
  });

  it("keeps its cache after a stop, the lock until it is released, and nothing else", () => {
    const house = houseOf(place.directory);
    openHouse(house);
    assert.equal(emptyHouse(house), false);
    const names = ["cache/x", "lock", "lock.123", "secrets.json", "secrets.json.7.partial", "run/local/ray/token"];
    for (const name of [...names, "state/workspace/a", "choices.json", "password"]) {
      place.write(`.tokenrack/${name}`, "");
    }
    assert.equal(emptyHouse(house), true);
    assert.deepEqual(readdirSync(house.root).sort(), ["cache", "lock", "lock.123"]);
    assert.deepEqual(readdirSync(house.cache), ["x"]);
  });
});
