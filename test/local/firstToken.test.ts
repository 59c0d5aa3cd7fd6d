import assert from "node:assert/strict";
import { fetchAccessToken, firstToken, generateOneToken } from "../../local/firstToken";
import { elapsedSeconds, LocalError } from "../../local/report";
import { errorOf, fields, quiet } from "../support/fixtures";
import { fake, type Answerer, type Fake } from "./fakes";

const token = { status: 200, body: { access_token: "jwt" } };
const answer = { status: 200, body: { usage: { completion_tokens: 1 } } };

describe("the first token", () => {
  quiet();
  let gateway: Fake | undefined;
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
  });
  const start = async (answerer: Answerer): Promise<Fake> => (gateway = await fake(answerer));
  const both: Answerer = ({ path }) => (path === "/token" ? token : answer);
  const ask = (endpoint: string, deadlineSeconds: number): Promise<void> =>
    firstToken({ endpoint, model: "tiny", user: "admin", deadlineSeconds }, "a password+&");

  it("is asked for as a client would: a password grant, then one token of the model", async () => {
    const { url, seen } = await start(both);
    await ask(url, elapsedSeconds() + 60);
    const [grant, chat, ...more] = seen;
    assert.deepEqual(more, []);
    assert.deepEqual(
      [grant?.method, grant?.path, grant?.headers["content-type"]],
      ["POST", "/token", "application/x-www-form-urlencoded"],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(grant?.body)), {
      grant_type: "password",
      username: "admin",
      password: "a password+&",
    });
    assert.deepEqual([chat?.path, chat?.headers.authorization], ["/v1/chat/completions", "Bearer jwt"]);
    assert.deepEqual(JSON.parse(chat?.body ?? ""), {
      model: "tiny",
      messages: [{ role: "user", content: "Hello" }],
      max_tokens: 1,
    });
  });

  it("is tried for until it comes", async () => {
    let tries = 0;
    const { url, seen } = await start((request) => {
      if (request.path === "/token") return token;
      return ++tries === 1 ? { status: 503, body: {} } : answer;
    });
    await ask(url, elapsedSeconds() + 60);
    assert.equal(seen.length, 4);
  });

  it("fails with the last reason when the time is over", async () => {
    const { url } = await start(({ path }) =>
      path === "/token" ? token : { status: 503, body: { error: "no engine" } },
    );
    const error = await errorOf(ask(url, elapsedSeconds()));
    assert.ok(error instanceof LocalError);
    const { checked, found } = fields(error.message);
    assert.equal(checked, `a token from tiny through ${url}`);
    assert.equal(found, 'the gateway answered 503: {"error":"no engine"}');
    assert.ok(!error.message.includes("a password"));
  });

  it("is none when the answer holds no token", async () => {
    const { url } = await start(() => ({ status: 200, body: { usage: { completion_tokens: 0 } } }));
    await assert.rejects(generateOneToken(url, "jwt", "tiny", 5));
  });

  it("needs an access token, and says what the gateway said instead", async () => {
    const { url } = await start(() => ({ status: 400, body: { error: "invalid_grant" } }));
    await assert.rejects(fetchAccessToken(url, "admin", "CANARY"), (error: Error) => {
      assert.equal(error.message, '/token answered 400: {"error":"invalid_grant"}');
      return true;
    });
  });
});
