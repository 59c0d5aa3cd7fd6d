import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { status } from "../support/fakeUpstream";
import { CHAT, startRig, type Mint, type Rig } from "./harness";

const MESSAGES = [{ role: "user" as const, content: "hello" }];

describe("the official openai client against the gateway", () => {
  let rig: Rig;
  let pem: string;

  before(async () => {
    rig = await startRig();
    pem = readFileSync(join(rig.files.dir, "signing.pem"), "utf8");
  });
  after(() => rig.stop());

  const client = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: `${rig.gateway.url}/v1`, maxRetries: 0 });
  const ask = (apiKey: string, model = "small"): Promise<unknown> =>
    client(apiKey).chat.completions.create({ model, messages: MESSAGES });

  it("completes, streams, embeds, lists and retrieves with a good token", async () => {
    const openai = client(await rig.token("writer"));
    const whole = await openai.chat.completions.create({ model: "small", messages: MESSAGES });
    assert.equal(whole.choices[0]?.message.content, "Hello there.");
    assert.match(whole._request_id ?? "", /^[0-9a-f-]{36}$/);
    let text = "";
    const options = { include_usage: true };
    const stream = await openai.chat.completions.create({
      model: "small",
      messages: MESSAGES,
      stream: true,
      stream_options: options,
    });
    for await (const part of stream) text += part.choices[0]?.delta.content ?? "";
    assert.equal(text, "Hello.");
    const completion = await openai.completions.create({ model: "small", prompt: "hello" });
    assert.equal(completion.choices[0]?.text, "Hello there.");
    const embedded = await openai.embeddings.create({ model: "small", input: "hello", encoding_format: "float" });
    assert.deepEqual(embedded.data[0]?.embedding, [0.1, 0.2]);
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    assert.deepEqual(ids, ["small", "org/name-7B"]);
    assert.equal((await openai.models.retrieve("org/name-7B")).id, "org/name-7B");
    await assert.rejects(openai.models.retrieve("large"), OpenAI.NotFoundError);
  });

  const now = Math.floor(Date.now() / 1000);
  const bad: Record<string, Mint> = {
    "that expired": { claims: { exp: now - 120, iat: now - 240, nbf: now - 240 } },
    // Far away: these tests may come long after the file was read.
    "that is not valid yet": { claims: { nbf: now + 3600, exp: now + 4000 } },
    "for another audience": { claims: { aud: "someone-else" } },
    "of another issuer": { claims: { iss: "https://evil.test" } },
    "without exp": { claims: { exp: undefined } },
    "without jti": { claims: { jti: undefined } },
    "with an unknown kid": { header: { kid: "other" } },
    "without kid": { header: { kid: undefined } },
    "of another type": { header: { typ: "JWT" } },
    "signed by another key under our kid": { key: generateKeyPairSync("ed25519").privateKey },
    "of a user who does not exist": { claims: { sub: "ghost" } },
  };
  for (const [what, how] of Object.entries(bad))
    it(`raises AuthenticationError for a token ${what}`, async () => {
      await assert.rejects(ask(await rig.token("root", how)), (error) => {
        assert.ok(error instanceof OpenAI.AuthenticationError);
        assert.equal(error.type, "authentication_error");
        assert.match(error.headers.get("www-authenticate") ?? "", /^Bearer realm="tokenrack", error="invalid_token"/);
        return true;
      });
    });

  /** A token made by hand, for what a library refuses to sign. */
  const forge = async (alg: string, sign: (input: string) => string): Promise<string> => {
    const [header = "", payload = ""] = (await rig.token("root")).split(".");
    const fields = JSON.parse(Buffer.from(header, "base64url").toString()) as object;
    const input = `${Buffer.from(JSON.stringify({ ...fields, alg })).toString("base64url")}.${payload}`;
    return `${input}.${sign(input)}`;
  };

  it("raises AuthenticationError for alg none, HS256 with our public key, and noise", async () => {
    const publicPem = createPublicKey(pem).export({ type: "spki", format: "pem" });
    const hs256 = (input: string): string => createHmac("sha256", publicPem).update(input).digest("base64url");
    const tokens = [
      await forge("none", () => ""),
      await forge("None", () => ""),
      await forge("HS256", hs256),
      "default_jwt_key",
      "a.b.c",
      `${await rig.token("root")}x`,
    ];
    for (const token of tokens) await assert.rejects(ask(token), OpenAI.AuthenticationError);
  });

  it("challenges a request without a token with no error code (RFC 6750 section 3.1)", async () => {
    const response = await rig.fetch("/v1/models");
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="tokenrack"');
    for (const authorization of ["Basic cm9vdDp4", "Bearer", "Bearer a b", `Bearer ${"x".repeat(9000)}`])
      assert.equal((await rig.fetch("/v1/models", { headers: { authorization } })).status, 401);
  });

  it("forgives a clock difference up to the leeway and no more", async () => {
    const late = Math.floor(Date.now() / 1000);
    await ask(await rig.token("root", { claims: { exp: late - 10 } }));
    await assert.rejects(ask(await rig.token("root", { claims: { exp: late - 40 } })), OpenAI.AuthenticationError);
  });

  it("raises PermissionDeniedError for a missing scope and for a model not allowed", async () => {
    await assert.rejects(ask(await rig.token("reader")), (error) => {
      assert.ok(error instanceof OpenAI.PermissionDeniedError);
      assert.equal(error.code, "insufficient_scope");
      assert.match(error.headers.get("www-authenticate") ?? "", /error="insufficient_scope", scope="chat:write"/);
      return true;
    });
    await assert.rejects(ask(await rig.token("writer"), "large"), (error) => {
      assert.ok(error instanceof OpenAI.PermissionDeniedError);
      assert.equal(error.code, "model_not_allowed");
      assert.equal(error.param, "model");
      return true;
    });
  });

  it("raises BadRequestError, NotFoundError and InternalServerError for what they mean", async () => {
    const token = await rig.token("root");
    const openai = client(token);
    const tooMany = openai.chat.completions.create({ model: "small", messages: MESSAGES, n: 99 });
    await assert.rejects(tooMany, (error) => error instanceof OpenAI.BadRequestError && error.param === "n");
    await assert.rejects(openai.get("/nothing"), OpenAI.NotFoundError);
    rig.upstream.behave = status(500, { detail: "Traceback: secret path /srv/x.py at 0x7f00" });
    await assert.rejects(ask(token), (error) => {
      assert.ok(error instanceof OpenAI.InternalServerError);
      assert.equal(error.status, 502);
      assert.doesNotMatch(error.message, /Traceback|0x7f/);
      return true;
    });
    rig.upstream.behave = status(404, { object: "error", message: "The model does not exist." });
    await assert.rejects(ask(token, "gone"), OpenAI.NotFoundError);
    rig.upstream.behave = status(400, { error: { message: "This model's maximum context length is 8 tokens." } });
    await assert.rejects(
      ask(token),
      (error) => error instanceof OpenAI.BadRequestError && /maximum context/.test(error.message),
    );
    rig.upstream.behave = status(401, { error: { message: "who are you" } });
    await assert.rejects(ask(token), OpenAI.InternalServerError);
  });

  it("raises RateLimitError with Retry-After", async () => {
    const limited = await startRig({ limits: { requestsPerMinute: 1 } });
    try {
      const openai = new OpenAI({
        apiKey: await limited.token("root"),
        baseURL: `${limited.gateway.url}/v1`,
        maxRetries: 0,
      });
      await openai.chat.completions.create(CHAT as never);
      await assert.rejects(openai.chat.completions.create(CHAT as never), (error) => {
        assert.ok(error instanceof OpenAI.RateLimitError);
        assert.ok(Number(error.headers.get("retry-after")) >= 1);
        return true;
      });
    } finally {
      await limited.stop();
    }
  });
});
