import assert from "node:assert/strict";
import type { Subject } from "../../gateway/access";
import { estimateTokens } from "../../gateway/estimate";
import { formatReset, quotaOf } from "../../gateway/quotas";
import { gatewayConfigSchema } from "../../gateway/config";
import { byHand, well } from "../support/fakeUpstream";
import { CHAT, errorOf, startRig, USERS, type Rig } from "./harness";

const SMALL = { ...CHAT, max_tokens: 3 };

describe("quotas", () => {
  it("come from the subject, else its first configured role, else everybody's", () => {
    const { limits, roles } = gatewayConfigSchema.parse({
      listen: { port: 0 },
      upstream: { url: "http://h:1" },
      issuer: "i",
      audience: "a",
      signingKeys: [{ file: "k" }],
      usersFile: "u",
      readiness: { model: "m" },
      limits: { requestsPerMinute: 1, tokensPerMinute: 2 },
      roles: [
        { name: "team", requestsPerMinute: 10, tokensPerMinute: 20 },
        { name: "guest", tokensPerMinute: 5 },
      ],
    });
    const subject = (change: Partial<Subject>): Subject => ({
      key: "k",
      scopes: new Set(),
      models: "*",
      roles: [],
      ...change,
    });
    const of = (change: Partial<Subject>): [number, number | undefined] => {
      const quota = quotaOf(subject(change), { limits, roles });
      return [quota.requestsPerMinute, quota.tokensPerMinute];
    };
    assert.deepEqual(of({}), [1, 2]);
    assert.deepEqual(of({ roles: ["unheard-of"] }), [1, 2]);
    assert.deepEqual(of({ roles: ["guest"] }), [1, 5]);
    assert.deepEqual(of({ roles: ["guest", "team"] }), [10, 20], "the configuration's order decides, not the token's");
    assert.deepEqual(of({ roles: ["team"], quota: { requestsPerMinute: 99 } }), [99, 20]);
  });

  it("estimate text by its bytes, tokens by their number, media not by their bytes, and multiply by the choices", () => {
    assert.equal(estimateTokens({ prompt: "12345678" }).prompt, 2);
    assert.equal(estimateTokens({ prompt: [5, 6, 7] }).prompt, 3);
    assert.equal(estimateTokens({ messages: [{ role: "user", content: "12345678" }] }).prompt, 4 + 1 + 2);
    const url = `data:image/png;base64,${"A".repeat(1_000_000)}`;
    const picture = estimateTokens({
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    });
    assert.ok(picture.prompt > 500 && picture.prompt < 2000);
    assert.deepEqual(estimateTokens({ prompt: ["a", "b"], n: 3, max_tokens: 7 }), {
      prompt: 2,
      choices: 6,
      maxTokens: 7,
    });
    assert.equal(estimateTokens({ max_tokens: 7, max_completion_tokens: 5 }).maxTokens, 5);
  });

  it("write times as OpenAI does", () => {
    assert.deepEqual([17, 999, 1000, 1001, 59_001, 60_000].map(formatReset), [
      "17ms",
      "999ms",
      "1s",
      "2s",
      "1m0s",
      "1m0s",
    ]);
  });
});

describe("quotas over HTTP", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const ask = async (user: string, json: object = SMALL, token?: string): Promise<Response> =>
    rig.fetch("/v1/chat/completions", { token: token ?? (await rig.token(user)), json });
  const numbers = ({ headers }: Response, kind: string): (string | null)[] =>
    ["limit", "remaining"].map((what) => headers.get(`x-ratelimit-${what}-${kind}`));

  it("are told in OpenAI's headers, of answers whole and streamed, and of refusals", async () => {
    rig = await startRig({ limits: { requestsPerMinute: 3, tokensPerMinute: 100 } });
    const whole = await ask("root");
    assert.deepEqual(numbers(whole, "requests"), ["3", "2"]);
    // Reserved: 7 of the prompt by the estimate, and max_tokens.
    assert.deepEqual(numbers(whole, "tokens"), ["100", "90"]);
    assert.match(whole.headers.get("x-ratelimit-reset-tokens") ?? "", /^(\d+ms|\d+s|1m0s)$/);
    await whole.text();
    const streamed = await ask("root", { ...SMALL, stream: true });
    assert.deepEqual(numbers(streamed, "requests"), ["3", "1"]);
    // Settled: the first used 5 + 3.
    assert.deepEqual(numbers(streamed, "tokens"), ["100", "82"]);
    await streamed.text();
    await (await ask("root")).text();
    const refused = await ask("root");
    assert.deepEqual([refused.status, ...numbers(refused, "requests")], [429, "3", "0"]);
    assert.ok(Number(refused.headers.get("retry-after")) <= 60);
  });

  it("count a stream by the usage that the gateway asks for, and hide that usage from a client that did not ask", async () => {
    rig = await startRig({ limits: { tokensPerMinute: 100 } });
    const plain = await (await ask("root", { ...SMALL, stream: true })).text();
    assert.deepEqual(rig.upstream.last.body["stream_options"], { include_usage: true });
    assert.doesNotMatch(plain, /usage/);
    assert.match(plain, /"Hel".*"lo".*data: \[DONE\]\n\n$/s);
    const asked = { ...SMALL, stream: true, stream_options: { include_usage: true } };
    assert.match(await (await ask("root", asked)).text(), /"usage":\{"prompt_tokens":5/);
    assert.deepEqual(numbers(await ask("root"), "tokens"), ["100", String(100 - 8 - 8 - 10)]);
  });

  it("hold what a request may use while it runs, and give back what it did not", async () => {
    rig = await startRig({ limits: { tokensPerMinute: 100 } });
    rig.upstream.behave = byHand;
    const arrived = rig.upstream.next();
    const open = ask("root", { ...CHAT, max_tokens: 80 });
    const exchange = await arrived;
    rig.upstream.behave = well;
    const refused = await ask("root", { ...CHAT, max_tokens: 50 });
    assert.deepEqual([refused.status, (await errorOf(refused)).code], [429, "tokens_per_minute"]);
    assert.equal((await ask("root")).status, 200, "what still fits is served");
    exchange.complete();
    await (await open).text();
    assert.equal((await ask("root", { ...CHAT, max_tokens: 50 })).status, 200);
  });

  it("refuse for good what names more than a minute has, and tell the openai clients not to try again", async () => {
    rig = await startRig({ limits: { tokensPerMinute: 100 } });
    const refused = await ask("root", { ...CHAT, max_tokens: 60, n: 2 });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get("x-should-retry"), "false");
    assert.equal((await errorOf(refused)).code, "request_over_quota");
    assert.equal((await ask("root", CHAT)).status, 200, "without max_tokens it is served, and what it takes is owed");
  });

  it("cost nothing when the engine refuses or fails", async () => {
    rig = await startRig({ limits: { tokensPerMinute: 20 } });
    rig.upstream.behave = (exchange) => exchange.json(500, {});
    for (let i = 0; i < 5; i += 1) assert.equal((await ask("root")).status, 502);
    rig.upstream.behave = well;
    assert.equal((await ask("root")).status, 200);
  });

  it("of a user or a role hold over everybody's, and are read again with the users file", async () => {
    rig = await startRig({ limits: { requestsPerMinute: 5 }, roles: [{ name: "team", requestsPerMinute: 50 }] });
    const users = USERS.map((user) =>
      user.name === "root"
        ? { ...user, role: "team" }
        : { ...user, ...(user.name === "chatter" ? { quota: { requestsPerMinute: 7 } } : {}) },
    );
    await rig.files.users(users);
    while (!rig.log().includes("users reloaded")) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const [user, limit] of [
      ["root", "50"],
      ["chatter", "7"],
      ["writer", "5"],
    ] as const)
      assert.equal(numbers(await ask(user), "requests")[0], limit, user);
  });

  it("count refusals by subject, for the alert", async () => {
    rig = await startRig({ limits: { requestsPerMinute: 1 } });
    for (let i = 0; i < 3; i += 1) await (await ask("chatter")).text();
    const text = await (await rig.fetch("/metrics", { token: await rig.token("root") })).text();
    assert.match(text, /^tokenrack_gateway_quota_refusals_total\{subject="user:chatter",kind="requests"\} 2$/m);
  });
});

describe("a chat UI that speaks for people", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const ask = async (scope: string, headers: Record<string, string>): Promise<Response> => {
    const token = await rig.token("root", { claims: { scope } });
    return rig.fetch("/v1/chat/completions", { token, json: SMALL, headers });
  };
  const alice = { "x-openwebui-user-email": "alice@example.org", "x-openwebui-user-id": "17" };
  const bob = { "x-openwebui-user-email": "bob@example.org", "x-openwebui-user-id": "18" };

  it("is counted by person, with the quota of its people's role", async () => {
    rig = await startRig({
      limits: { requestsPerMinute: 100 },
      roles: [{ name: "people", requestsPerMinute: 2 }],
      actAs: { role: "people" },
    });
    const scope = "chat:write act-as";
    for (const person of [alice, bob])
      for (const status of [200, 200, 429]) assert.equal((await ask(scope, person)).status, status);
    const otherwise = { "x-openwebui-user-email": "Alice@Example.org" };
    assert.equal((await ask(scope, otherwise)).status, 429, "an address is the same however it is written");
    assert.equal((await ask(scope, {})).headers.get("x-ratelimit-limit-requests"), "100", "the UI's own calls");
    const metrics = await (await rig.fetch("/metrics", { token: await rig.token("root") })).text();
    assert.match(metrics, /subject_requests_total\{subject="user:root\/bob@example\.org",model="small"\} 2$/m);
  });

  it("needs the scope in its token: from any other, an admin's too, the header means nothing and goes nowhere", async () => {
    rig = await startRig({ limits: { requestsPerMinute: 2 } });
    assert.equal((await ask("admin", alice)).status, 200);
    assert.equal((await ask("admin", bob)).status, 200);
    assert.equal((await ask("admin", { "x-tokenrack-user": "eve" })).status, 429);
    for (const { headers } of rig.upstream.exchanges)
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.includes("user")),
        [],
      );
  });

  it("must name somebody: what is no id or address is refused", async () => {
    rig = await startRig();
    for (const person of ["", "a b", "../x", "é", "x".repeat(200)])
      assert.equal((await ask("chat:write act-as", { "x-tokenrack-user": person })).status, 400, person);
  });
});
