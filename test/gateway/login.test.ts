import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Derive, ScryptCost } from "../../gateway/password";
import { CHAT, ISSUER, AUDIENCE, PASSWORD, quickDerive, startRig, type Rig } from "./harness";

interface OAuthErrorBody {
  error: string;
  error_description: string;
}

const grant = (username: string, password = PASSWORD, more: Record<string, string> = {}): Record<string, string> => ({
  grant_type: "password",
  username,
  password,
  ...more,
});

describe("POST /token", () => {
  const costs: ScryptCost[] = [];
  const countingDerive: Derive = (password, salt, length, cost) => {
    costs.push(cost);
    return quickDerive(password, salt, length, cost);
  };
  let rig: Rig;

  beforeEach(async () => {
    rig = await startRig({
      login: { failuresPerUser: 3, failuresPerAddress: 12 },
      gateway: { derive: countingDerive },
    });
    costs.length = 0;
  });
  afterEach(() => rig.stop());

  const refused = async (form: Record<string, string>): Promise<OAuthErrorBody & { status: number }> => {
    const response = await rig.login(form);
    return { status: response.status, ...((await response.json()) as OAuthErrorBody) };
  };

  it("gives a token in RFC 6749's shape that opens the API and carries every claim", async () => {
    const response = await rig.login(grant("writer"));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("pragma"), "no-cache");
    const body = (await response.json()) as {
      access_token: string;
      token_type: string;
      expires_in: number;
      scope: string;
    };
    assert.deepEqual(Object.keys(body).sort(), ["access_token", "expires_in", "scope", "token_type"]);
    assert.deepEqual([body.token_type, body.expires_in], ["Bearer", 3600]);
    assert.equal(body.scope, "models:read chat:write embeddings:write");
    const header = decodeProtectedHeader(body.access_token);
    assert.deepEqual([header.alg, header.typ], ["EdDSA", "at+jwt"]);
    assert.match(header.kid ?? "", /^[\w-]{43}$/);
    const claims = decodeJwt(body.access_token);
    assert.deepEqual([claims.iss, claims.aud, claims.sub], [ISSUER, AUDIENCE, "writer"]);
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 3600);
    assert.equal(claims.nbf, claims.iat);
    assert.match(claims.jti ?? "", /^[0-9a-f-]{36}$/);
    assert.equal((await rig.fetch("/v1/chat/completions", { token: body.access_token, json: CHAT })).status, 200);
  });

  it("narrows the scopes when asked, and never widens them", async () => {
    const narrow = (await (await rig.login(grant("writer", PASSWORD, { scope: "models:read" }))).json()) as {
      access_token: string;
    };
    assert.equal((await rig.fetch("/v1/models", { token: narrow.access_token })).status, 200);
    assert.equal((await rig.fetch("/v1/chat/completions", { token: narrow.access_token, json: CHAT })).status, 403);
    assert.equal((await rig.login(grant("root", PASSWORD, { scope: "chat:write" }))).status, 200);
    for (const scope of ["admin", "chat:write admin", "everything"])
      assert.deepEqual(await refused(grant("reader", PASSWORD, { scope })), {
        status: 400,
        error: "invalid_scope",
        error_description: "The user has no such scope.",
      });
  });

  it("costs the same and says the same for an unknown user and a wrong password", async () => {
    const [unknown, wrong] = [
      await refused(grant("ghost", "x".repeat(12))),
      await refused(grant("root", "x".repeat(12))),
    ];
    assert.deepEqual(unknown, wrong);
    assert.deepEqual([wrong.status, wrong.error], [400, "invalid_grant"]);
    await rig.login(grant("root"));
    assert.equal(costs.length, 3, "one derivation each: unknown, wrong, right");
    assert.deepEqual(costs[0], costs[1]);
    assert.deepEqual(costs[1], costs[2]);
  });

  it("answers 429 with Retry-After after repeated failures for one name, known or not, even with the right password", async () => {
    for (const name of ["root", "ghost"]) {
      for (let i = 0; i < 3; i += 1) assert.equal((await refused(grant(name, "wrong-password"))).status, 400);
      const seen = costs.length;
      const response = await rig.login(grant(name));
      assert.equal(response.status, 429);
      assert.ok(Number(response.headers.get("retry-after")) >= 1);
      assert.equal(((await response.json()) as OAuthErrorBody).error, "slow_down");
      assert.equal(costs.length, seen, "a refused attempt costs no derivation");
    }
    assert.equal((await rig.login(grant("writer"))).status, 200, "another user is not locked out");
  });

  it("counts attempts in parallel before their outcome is known", async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => rig.login(grant("root", "wrong-password"))));
    assert.equal(responses.filter(({ status }) => status === 400).length, 3);
    assert.equal(responses.filter(({ status }) => status === 429).length, 5);
  });

  it("answers 429 after repeated failures from one address, whatever X-Forwarded-For says", async () => {
    for (let i = 0; i < 12; i += 1)
      assert.equal((await rig.login(grant(`user${i}`), { "x-forwarded-for": `10.0.0.${i}` })).status, 400);
    assert.equal((await rig.login(grant("root"), { "x-forwarded-for": "10.9.9.9" })).status, 429);
  });

  it("believes X-Forwarded-For of a trusted proxy, its last hop only", async () => {
    const proxied = await startRig({ login: { failuresPerAddress: 2 }, trustedProxies: ["127.0.0.1"] });
    try {
      const from = (address: string): Promise<Response> =>
        proxied.login(grant("ghost"), { "x-forwarded-for": address });
      for (let i = 0; i < 2; i += 1) assert.equal((await from(`9.9.9.${i}, 10.0.0.1`)).status, 400);
      assert.equal((await from("8.8.8.8, 10.0.0.1")).status, 429, "what the client wrote in front does not count");
      assert.equal((await proxied.login(grant("root"), { "x-forwarded-for": "10.0.0.2" })).status, 200);
    } finally {
      await proxied.stop();
    }
  });

  it("finds the client behind a CDN and an ingress, both trusted, whatever the client wrote in front", async () => {
    const proxied = await startRig({
      login: { failuresPerAddress: 2 },
      trustedProxies: ["127.0.0.1", "10.1.0.0/16", "2001:db8:cd::/48"],
    });
    try {
      const through = (chain: string): Promise<Response> => proxied.login(grant("ghost"), { "x-forwarded-for": chain });
      for (const cdn of ["10.1.2.3", "2001:db8:cd::7"])
        assert.equal((await through(`1.1.1.1, 203.0.113.9, ${cdn}`)).status, 400);
      assert.equal(
        (await through("2.2.2.2, 203.0.113.9, 10.1.9.9")).status,
        429,
        "the same client through another edge",
      );
      assert.equal((await through("203.0.113.9, 10.2.0.1")).status, 400, "an edge that is not ours is a client");
    } finally {
      await proxied.stop();
    }
  });

  it("forgets the failures of a name after a success, and does not count successes against an address", async () => {
    for (let round = 0; round < 4; round += 1) {
      await rig.login(grant("root", "wrong-password"));
      for (let i = 0; i < 4; i += 1) assert.equal((await rig.login(grant("root"))).status, 200);
    }
  });

  const malformed: Record<string, [Record<string, string>, string]> = {
    "no grant type": [{ username: "root", password: PASSWORD }, "invalid_request"],
    "another grant type": [{ ...grant("root"), grant_type: "client_credentials" }, "unsupported_grant_type"],
    "no username": [{ grant_type: "password", password: PASSWORD }, "invalid_request"],
    "an empty password": [grant("root", ""), "invalid_request"],
    "an overlong password": [grant("root", "x".repeat(2000)), "invalid_request"],
  };
  for (const [what, [form, error]] of Object.entries(malformed))
    it(`answers ${error} to ${what}`, async () => {
      const found = await refused(form);
      assert.deepEqual([found.status, found.error], [400, error]);
      assert.equal(costs.length, 0);
    });

  it("keeps to RFC 6749's error shape for a parameter given twice, a JSON body, no body and a large one", async () => {
    const post = async (body: string, type: string): Promise<[number, string]> => {
      const response = await fetch(`${rig.gateway.url}/token`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
      return [response.status, ((await response.json()) as OAuthErrorBody).error];
    };
    const form = "application/x-www-form-urlencoded";
    assert.deepEqual(await post("grant_type=password&username=root&username=root&password=x", form), [
      400,
      "invalid_request",
    ]);
    assert.deepEqual(await post(JSON.stringify(grant("root")), "application/json"), [400, "invalid_request"]);
    assert.deepEqual(await post("", form), [400, "invalid_request"]);
    assert.deepEqual(await post(`password=${"x".repeat(20_000)}`, form), [413, "invalid_request"]);
    assert.deepEqual(await post("__proto__[x]=1&grant_type=password", form), [400, "invalid_request"]);
  });
});
