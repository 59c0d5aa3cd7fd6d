import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type GenerateKeyPairResult, type JWTPayload } from "jose";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

/** An external issuer: a JWKS on loopback and the keys behind it. */
class Issuer {
  readonly keys = new Map<string, GenerateKeyPairResult>();
  published: string[] = [];
  fetches = 0;
  broken = false;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Issuer> {
    const server = createServer();
    const issuer = new Issuer(server);
    server.on("request", (_request, response) => {
      issuer.fetches += 1;
      void issuer.keySet().then((keys) => response.writeHead(issuer.broken ? 500 : 200).end(JSON.stringify({ keys })));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async addKey(kid: string, alg = "RS256"): Promise<void> {
    this.keys.set(kid, await generateKeyPair(alg));
    this.published.push(kid);
  }

  private keySet(): Promise<object[]> {
    return Promise.all(
      this.published.map(async (kid) => {
        const pair = this.keys.get(kid);
        return pair ? { ...(await exportJWK(pair.publicKey)), kid, use: "sig" } : {};
      }),
    );
  }

  token(kid: string, claims: JWTPayload = {}, alg = "RS256"): Promise<string> {
    const pair = this.keys.get(kid);
    if (!pair) throw new Error("no such key");
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: this.url,
      aud: "tokenrack",
      sub: "carol",
      scope: "openid models:read chat:write",
      models: ["small"],
    };
    return new SignJWT({ ...payload, iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg, kid })
      .sign(pair.privateKey);
  }

  close(): void {
    this.server.close().closeAllConnections();
  }
}

describe("tokens of an external OIDC issuer", () => {
  let issuer: Issuer;
  let rig: Rig;

  beforeEach(async () => {
    issuer = await Issuer.start();
    await issuer.addKey("k1");
    const oidc = { issuer: issuer.url, jwksUri: `${issuer.url}/keys`, audience: "tokenrack", modelsClaim: "models" };
    rig = await startRig({ oidc, gateway: { oidcCooldownMs: 0 } });
  });
  afterEach(async () => {
    await rig.stop();
    issuer.close();
  });

  const ask = async (token: string, model = "small"): Promise<number> =>
    (await rig.fetch("/v1/chat/completions", { token, json: { ...CHAT, model } })).status;

  it("open the API with the scopes and models of their claims, from one fetch of the keys", async () => {
    const token = await issuer.token("k1");
    assert.equal(await ask(token), 200);
    assert.equal(await ask(token, "large"), 403);
    assert.equal((await rig.fetch("/v1/embeddings", { token, json: { model: "small", input: "x" } })).status, 403);
    assert.equal(await ask(await issuer.token("k1", { sub: "dave" })), 200);
    assert.equal(issuer.fetches, 1);
    assert.equal(await ask(await issuer.token("k1", { models: undefined })), 403, "no claim, no model");
    assert.equal(await ask(await issuer.token("k1", { scope: undefined })), 403);
    assert.equal(await ask(await issuer.token("k1", { scope: ["chat:write"], models: "*" }), "large"), 200);
    assert.match(rig.log(), /"subject":"oidc:carol"/);
  });

  it("stay valid through a rotation, new keys being found by their kid", async () => {
    const before = await issuer.token("k1");
    assert.equal(await ask(before), 200);
    await issuer.addKey("k2");
    assert.equal(await ask(await issuer.token("k2")), 200);
    assert.equal(await ask(before), 200);
    issuer.published = ["k2"];
    assert.equal(await ask(await issuer.token("k2", { jti: "later" })), 200);
  });

  it("are refused for another audience, an expired time, an unknown key or a user name of ours in another issuer", async () => {
    assert.equal(await ask(await issuer.token("k1", { aud: "other" })), 401);
    assert.equal(await ask(await issuer.token("k1", { exp: Math.floor(Date.now() / 1000) - 120 })), 401);
    assert.equal(await ask(await issuer.token("k1", { exp: undefined } as unknown as JWTPayload)), 401);
    assert.equal(await ask(await issuer.token("k1", { iss: "https://gateway.test", sub: "root" })), 401);
    assert.equal(await ask(await issuer.token("k1", { iss: "https://other.test" })), 401);
    await issuer.addKey("secret");
    issuer.published = ["k1"];
    assert.equal(await ask(await issuer.token("secret")), 401);
    assert.equal(await ask(await rig.token("root", { claims: { iss: issuer.url, aud: "tokenrack" } })), 401);
  });

  it("get a 503, not a 401, while the issuer's keys cannot be had; our own tokens still work", async () => {
    issuer.broken = true;
    const token = await issuer.token("k1");
    const response = await rig.fetch("/v1/chat/completions", { token, json: CHAT });
    assert.equal(response.status, 503);
    assert.equal((await errorOf(response)).code, "issuer_unavailable");
    issuer.close();
    assert.equal(await ask(token), 503);
    assert.equal(await ask(await rig.token("root")), 200);
  });
});
