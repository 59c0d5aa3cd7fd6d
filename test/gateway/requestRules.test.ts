import assert from "node:assert/strict";
import fc from "fast-check";
import { requestChecker, type RequestKind } from "../../gateway/requestRules";
import { ApiError } from "../../gateway/errors";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

const check = (kind: RequestKind, body: unknown): string | null => {
  try {
    requestChecker(kind, { n: 4, maxTokens: 100 })(body);
    return null;
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 400);
    return error.details.param ?? error.details.code;
  }
};

const part = (fields: object): object => ({
  ...CHAT,
  messages: [{ role: "user", content: [{ type: "text", text: "x" }, fields] }],
});
const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);

describe("rules on request bodies", () => {
  const refused: [string, RequestKind, unknown, string][] = [
    ...["chat_template", "chat_template_kwargs", "mm_processor_kwargs", "media_io_kwargs", "prompt_embeds", "logits_processors",
      "kv_transfer_params", "request_id"].map((field): [string, RequestKind, unknown, string] =>
        [`the field ${field}`, "chat", { ...CHAT, [field]: {} }, field]),
    ["prompt_embeds of a completion", "completions", { model: "m", prompt_embeds: "gASV" }, "prompt_embeds"],
    ["a refused field of an embedding", "embeddings", { model: "m", input: "x", chat_template: "{{ x }}" }, "chat_template"],
    ["n above the cap", "chat", { ...CHAT, n: 5 }, "n"],
    ["n of 0", "chat", { ...CHAT, n: 0 }, "n"],
    ["n that is a text", "chat", { ...CHAT, n: "1" }, "n"],
    ["n with a fraction", "chat", { ...CHAT, n: 1.5 }, "n"],
    ["best_of above the cap", "completions", { model: "m", prompt: "x", best_of: 5 }, "best_of"],
    ["max_tokens above the cap", "chat", { ...CHAT, max_tokens: 101 }, "max_tokens"],
    ["max_completion_tokens above the cap", "chat", { ...CHAT, max_completion_tokens: 1e300 }, "max_completion_tokens"],
    ["min_tokens above the cap", "chat", { ...CHAT, min_tokens: 101 }, "min_tokens"],
    ["the whole vocabulary's log probabilities", "chat", { ...CHAT, logprobs: true, top_logprobs: -1 }, "top_logprobs"],
    ["too many log probabilities", "completions", { model: "m", prompt: "x", logprobs: 21 }, "logprobs"],
    ["too many of the prompt's", "chat", { ...CHAT, prompt_logprobs: 1000 }, "prompt_logprobs"],
    ["stream that is no flag", "chat", { ...CHAT, stream: "yes" }, "stream"],
    ["no model", "chat", { messages: [] }, "model"],
    ["an empty model", "chat", { ...CHAT, model: "" }, "model"],
    ["a model that is no text", "chat", { ...CHAT, model: ["small"] }, "model"],
    ["more prompts than choices allowed", "completions", { model: "m", prompt: ["a", "b", "c", "d", "e"] }, "prompt"],
    ["prompts times n", "completions", { model: "m", prompt: ["a", "b"], n: 3 }, "prompt"],
    ["prompts of tokens times n", "completions", { model: "m", prompt: [[1, 2], [3]], n: 3 }, "prompt"],
    ["a picture the server would fetch", "chat", part({ type: "image_url", image_url: { url: "http://169.254.169.254/" } }), "messages.0.content.1.image_url"],
    ["a local file as a picture", "chat", part({ type: "image_url", image_url: { url: "file:///etc/passwd" } }), "messages.0.content.1.image_url"],
    ["a video the server would fetch", "chat", part({ type: "video_url", video_url: "https://x.test/v" }), "messages.0.content.1.video_url"],
    ["serialized tensors", "chat", part({ type: "image_embeds", image_embeds: "gASV" }), "messages.0.content.1.type"],
    ["deep nesting", "chat", { ...CHAT, tools: nest(100) }, "invalid_body"],
    ["a list", "chat", [], "invalid_body"],
    ["null", "chat", null, "invalid_body"],
    ["a text", "chat", "hello", "invalid_body"],
  ]; // prettier-ignore
  for (const [what, kind, body, param] of refused) it(`refuse ${what}`, () => assert.equal(check(kind, body), param));

  const passed: [string, RequestKind, unknown][] = [
    ["a plain chat", "chat", CHAT],
    [
      "everything at its cap",
      "chat",
      { ...CHAT, n: 4, max_tokens: 100, top_logprobs: 20, logprobs: true, stream: true },
    ],
    ["null where OpenAI allows it", "chat", { ...CHAT, n: null, max_tokens: null, stream: null, logprobs: null }],
    ["a picture in the request", "chat", part({ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } })],
    ["fields it does not know", "chat", { ...CHAT, temperature: 0.5, tools: nest(50), guided_json: {} }],
    ["one prompt of many tokens", "completions", { model: "m", prompt: Array.from({ length: 500 }, (_, i) => i) }],
    ["many inputs of an embedding", "embeddings", { model: "m", input: ["a", "b", "c", "d", "e", "f"] }],
  ];
  for (const [what, kind, body] of passed) it(`let ${what} pass`, () => assert.equal(check(kind, body), null));

  it("send on the same data", () => {
    const { model, stream, json } = requestChecker("chat", { n: 4, maxTokens: 100 })({
      ...CHAT,
      stream: true,
      top_k: 3,
    });
    assert.deepEqual([model, stream], ["small", true]);
    assert.deepEqual(JSON.parse(json), { ...CHAT, stream: true, top_k: 3, stream_options: { include_usage: true } });
  });
});

describe("bodies over HTTP", () => {
  let rig: Rig;
  let token: string;
  before(async () => {
    rig = await startRig({ limits: { bodyBytes: 4096, requestsPerMinute: 1_000_000 } });
    token = await rig.token("root");
  });
  after(() => rig.stop());

  const post = (body: string, type = "application/json", path = "/v1/chat/completions"): Promise<Response> =>
    fetch(rig.gateway.url + path, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${token}`, "content-type": type },
    });

  it("over the limit are 413, one byte under it they pass, with and without Content-Length", async () => {
    const sized = (bytes: number): string => {
      const empty = JSON.stringify({ ...CHAT, user: "" });
      return JSON.stringify({ ...CHAT, user: "x".repeat(bytes - empty.length) });
    };
    assert.equal((await post(sized(4096))).status, 200);
    const over = await post(sized(4097));
    assert.equal(over.status, 413);
    assert.equal((await errorOf(over)).code, "body_too_large");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = new Blob([sized(5000)]).stream();
    const chunked = await fetch(`${rig.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers,
      body,
      duplex: "half",
    });
    assert.equal(chunked.status, 413);
  });

  it("that are not JSON are 400 or 415, and nothing of them comes back", async () => {
    for (const body of [
      "{secret-text",
      "",
      "[",
      '{"a":1}x',
      "\u0000",
      '{"__proto__":{"x":1}}',
      '{"constructor":{"prototype":1}}',
    ]) {
      const response = await post(body);
      assert.equal(response.status, 400, body);
      const text = await response.text();
      assert.doesNotMatch(text, /secret|Unexpected|proto/);
      assert.match(text, /"type":"invalid_request_error"/);
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonx",
    ])
      assert.equal((await post("model=small", type)).status, 415, type);
  });

  it("of any kind never make the gateway fail (fuzz)", async () => {
    const field = fc.constantFrom(
      "model",
      "messages",
      "prompt",
      "n",
      "stream",
      "max_tokens",
      "logprobs",
      "top_logprobs",
      "stop",
      "input",
    );
    const object = fc.dictionary(fc.oneof(field, fc.string()), fc.oneof(fc.jsonValue(), fc.constant("small")), {
      maxKeys: 8,
    });
    const broken = fc.tuple(object, fc.nat(), fc.string()).map(([value, at, junk]) => {
      const text = JSON.stringify(value);
      return text.slice(0, at % text.length) + junk + text.slice((at % text.length) + 1);
    });
    const body = fc.oneof(
      object.map((value) => JSON.stringify({ ...CHAT, ...value })),
      fc.json(),
      broken,
      fc.string({ unit: "binary" }),
    );
    const path = fc.constantFrom("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/token");
    const type = fc.constantFrom(
      "application/json",
      "application/json; charset=utf-8",
      "application/x-www-form-urlencoded",
    );
    await fc.assert(
      fc.asyncProperty(body, path, type, async (text, to, as) => {
        const response = await post(text, as, to);
        await response.text();
        assert.ok(response.status < 500, `${response.status} to ${to}: ${text}`);
      }),
      { numRuns: 400 },
    );
    assert.equal((await post(JSON.stringify(CHAT))).status, 200);
    assert.doesNotMatch(rig.log(), /unforeseen/);
  }).timeout(60_000);
});
