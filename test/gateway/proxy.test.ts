import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { byHand, wedged, well, type Exchange } from "../support/fakeUpstream";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

const STREAM = { ...CHAT, stream: true };

describe("the proxy", () => {
  let rig: Rig;
  let token: string;

  before(async () => {
    rig = await startRig();
    token = await rig.token("root");
  });
  beforeEach(() => {
    rig.upstream.behave = well;
  });
  after(() => rig.stop());

  /** A client whose reading the test controls. */
  const open = (body: unknown, headers: Record<string, string> = {}): ClientRequest => {
    const request = httpRequest(`${rig.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      agent: false,
    });
    request.on("error", () => undefined);
    request.end(JSON.stringify(body));
    return request;
  };

  const openStream = async (): Promise<{ request: ClientRequest; response: IncomingMessage; exchange: Exchange }> => {
    rig.upstream.behave = (exchange) => exchange.startStream();
    const arrived = rig.upstream.next();
    const request = open(STREAM);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { request, response, exchange: await arrived };
  };

  it("passes each chunk on before the next one exists, and the headers before the first", async () => {
    const { response, exchange } = await openStream();
    assert.equal(response.statusCode, 200);
    assert.match(response.headers["content-type"] ?? "", /^text\/event-stream/);
    assert.equal(response.headers["x-accel-buffering"], "no");
    for (const word of ["one", "two", "three"]) {
      const received = once(response, "data");
      exchange.chunk(word);
      assert.match(String((await received)[0]), new RegExp(`^data: .*"${word}".*\\n\\n$`));
    }
    const ended = once(response, "end");
    exchange.done();
    response.resume();
    await ended;
  });

  it("aborts the upstream when the client leaves in the middle of a stream", async () => {
    const { request, response, exchange } = await openStream();
    const received = once(response, "data");
    exchange.chunk("one");
    await received;
    request.destroy();
    await exchange.closed;
    assert.ok(exchange.aborted);
  });

  it("aborts the upstream when the client leaves before there is an answer", async () => {
    rig.upstream.behave = wedged;
    const arrived = rig.upstream.next();
    const request = open(CHAT);
    const exchange = await arrived;
    request.destroy();
    await exchange.closed;
    assert.ok(exchange.aborted);
  });

  it("stops reading the upstream while the client does not read, and loses nothing", async () => {
    const { response, exchange } = await openStream();
    response.pause();
    const text = "x".repeat(65_536);
    // Sockets and pipes hold some megabytes; when the upstream's own buffer stays full, nobody on the way reads any more.
    let sent = 0;
    while (sent < 4000 && exchange.res.writableLength < 8_000_000) {
      exchange.chunk(text);
      sent += 1;
      await new Promise(setImmediate);
    }
    assert.ok(
      exchange.res.writableLength >= 8_000_000,
      `all of ${sent} chunks went through to a client that reads nothing`,
    );
    exchange.done();
    let bytes = 0;
    for await (const part of response) bytes += (part as Buffer).length;
    assert.ok(bytes > sent * text.length);
  });

  it("sends upstream a fixed set of headers and none of the client's", async () => {
    const before = rig.upstream.exchanges.length;
    await rig.fetch("/v1/chat/completions?api-version=1", {
      token,
      json: CHAT,
      headers: {
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-host": "evil.test",
        "x-auth-request-user": "root",
        forwarded: "for=1.2.3.4",
        cookie: "a=b",
        "x-request-id": "chosen-by-client",
        "accept-encoding": "gzip",
      },
    });
    assert.equal(rig.upstream.exchanges.length, before + 1);
    const { headers, path } = rig.upstream.last;
    assert.equal(path, "/v1/chat/completions");
    const names = Object.keys(headers).sort();
    assert.deepEqual(names, ["accept", "connection", "content-length", "content-type", "host", "x-request-id"]);
    assert.notEqual(headers["x-request-id"], "chosen-by-client");
  });

  it("sends on what it checked: a key given twice has one value", async () => {
    const json =
      '{"model":"large","model":"small","messages":[{"role":"user","content":"\\u00e9"}],"extra":{"kept":1}}';
    assert.equal((await rig.fetch("/v1/chat/completions", { token, json })).status, 200);
    const { rawBody } = rig.upstream.last;
    assert.equal(rawBody, '{"model":"small","messages":[{"role":"user","content":"é"}],"extra":{"kept":1}}');
  });

  it("ends a stream that broke off upstream with an error event", async () => {
    const { response, exchange } = await openStream();
    const received = once(response, "data");
    exchange.chunk("one");
    await received;
    let rest = "";
    response.on("data", (part) => (rest += String(part)));
    const ended = once(response, "end");
    exchange.res.destroy();
    await ended;
    assert.match(rest, /^data: \{"error":\{"message":"The engine cannot be reached or broke off\."/);
  });

  it("cuts an answer that broke off when it was no stream, so that half a JSON is never taken for a whole one", async () => {
    rig.upstream.behave = (exchange) => {
      exchange.res.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      exchange.res.write('{"half":', () => exchange.res.destroy());
    };
    await assert.rejects(rig.fetch("/v1/chat/completions", { token, json: CHAT }).then((response) => response.text()));
  });

  it("answers 504 when the engine sends no headers in time, and breaks a silent stream with an error event", async () => {
    const hasty = await startRigTo(rig, { headersTimeoutMs: 1000, idleTimeoutMs: 1000 });
    try {
      rig.upstream.behave = wedged;
      const late = await hasty.fetch("/v1/chat/completions", { token: await hasty.token("root"), json: CHAT });
      assert.equal(late.status, 504);
      assert.equal((await errorOf(late)).code, "upstream_timeout");
      rig.upstream.behave = (exchange) => {
        exchange.startStream();
        exchange.chunk("one");
      };
      const silent = await hasty.fetch("/v1/chat/completions", { token: await hasty.token("root"), json: STREAM });
      assert.match(await silent.text(), /"one".*\n\ndata: \{"error":\{"message":"The engine did not answer in time/s);
    } finally {
      await hasty.stop();
    }
  }).timeout(20_000);

  it("gives up a client that takes nothing for the idle time", async () => {
    const hasty = await startRigTo(rig, { idleTimeoutMs: 1000 });
    try {
      rig.upstream.behave = (exchange) => exchange.startStream();
      const arrived = rig.upstream.next();
      const response = await hasty.fetch("/v1/chat/completions", { token: await hasty.token("root"), json: STREAM });
      const exchange = await arrived;
      while (exchange.chunk("x".repeat(65_536)) || exchange.res.writableLength < 1_000_000)
        await new Promise(setImmediate);
      await exchange.closed;
      assert.ok(exchange.aborted);
      await response.body?.cancel().catch(() => undefined);
    } finally {
      await hasty.stop();
    }
  });

  it("answers 503 with Retry-After when nothing listens, without naming the address", async () => {
    const lonely = await startRig({ upstream: { url: "http://127.0.0.1:9" } });
    try {
      const response = await lonely.fetch("/v1/chat/completions", { token: await lonely.token("root"), json: CHAT });
      assert.equal(response.status, 503);
      assert.ok(Number(response.headers.get("retry-after")) >= 1);
      const text = await response.text();
      assert.doesNotMatch(text, /127\.0\.0\.1|ECONNREFUSED/);
    } finally {
      await lonely.stop();
    }
  });

  it("keeps a path prefix of the upstream URL", async () => {
    const prefixed = await startRigTo(rig, {}, "/llm/");
    try {
      await prefixed.fetch("/v1/chat/completions", { token: await prefixed.token("root"), json: CHAT });
      assert.equal(rig.upstream.last.path, "/llm/v1/chat/completions");
    } finally {
      await prefixed.stop();
    }
  });

  it("leaves nothing open after hundreds of aborted requests", async () => {
    rig.upstream.behave = byHand;
    for (let round = 0; round < 20; round += 1) {
      const requests = Array.from({ length: 16 }, () => open(STREAM));
      const seen = rig.upstream.exchanges.length;
      while (rig.upstream.exchanges.length < seen + requests.length) await rig.upstream.next();
      for (const request of requests) request.destroy();
      await Promise.all(rig.upstream.exchanges.slice(seen).map((exchange) => exchange.closed));
    }
    rig.upstream.behave = well;
    const metrics = await (await rig.fetch("/metrics", { token })).text();
    assert.match(metrics, /^tokenrack_gateway_in_flight 1$/m);
  }).timeout(30_000);
});

/** Another gateway in front of the same engine. */
function startRigTo(
  rig: Rig,
  upstream: { headersTimeoutMs?: number; idleTimeoutMs?: number },
  prefix = "",
): Promise<Rig> {
  return startRig({ upstream: { url: rig.upstream.url + prefix, ...upstream } });
}
