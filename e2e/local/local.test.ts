/** The README's path, for real: real engine, real Ray Serve and vLLM on this machine's CPU, real gateway, official client. */
import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as jose from "jose";
import OpenAI from "openai";
import { findProcesses } from "../../local/processes";
import { environmentDirectory } from "../../local/pythonEnv";
import { rayTempDirectory } from "../../local/runFiles";
import { docBlocks } from "../../test/support/docBlocks";
import { checkout, npm, printed, signingKey } from "./support";

const run = join(checkout, ".tokenrack", "run", "local");
/** A first start installs Ray and vLLM and may build the Pulumi CLI. */
const installing = 40 * 60_000;
const starting = 6 * 60_000;

const token = (): string => execFileSync("npm", ["run", "-s", "token"], { cwd: checkout, encoding: "utf8" }).trim();

async function expiredToken(endpoint: string): Promise<string> {
  const key = createPrivateKey(signingKey());
  const kid = await jose.calculateJwkThumbprint(await jose.exportJWK(createPublicKey(key)));
  const past = Math.floor(Date.now() / 1000) - 7200;
  return new jose.SignJWT({ scope: "admin" })
    .setProtectedHeader({ alg: "EdDSA", kid, typ: "at+jwt" })
    .setIssuer(new URL(endpoint).origin)
    .setAudience("tokenrack/local")
    .setSubject("admin")
    .setIssuedAt(past)
    .setNotBefore(past)
    .setExpirationTime(past + 3600)
    .setJti("00000000-0000-4000-8000-000000000000")
    .sign(key);
}

describe("stack local, from nothing to a token and back", () => {
  let endpoint = "";
  let firstOutput = "";
  const sharedMemory = (): string[] => readdirSync("/dev/shm").sort();
  const sharedBefore = sharedMemory();
  const ask = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: endpoint, maxRetries: 0 });
  const question = { model: "tiny-llama", messages: [{ role: "user" as const, content: "Hello" }], max_tokens: 8 };

  after("leave nothing behind, whatever happened", async function () {
    this.timeout(starting);
    await npm(["stop"]);
  });

  it("npm start brings it up, never silent for 10 s, and says where it is", async function () {
    this.timeout(installing);
    const start = await npm(["start"]);
    assert.equal(start.code, 0);
    assert.ok(start.longestSilence < 10, `silent for ${start.longestSilence} s`);
    assert.match(start.output, /its words are noise/);
    endpoint = printed(start.output, "endpoint");
    firstOutput = start.output;
    assert.match(endpoint, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  });

  it("the printed curl lines work when pasted", () => {
    const plain = firstOutput.replace(/\x1b\[[0-9;]*m/g, "");
    const shell = (text: string): string => execFileSync("bash", ["-ec", text], { cwd: checkout, encoding: "utf8" });
    const [getToken = "", chat = ""] = plain.replaceAll("\\\n", " ").match(/curl -s .*/g) ?? [];
    assert.match(shell(getToken), /"access_token":"ey/);
    assert.match(shell(chat), /"finish_reason":"length"/);
  });

  it("the official client gets a whole answer and a streamed one", async function () {
    this.timeout(60_000);
    const client = ask(token());
    const whole = await client.chat.completions.create(question);
    assert.equal(whole.usage?.completion_tokens, 8);
    let chunks = 0;
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
      if (chunk.choices[0]?.delta.content) chunks++;
    }
    assert.ok(chunks >= 4, `${chunks} chunks: the answer came in one piece`);
    const models = await client.models.list();
    assert.deepEqual(
      models.data.map(({ id }) => id),
      ["tiny-llama"],
    );
  });

  it("the Python of docs/requests.md gets them, too", function () {
    this.timeout(60_000);
    const [program = ""] = docBlocks("docs/requests.md", "python");
    const python = join(environmentDirectory(join(checkout, ".tokenrack", "cache"), "cpu"), "bin", "python");
    const env = { PATH: process.env["PATH"], ENDPOINT: endpoint, TOKEN: token(), MODEL: question.model };
    const output = execFileSync(python, ["-c", program], { env, encoding: "utf8" });
    assert.match(output, /^\S+ \d+\n\S+/);
  });

  it("a bad and an expired token raise the client's typed exception", async () => {
    await assert.rejects(() => ask("not-a-token").chat.completions.create(question), OpenAI.AuthenticationError);
    const expired = await expiredToken(endpoint);
    await assert.rejects(
      () => ask(expired).chat.completions.create(question),
      (error: unknown) => error instanceof OpenAI.AuthenticationError && error.code === "token_expired",
    );
  });

  it("npm run chat streams an answer", async function () {
    this.timeout(60_000);
    const chat = await npm(["run", "-s", "chat", "--", "Hello"]);
    assert.equal(chat.code, 0);
    assert.match(chat.output, /[a-z]{5,}/);
  });

  it("a second start changes nothing and says so", async function () {
    this.timeout(starting);
    const again = await npm(["start"]);
    assert.equal(again.code, 0);
    assert.match(again.output, /Nothing to change/);
  });

  it("npm start repairs a killed gateway", async function () {
    this.timeout(starting);
    findProcesses(run, "gateway").forEach(({ pid }) => process.kill(pid, "SIGKILL"));
    const repaired = await npm(["start"]);
    assert.equal(repaired.code, 0);
    assert.match(repaired.output, /gateway is broken/);
    assert.equal((await ask(token()).chat.completions.create(question)).usage?.completion_tokens, 8);
  });

  it("npm start repairs a killed Ray daemon", async function () {
    this.timeout(starting);
    const raylet = findProcesses(run, "ray").find(({ name }) => /raylet\/raylet /.test(name));
    assert.ok(raylet);
    process.kill(raylet.pid, "SIGKILL");
    const repaired = await npm(["start"]);
    assert.equal(repaired.code, 0);
    assert.match(repaired.output, /ray is broken/);
    assert.equal((await ask(token()).chat.completions.create(question)).usage?.completion_tokens, 8);
  });

  it("npm stop leaves no process, port or file but the cache, and can be run twice", async function () {
    this.timeout(starting);
    const rayTemp = rayTempDirectory(run);
    assert.ok(existsSync(rayTemp));
    assert.equal((await npm(["stop"])).code, 0);
    assert.deepEqual([...findProcesses(run, "ray"), ...findProcesses(run, "gateway")], []);
    assert.deepEqual(readdirSync(join(checkout, ".tokenrack")), ["cache"]);
    assert.ok(!existsSync(rayTemp));
    assert.deepEqual(sharedMemory(), sharedBefore);
    await assert.rejects(() => ask("x").models.list(), OpenAI.APIConnectionError);
    const twice = await npm(["stop"]);
    assert.equal(twice.code, 0);
    assert.match(twice.output, /Nothing was running/);
  });
});
