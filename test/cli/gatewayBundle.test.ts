import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { bundleGateway } from "../../cli/gatewayBundle";
import { houseOf } from "../../cli/house";
import { Place } from "../support/fixtures";

describe("the gateway's bundle", () => {
  it("is named by its content and made once: the same sources, the same file", async () => {
    const place = new Place();
    try {
      const house = houseOf(place.directory);
      const first = await bundleGateway(house);
      assert.match(first, /\/gateway-[0-9a-f]{12}\.js$/);
      place.write(".tokenrack/cache/gateway/draft-1.js", "left by a start that was killed");
      assert.equal(await bundleGateway(house), first);
      assert.ok(existsSync(first));
      assert.equal(readdirSync(join(house.cache, "gateway")).length, 1);
    } finally {
      place.remove();
    }
  }).timeout(60_000);
});
