import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { houseOf, openHouse, type House } from "../../cli/house";
import { firstUser, firstUserPassword, localSecrets } from "../../cli/secrets";
import { parseStack } from "../../config/parse";
import { deriveWithScrypt, parsePasswordHash, verifyPassword } from "../../gateway/password";
import { minimal } from "../config/stacks";
import { Place } from "../support/fixtures";

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe("secrets of a local stack", () => {
  let place: Place;
  let house: House;
  beforeEach(() => {
    place = new Place();
    house = houseOf(place.directory);
    openHouse(house);
  });
  afterEach(() => place.remove());

  it("lie in files of their owner, in a directory of their owner", async () => {
    await localSecrets(house);
    assert.deepEqual([mode(house.secrets), mode(house.password), mode(house.root)], ["600", "600", "700"]);
    assert.equal(existsSync(house.cache), true);
  });

  it("are made once, and another stack's are others", async () => {
    const first = await localSecrets(house);
    assert.deepEqual(await localSecrets(house), first);
    rmSync(house.secrets);
    const second = await localSecrets(house);
    for (const key of ["rayToken", "signingKey", "firstUserPassword", "users"] as const)
      assert.notEqual(second[key], first[key]);
    assert.equal(firstUserPassword(house), second.firstUserPassword);
  });

  it("have a password whose hash the gateway accepts, and whose file comes back when it is lost", async () => {
    const { users, firstUserPassword: password } = await localSecrets(house);
    const [user] = JSON.parse(users) as [{ name: string; passwordHash: string; scopes: string[]; models: string[] }];
    assert.deepEqual([user.name, user.scopes, user.models], [firstUser, ["admin"], ["*"]]);
    const hash = parsePasswordHash(user.passwordHash);
    assert.ok(hash !== undefined);
    assert.equal(await verifyPassword(password, hash, deriveWithScrypt), true);
    assert.equal(await verifyPassword(`${password}x`, hash, deriveWithScrypt), false);
    rmSync(house.password);
    assert.equal(firstUserPassword(house), undefined);
    await localSecrets(house);
    assert.equal(firstUserPassword(house), password);
    assert.match(password, /^[\w-]{24}$/);
  });

  it("are what the stack's configuration asks for", async () => {
    const secrets = await localSecrets(house);
    assert.deepEqual(parseStack({ ...minimal, ...secrets }).secrets, secrets);
    assert.equal(createPrivateKey(secrets.signingKey).asymmetricKeyType, "ed25519");
  });

  it("are made anew when the file is of another shape", async () => {
    place.write(".tokenrack/secrets.json", '{"rayToken":"old"}');
    assert.notEqual((await localSecrets(house)).rayToken, "old");
    assert.equal(mode(house.secrets), "600");
  });
});
