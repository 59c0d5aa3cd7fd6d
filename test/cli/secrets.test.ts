import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { houseOf, openHouse, type House } from "../../cli/house";
import { firstUserPassword, localSecrets } from "../../cli/secrets";
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
    await localSecrets("admin", house);
    assert.deepEqual([mode(house.secrets), mode(house.password), mode(house.root)], ["600", "600", "700"]);
    assert.equal(existsSync(house.cache), true);
  });

  it("are made once, and another stack's are others", async () => {
    const first = await localSecrets("admin", house);
    assert.deepEqual(await localSecrets("admin", house), first);
    rmSync(house.secrets);
    const second = await localSecrets("admin", house);
    for (const key of ["rayToken", "signingKey", "firstUserPassword", "users"] as const)
      assert.notEqual(second[key], first[key]);
    assert.equal(firstUserPassword(house), second.firstUserPassword);
  });

  it("have a password whose hash the gateway accepts, and whose file comes back when it is lost", async () => {
    const { users, firstUserPassword: password } = await localSecrets("admin", house);
    const [user] = JSON.parse(users) as [{ name: string; passwordHash: string; scopes: string[]; models: string[] }];
    assert.deepEqual([user.name, user.scopes, user.models], ["admin", ["admin"], ["*"]]);
    const hash = parsePasswordHash(user.passwordHash);
    assert.ok(hash !== undefined);
    assert.equal(await verifyPassword(password, hash, deriveWithScrypt), true);
    assert.equal(await verifyPassword(`${password}x`, hash, deriveWithScrypt), false);
    rmSync(house.password);
    assert.equal(firstUserPassword(house), undefined);
    await localSecrets("admin", house);
    assert.equal(firstUserPassword(house), password);
    assert.match(password, /^[\w-]{24}$/);
  });

  it("are what the stack's configuration asks for", async () => {
    const secrets = await localSecrets("admin", house);
    assert.deepEqual(parseStack({ ...minimal, ...secrets }).secrets, secrets);
    assert.equal(createPrivateKey(secrets.signingKey).asymmetricKeyType, "ed25519");
  });

  it("name the first user as the stack file does, also when it does so later", async () => {
    const first = await localSecrets("ops", house);
    assert.equal(parseStack({ ...minimal, ...first, gateway: { firstUser: "ops" } }).profile.gateway.firstUser, "ops");
    const later = await localSecrets("root", house);
    assert.equal(later.users, first.users.replace('"ops"', '"root"'));
    assert.deepEqual(later, { ...first, users: later.users });
    assert.deepEqual(await localSecrets("root", house), later);
  });

  it("are made anew when the file is of another shape", async () => {
    place.write(".tokenrack/secrets.json", '{"rayToken":"old"}');
    assert.notEqual((await localSecrets("admin", house)).rayToken, "old");
    assert.equal(mode(house.secrets), "600");
  });
});
