import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import { hashPassword } from "../../gateway/password";
import { errorCode } from "../../gateway/errors";
import { FakeUpstream, well } from "../support/fakeUpstream";
import { CHAT, PASSWORD, USERS } from "./harness";
import { Fleet, Load, post, type Replica } from "./replicas";
import { SecretMount } from "./secretMount";

/** Seconds in which a new key only verifies: longer than a replica hears of it after the other. */
const SETTLE_SECONDS = 10;

/** Whether a connection was refused: the request never left, so a balancer tries the next replica. */
function wasRefused(error: unknown): boolean {
  return error instanceof Error && errorCode(error.cause) === "ECONNREFUSED";
}

describe("two replicas under load", function () {
  this.timeout(120_000);
  let fleet: Fleet;
  let upstream: FakeUpstream;
  let load: Load;
  const limits = { requestsPerMinute: 1_000_000, concurrencyPerSubject: 1000 };

  before(async () => {
    fleet = await Fleet.make();
    upstream = await FakeUpstream.start();
  });
  beforeEach(() => {
    upstream.behave = well;
    upstream.exchanges.length = 0;
    load = new Load();
  });
  afterEach(async () => {
    // A test that failed left it running; its own fault is what counts then.
    await load.end().catch(() => undefined);
    await fleet.endAll();
  });
  after(async () => {
    await fleet.remove();
    await upstream.close();
  });

  it("change their signing key with 0 failed requests, though one hears of it seconds after the other", async () => {
    const pem = (name: string): string => readFileSync(fleet.files.key(name), "utf8");
    const [oldKey, newKey] = [pem("old.pem"), pem("new.pem")];
    // Real processes derive with the real scrypt.
    const passwordHash = await hashPassword(PASSWORD);
    fleet.files.write("real-users.json", JSON.stringify({ users: USERS.map((user) => ({ ...user, passwordHash })) }));
    const mounts = ["a", "b"].map((name) => new SecretMount(join(fleet.files.dir, name)));
    for (const mount of mounts) mount.put({ "signing.pem": oldKey });
    const common = { limits, signingKeys: [], keySettleSeconds: SETTLE_SECONDS, usersFile: "real-users.json" };
    const replicas = await Promise.all(
      mounts.map(({ dir }) => fleet.start(upstream.url, { ...common, signingKeysDir: dir })),
    );

    const login = async ({ url }: Replica): Promise<string> => {
      const form = { grant_type: "password", username: "root", password: PASSWORD };
      const response = await fetch(`${url}/token`, { method: "POST", body: new URLSearchParams(form) });
      assert.equal(response.status, 200);
      return ((await response.json()) as { access_token: string }).access_token;
    };
    let token = await login(replicas[0] as Replica);
    const kids = new Set<string | undefined>();
    const failures: string[] = [];
    let asked = 0;
    load.run(async (turn) => {
      token = await login(replicas[turn % 2] as Replica);
      kids.add(decodeProtectedHeader(token).kid);
      await sleep(50);
    });
    load.run(async (turn) => {
      const { response, text } = await post(replicas[turn % 2]?.url ?? "", token, CHAT);
      asked += 1;
      if (response.status !== 200) failures.push(text);
      await sleep(5);
    }, 4);
    const rotate = async (content: Record<string, string>): Promise<void> => {
      for (const [index, replica] of replicas.entries()) {
        replica.forget();
        mounts[index]?.put(content);
        await load.until(() => replica.log.includes("keys reloaded"));
        // The other kubelet is slower, but within the time in which a new key does not sign.
        await sleep(1000);
      }
    };
    await rotate({ "signing.pem": newKey, "previous.pem": oldKey });
    await load.until(() => kids.size > 1);
    // Old tokens live on until they end; here that is when both replicas have given a new one.
    await sleep(SETTLE_SECONDS * 1000);
    const before = kids.size;
    await load.until(() => decodeProtectedHeader(token).kid !== [...kids][0]);
    await rotate({ "signing.pem": newKey });
    await load.end();
    assert.deepEqual([failures, before], [[], 2]);
    assert.ok(asked > 100, `${asked} requests`);
  });

  it("lose only what is in flight in the one that is killed; all else is served by the other", async () => {
    const [one, two] = await Promise.all([
      fleet.start(upstream.url, { limits }),
      fleet.start(upstream.url, { limits }),
    ]);
    assert.ok(one && two);
    const token = await fleet.token();
    // Slow enough that some are always in flight.
    upstream.behave = (exchange) => void setTimeout(() => exchange.complete(), 30);
    const inFlight = new Map([one, two].map((replica) => [replica, 0]));
    let [served, lost, rerouted, begunWhileDying] = [0, 0, 0, 0];
    let dying = false;
    const send = async (replica: Replica): Promise<void> => {
      inFlight.set(replica, (inFlight.get(replica) ?? 0) + 1);
      if (dying && replica === one) begunWhileDying += 1;
      try {
        assert.equal((await post(replica.url, token, CHAT)).response.status, 200);
        served += 1;
      } finally {
        inFlight.set(replica, (inFlight.get(replica) ?? 0) - 1);
      }
    };
    load.run(async (turn) => {
      const [replica, other] = turn % 2 === 0 ? [one, two] : [two, one];
      try {
        await send(replica);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        if (wasRefused(error)) {
          rerouted += 1;
          await send(other);
        } else lost += 1;
      }
    }, 16);
    await load.until(() => served > 200 && (inFlight.get(one) ?? 0) > 0);
    const open = inFlight.get(one) ?? 0;
    dying = true;
    await one.end("SIGKILL");
    // A client's pool hears of its end a moment later.
    await sleep(100);
    dying = false;
    await load.until(() => rerouted > 100);
    await load.end();
    const most = open + begunWhileDying;
    assert.ok(
      lost > 0 && lost <= most,
      `${lost} lost, ${open} in flight and ${begunWhileDying} begun when it was killed`,
    );
  });

  it("lose nothing when one is told to end: balancers have the delay to notice, streams in flight end by themselves", async () => {
    const config = { limits, drainDelaySeconds: 4, shutdownSeconds: 60 };
    const [one, two] = await Promise.all([fleet.start(upstream.url, config), fleet.start(upstream.url, config)]);
    assert.ok(one && two);
    const token = await fleet.token();
    const words = 40;
    upstream.behave = (exchange) => {
      exchange.startStream();
      let sent = 0;
      const timer = setInterval(() => {
        exchange.chunk(`word${(sent += 1)}`);
        if (sent < words) return;
        clearInterval(timer);
        exchange.done();
      }, 100);
    };
    const streams = Array.from({ length: 8 }, () => post(one.url, token, { ...CHAT, stream: true }));
    while (upstream.exchanges.length < streams.length) await sleep(20);
    upstream.behave = well;
    // A balancer that asks for readiness twice a second, and clients that follow it.
    let targets = [one, two];
    const probe = async (replica: Replica): Promise<Replica[]> =>
      (await fetch(`${replica.url}/readyz/gateway`).catch(() => undefined))?.ok ? [replica] : [];
    load.run(async () => {
      targets = (await Promise.all([one, two].map(probe))).flat();
      await sleep(500);
    });
    let served = 0;
    load.run(async (turn) => {
      const replica = targets[turn % targets.length];
      assert.ok(replica);
      assert.equal((await post(replica.url, token, CHAT)).response.status, 200);
      served += 1;
      await sleep(2);
    }, 4);
    await load.until(() => served > 50);
    const ended = one.end("SIGTERM");
    for (const { text } of await Promise.all(streams)) assert.match(text, new RegExp(`word${words}.*\\[DONE\\]`, "s"));
    await ended;
    assert.equal(one.child.exitCode, 0);
    await load.until(() => targets.length === 1);
    const then = served;
    await load.until(() => served > then + 50);
    await load.end();
    assert.deepEqual(targets, [two]);
  });
});
