import assert from "node:assert/strict";
import { runCommand } from "../../cli/command";
import { houseOf, openHouse, type House } from "../../cli/house";
import { writeChoices } from "../../cli/choices";
import { runningStack, signIn } from "../../cli/running";
import { ProfileError, UserError } from "../../config/errors";
import { portDefaults } from "../../config/schema";
import { writePrivate } from "../../system/privateFile";
import { fake } from "../local/fakes";
import { errorOf, freePort, Place, written } from "../support/fixtures";

describe("a command's end", () => {
  /** What the command says, and its exit code. */
  const end = async (body: () => Promise<void>): Promise<[string, typeof process.exitCode]> => {
    const before = process.exitCode;
    const text = await written("stderr", () => runCommand(body));
    const code = process.exitCode;
    process.exitCode = before;
    return [text, code];
  };

  it("is silent when it went well", async () => {
    assert.deepEqual(await end(() => Promise.resolve()), ["", process.exitCode]);
  });

  it("is 1 and one message without a stack for a user's fault", async () => {
    assert.deepEqual(await end(() => Promise.reject(new UserError("no\n  fix: do"))), ["error no\n  fix: do\n", 1]);
    const fault = { path: "a.b", found: "1", needed: "2", fix: "write 2" };
    const [text, code] = await end(() => Promise.reject(new ProfileError([fault])));
    assert.equal(code, 1);
    assert.match(text, /^error The stack configuration has 1 fault:\n {2}a\.b: found 1; expected 2; fix: write 2\n$/);
    const [titled] = await end(() => Promise.reject(new ProfileError([fault], "This machine is old")));
    assert.match(titled, /^error This machine is old:\n {2}a\.b: found 1;/);
  });

  it("is 1 and says where it happened for a mistake of ours", async () => {
    const [text, code] = await end(() => Promise.reject(new TypeError("undefined is no function")));
    assert.equal(code, 1);
    assert.match(text, /^unexpected error TypeError: undefined is no function\n +at .*command\.test\.ts/);
  });
});

describe("the stack that runs here", () => {
  let place: Place;
  let house: House;
  beforeEach(() => {
    place = new Place();
    house = houseOf(place.directory);
    openHouse(house);
  });
  afterEach(() => place.remove());
  const started = (gateway: number): void => {
    writeChoices({ ports: { ...portDefaults, gateway } }, house);
    writePrivate(house.password, "the password");
  };

  it("is none before a start", () => {
    assert.throws(
      () => runningStack(house),
      (error) => error instanceof UserError && error.message.includes("npm start"),
    );
    writeChoices({ ports: portDefaults }, house);
    assert.throws(() => runningStack(house), UserError);
  });

  it("is at the chosen port, with the first user's password", () => {
    started(18080);
    assert.deepEqual(runningStack(house), {
      gateway: "http://127.0.0.1:18080",
      user: "admin",
      password: "the password",
    });
  });

  it("is asked as the first user that it was started with", () => {
    writeChoices({ ports: portDefaults, firstUser: "ops" }, house);
    writePrivate(house.password, "the password");
    assert.equal(runningStack(house).user, "ops");
  });

  it("gives a token to the first user", async () => {
    const gateway = await fake(() => ({ status: 200, body: { access_token: "jwt" } }));
    started(gateway.port);
    const signedIn = await signIn(house).finally(() => gateway.close());
    assert.deepEqual(signedIn, { gateway: gateway.url, token: "jwt" });
    assert.equal(new URLSearchParams(gateway.seen[0]?.body).get("username"), "admin");
  });

  it("tells the user what to do when its gateway is gone", async () => {
    started(await freePort());
    const error = await errorOf(signIn(house));
    assert.ok(error instanceof UserError);
    assert.match(error.message, /gives no token\n {2}found: .*ECONNREFUSED.*\n {2}fix: run `npm start`/);
  });
});
