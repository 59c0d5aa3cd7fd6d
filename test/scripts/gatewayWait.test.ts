import assert from "node:assert/strict";
import { dirname } from "node:path";
import { PASSWORD, startRig, type Rig } from "../gateway/harness";
import { status, well } from "../support/fakeUpstream";
import { Place } from "../support/fixtures";
import { makeKubectl, runScript } from "./clusterScript";

describe("gateway-wait.sh, in a pod that is this machine, with a real gateway", function () {
  this.timeout(20_000);
  let place: Place;
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  beforeEach(() => {
    place = new Place();
    rig.upstream.behave = well;
  });
  afterEach(() => place.remove());
  after(() => rig.stop());

  const wait = async (more: Readonly<Record<string, string>> = {}, password = PASSWORD) => {
    // What follows the two dashes runs in the pod.
    makeKubectl(
      place,
      `*" exec -i deploy/gateway -- node "*) while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
*"get pods"*) echo 'gateway-1: Pending' ;;`,
    );
    // Each look at the clock is a second later.
    place.write("clock", "0");
    place.program("bin/date", `n=$(($(cat ${place.path("clock")}) + 1)); echo "$n" >${place.path("clock")}; echo "$n"`);
    place.program("bin/sleep", `echo "$1" >>${place.path("slept")}`);
    const settings = {
      namespace: "tokenrack",
      deployment: "gateway",
      port: new URL(rig.gateway.url).port,
      user: "root",
      model: "small",
      deadline: "60",
      settle: "0",
      poll: "5",
      ...more,
    };
    const running = { path: `${dirname(process.execPath)}:/usr/bin:/bin`, secrets: { password } };
    return runScript(place, ["gatewayWait", "wait"], settings, running);
  };

  it("ends with the seconds to a token that a real user got", async () => {
    const { code, out, err } = await wait();
    assert.equal(code, 0, err);
    const { model, ttftSeconds } = JSON.parse(out) as Record<string, unknown>;
    assert.equal(model, "small");
    assert.equal(typeof ttftSeconds, "number");
    assert.deepEqual(rig.upstream.last.body["max_tokens"], 1);
    assert.match(err, /^small through the gateway: its first token after [\d.]+ s\n$/);
  });

  it("asks again while the engine is not ready, and says so once", async () => {
    let asked = 0;
    rig.upstream.behave = (exchange) => ((asked += 1) < 3 ? status(503, {})(exchange) : well(exchange));
    const { code, err } = await wait();
    assert.deepEqual([code, asked], [0, 3], err);
    assert.equal(err.match(/answered 503/g)?.length, 1);
    assert.equal(place.read("slept"), "5\n5\n");
  });

  it("takes an answer without a token for none", async () => {
    rig.upstream.behave = (exchange) => {
      exchange.startStream();
      exchange.done(0);
    };
    const { code, out, err } = await wait({ deadline: "0" });
    assert.deepEqual([code, out], [3, ""]);
    assert.match(err, /found: +no token in the answer/);
  });

  it("ends at a password that is not the user's, and says which secrets belong together", async () => {
    const { code, err } = await wait({}, "not the password");
    assert.equal(code, 3);
    assert.match(err, /found: +\/token answered 400: .*The username or password is wrong/);
    assert.match(err, /fix: +set the secret firstUserPassword/);
    assert.match(err, /\n {4}gateway-1: Pending\n$/);
  });

  it("gives a changed Secret time to arrive", async () => {
    const { code, err } = await wait({ settle: "4" }, "another password");
    assert.equal(code, 3, err);
    assert.equal(place.read("slept"), "15\n");
  });

  it("says what the user may not do", async () => {
    const { code, err } = await wait({ user: "reader" });
    assert.equal(code, 3);
    assert.match(err, /chat\/completions answered 403/);
    assert.match(err, /fix: +give gateway\.firstUser the scope chat:write/);
  });
});
