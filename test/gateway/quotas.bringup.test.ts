import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayConfigInput } from "../../gateway/config";
import { FakeUpstream } from "../support/fakeUpstream";
import { CHAT } from "./harness";
import { RedisServer } from "./redisServer";
import { Fleet, Load, post, type Replica } from "./replicas";

/** Tokens that the fake engine says each answer has. */
const TOKENS_EACH = 5 + 3;
const ASK = { ...CHAT, max_tokens: 3 };

/** Quotas count whole minutes: what must lie in one begins while enough of it is left. */
async function earlyInAMinute(): Promise<void> {
  const second = (Date.now() / 1000) % 60;
  if (second > 30) await sleep((60.05 - second) * 1000);
}

describe("quotas of two replicas that share a real Redis", function () {
  this.timeout(120_000);
  let fleet: Fleet;
  let redis: RedisServer;
  let upstream: FakeUpstream;
  let load: Load;

  before(async () => {
    fleet = await Fleet.make();
    redis = await RedisServer.start();
    upstream = await FakeUpstream.start();
  });
  beforeEach(() => {
    load = new Load();
  });
  afterEach(async () => {
    // A test that failed left it running; its own fault is what counts then.
    await load.end().catch(() => undefined);
    await fleet.endAll();
  });
  after(async () => {
    await fleet.remove();
    await redis.remove();
    await upstream.close();
  });

  let prefixes = 0;
  const pair = (
    limits: GatewayConfigInput["limits"],
    change: Partial<NonNullable<GatewayConfigInput["redis"]>> = {},
  ): Promise<Replica[]> => {
    const shared = { url: redis.url, passwordFile: redis.passwordFile, keyPrefix: `test${(prefixes += 1)}` };
    const config = {
      limits: { concurrencyPerSubject: 1000, ...limits },
      redis: { ...shared, commandTimeoutMs: 1000, ...change },
    };
    return Promise.all([fleet.start(upstream.url, config), fleet.start(upstream.url, config)]);
  };

  it("are exact for requests: of many more at once, over both, just as many as the limit are served", async () => {
    const replicas = await pair({ requestsPerMinute: 300 });
    const token = await fleet.token();
    await earlyInAMinute();
    const statuses: number[] = [];
    let sent = 0;
    const worker = async (): Promise<void> => {
      while (sent < 500) {
        const replica = replicas[(sent += 1) % 2];
        if (replica) statuses.push((await post(replica.url, token, ASK)).response.status);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    const count = (status: number): number => statuses.filter((each) => each === status).length;
    assert.deepEqual([statuses.length, count(200), count(429)], [500, 300, 200]);
  });

  it("are within 1 % for tokens, whole and streamed, while clients keep asking until nothing is left", async () => {
    const limit = 4000;
    const replicas = await pair({ requestsPerMinute: 1_000_000, tokensPerMinute: limit });
    const token = await fleet.token();
    await earlyInAMinute();
    let served = 0;
    const worker = async (_: unknown, index: number): Promise<void> => {
      // What others hold while they run may come free again: a refusal is final only when it comes again and again.
      for (let refusals = 0, round = 0; refusals < 4; round += 1) {
        const replica = replicas[(index + round) % 2];
        if (!replica) return;
        const { response } = await post(replica.url, token, { ...ASK, stream: round % 3 === 0 });
        if (response.status === 200) served += 1;
        else assert.equal(response.status, 429);
        refusals = response.status === 200 ? 0 : refusals + 1;
        if (refusals > 0) await sleep(50);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    const used = served * TOKENS_EACH;
    assert.ok(used <= limit && used >= limit * 0.99, `${used} of ${limit} tokens were served`);
  });

  it("go on by each replica's share while Redis is killed or hangs, with no failed request, and are shared again after", async () => {
    const replicas = await pair({ requestsPerMinute: 100_000 }, { commandTimeoutMs: 100 });
    const token = await fleet.token();
    const statuses = new Set<number>();
    const limitsSeen = new Set<string | null>();
    load.run(async (turn) => {
      const { response } = await post(replicas[turn % 2]?.url ?? "", token, ASK);
      statuses.add(response.status);
      limitsSeen.add(response.headers.get("x-ratelimit-limit-requests"));
      await sleep(5);
    }, 2);
    const all = (text: string): Promise<void> => load.until(() => replicas.every(({ log }) => log.includes(text)));
    const outages: [() => Promise<void> | void, () => Promise<void> | void][] = [
      [() => redis.kill(), () => redis.run()],
      [() => redis.signal("SIGSTOP"), () => redis.signal("SIGCONT")],
    ];
    for (const [away, back] of outages) {
      for (const replica of replicas) replica.forget();
      limitsSeen.clear();
      await away();
      await all("the quota store is lost");
      await load.until(() => limitsSeen.has("50000"));
      await back();
      await all("the quota store is back");
      limitsSeen.clear();
      await load.until(() => limitsSeen.has("100000"));
    }
    await load.end();
    assert.deepEqual([...statuses], [200]);
    for (const { log } of replicas) assert.doesNotMatch(log, new RegExp(redis.password));
  });

  it("refuse with 503 and Retry-After while Redis is lost, when so configured", async () => {
    const [replica] = await pair({}, { whenLost: "failClosed", commandTimeoutMs: 100 });
    assert.ok(replica);
    const token = await fleet.token();
    assert.equal((await post(replica.url, token, ASK)).response.status, 200);
    await redis.kill();
    const { response, text } = await post(replica.url, token, ASK);
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "5"]);
    assert.match(text, /quota_unavailable/);
    await redis.run();
    while ((await post(replica.url, token, ASK)).response.status !== 200) await sleep(50);
  });

  it("need the right password and, over TLS, a server of the CA that is configured", async () => {
    const secure = await RedisServer.start({ tls: true });
    const other = await RedisServer.start({ tls: true });
    try {
      const shared = { url: secure.url, passwordFile: secure.passwordFile, caFile: secure.caFile };
      const wrong = fleet.files.write("wrong-password", "something else");
      const cases: [string, object, boolean][] = [
        ["as it should be", {}, true],
        ["another CA", { caFile: other.caFile }, false],
        ["another password", { passwordFile: wrong }, false],
        ["no TLS", { url: secure.url.replace("rediss", "redis") }, false],
      ];
      for (const [what, change, works] of cases) {
        const [replica] = await pair({ requestsPerMinute: 10 }, { ...shared, ...change, commandTimeoutMs: 500 });
        assert.ok(replica);
        const { response } = await post(replica.url, await fleet.token(), ASK);
        const limit = response.headers.get("x-ratelimit-limit-requests");
        assert.deepEqual([what, response.status, limit], [what, 200, works ? "10" : "5"]);
        assert.equal(replica.log.includes("the quota store is lost"), !works, what);
        assert.doesNotMatch(replica.log, /something else|a-password/);
        await fleet.endAll();
      }
    } finally {
      await secure.remove();
      await other.remove();
    }
  });
});
