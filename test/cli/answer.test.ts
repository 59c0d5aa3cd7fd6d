import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { firstModel, printAnswer, refusal, tokenCount } from "../../cli/answer";
import { UserError } from "../../config/errors";
import { fake } from "../local/fakes";
import { errorOf } from "../support/fixtures";

const says = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

describe("an answer in the terminal", () => {
  /** What is printed of a stream, and how it ended. */
  const print = async (body: Readable): Promise<[string, Error | undefined]> => {
    let text = "";
    const ended = printAnswer(body, (part) => void (text += part));
    const error = await ended.then(
      () => undefined,
      (reason: Error) => reason,
    );
    return [text, error];
  };

  it("is its words, wherever the network cuts it", async () => {
    const stream = `${says("Grüße, ")}: comment\n${says("you")}data: {"choices":[]}\n\ndata: [DONE]\n\n`;
    for (const size of [1, 7, 1000]) {
      const bytes = Buffer.from(stream);
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      assert.deepEqual(await print(Readable.from(parts, { objectMode: false })), ["Grüße, you\n", undefined]);
    }
  });

  it("is a fault when the model fails in the middle of it", async () => {
    const failed = 'data: {"error":{"message":"engine died","code":500}}\n\n';
    const [text, error] = await print(Readable.from([Buffer.from(says("Hel") + failed)], { objectMode: false }));
    assert.equal(text, "Hel\n");
    assert.ok(error instanceof UserError);
    assert.equal(error.message, "the answer broke off\n  found: engine died");
  });

  it("is a fault when the connection ends in the middle of it", async () => {
    const body = new Readable({ read: () => undefined });
    body.push(says("Hel"));
    const printed = print(body);
    setImmediate(() => body.destroy(new Error("other side closed")));
    const [, error] = await printed;
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^the answer broke off\n {2}found: other side closed$/);
  });
});

describe("the first model", () => {
  const ask = async (status: number, body: unknown): Promise<string> => {
    const gateway = await fake(() => ({ status, body }));
    return firstModel(gateway.url, "jwt").finally(() => gateway.close());
  };

  it("is the first of the list", async () => {
    assert.equal(await ask(200, { data: [{ id: "one" }, { id: "two" }] }), "one");
  });

  it("is a fault in words when the gateway refuses, or answers something else", async () => {
    const cases = [
      [401, /\(status 401\)\n {2}found: no\n {2}fix: run `npm start`/],
      [429, /\(status 429\)\n {2}found: no\n {2}fix: wait a minute/],
      [200, /\(status 200\)\n {2}found: no$/],
    ] as const;
    for (const [status, message] of cases) {
      const error = await errorOf(ask(status, { error: { message: "no" } }));
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
    }
    assert.match((await errorOf(ask(500, { data: [{ id: "one" }] }))).message, /\(status 500\)/);
    assert.match(refusal("it fails", 502, "<html>").message, /^it fails \(status 502\)\n {2}found: <html>$/);
  });
});

describe("--max-tokens", () => {
  it("is a whole number from 1 on", () => {
    assert.deepEqual(["1", "64", "4096"].map(tokenCount), [1, 64, 4096]);
    for (const wrong of ["0", "-1", "1.5", "x", "", "1e3"]) assert.throws(() => tokenCount(wrong), /whole number/);
  });
});
