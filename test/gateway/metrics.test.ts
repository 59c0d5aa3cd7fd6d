import assert from "node:assert/strict";
import { Tail, usageIn } from "../../gateway/usage";
import { CHAT, startRig } from "./harness";

describe("metrics", () => {
  it("count answers, refusals and tokens by route and model, and requests and tokens by subject", async () => {
    const rig = await startRig();
    try {
      const token = await rig.token("root");
      const read = async (): Promise<string> => (await rig.fetch("/metrics", { token })).text();
      await (await rig.fetch("/v1/chat/completions", { token, json: CHAT })).text();
      const stream = { ...CHAT, stream: true, stream_options: { include_usage: true } };
      await (await rig.fetch("/v1/chat/completions", { token, json: stream })).text();
      await rig.fetch("/v1/chat/completions", { token, json: { ...CHAT, n: 99 } });
      await rig.fetch("/nothing");
      const text = await read();
      assert.match(text, /^tokenrack_gateway_requests_total\{route="\/v1\/chat\/completions",status="200"\} 2$/m);
      assert.match(text, /^tokenrack_gateway_requests_total\{route="unknown",status="404"\} 1$/m);
      assert.match(text, /^tokenrack_gateway_refusals_total\{code="value_out_of_range"\} 1$/m);
      assert.match(text, /^tokenrack_gateway_tokens_total\{model="small",kind="completion"\} 6$/m);
      assert.match(text, /^tokenrack_gateway_in_flight 1$/m);
      assert.match(text, /^process_resident_memory_bytes \d+/m);
      assert.match(text, /^tokenrack_gateway_subject_requests_total\{subject="user:root",model="small"\} 2$/m);
      assert.match(
        text,
        /^tokenrack_gateway_subject_tokens_total\{subject="user:root",model="small",kind="prompt"\} 10$/m,
      );
      assert.doesNotMatch(text, /hello/);
    } finally {
      await rig.stop();
    }
  });

  it("name so many subjects and count the rest together; 0 names none", async () => {
    for (const [metricSubjects, expected] of [
      [1, ['subject="user:root"', 'subject="other"']],
      [0, []],
    ] as const) {
      const rig = await startRig({ metricSubjects });
      try {
        for (const user of ["root", "chatter", "writer"])
          await (await rig.fetch("/v1/chat/completions", { token: await rig.token(user), json: CHAT })).text();
        const text = await (await rig.fetch("/metrics", { token: await rig.token("root") })).text();
        const lines = text.split("\n").filter((line) => line.startsWith("tokenrack_gateway_subject_requests_total{"));
        assert.equal(lines.length, expected.length);
        for (const label of expected) assert.ok(lines.some((line) => line.includes(label)));
        assert.equal(
          lines.some((line) => line.includes("other") && line.endsWith(" 2")),
          metricSubjects === 1,
        );
      } finally {
        await rig.stop();
      }
    }
  });

  it("have a listener of their own when configured, and then the main one does not serve them", async () => {
    const rig = await startRig({ metrics: { port: 0 } });
    try {
      const url = rig.gateway.metricsUrl ?? "";
      assert.notEqual(url, rig.gateway.url);
      const response = await fetch(`${url}/metrics`);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
      assert.equal((await fetch(`${url}/v1/models`)).status, 404);
      assert.equal((await rig.fetch("/metrics", { token: await rig.token("root") })).status, 404);
    } finally {
      await rig.stop();
    }
  });

  it("read usage at an answer's end, however it was cut, and not from a model's text", () => {
    const read = (...chunks: string[]): unknown => {
      const tail = new Tail();
      for (const chunk of chunks) tail.push(Buffer.from(chunk));
      return usageIn(tail.text());
    };
    const usage = '"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2,"prompt_tokens_details":null}}';
    const counted = { promptTokens: 7, completionTokens: 2 };
    assert.deepEqual(read(`{"choices":[],${usage}`), counted);
    assert.deepEqual(read("x".repeat(9000), ...usage.split("")), counted);
    assert.equal(read('data: {"choices":[]}\n\n', "data: [DONE]\n\n"), undefined);
    const posing = JSON.stringify({ text: '"usage":{"prompt_tokens":900,"completion_tokens":900}' });
    assert.equal(read(posing), undefined);
    assert.deepEqual(read(posing, usage), counted);
  });
});
