import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { quotaPassword, revisionOf, signServiceToken, usersText } from "../../components/gatewaySecrets";
import { parsePasswordHash } from "../../gateway/password";
import { UserStore } from "../../gateway/users";
import { planClusterGateway } from "../../plan/stages/gateway";
import { planImages } from "../../plan/stages/images";
import { existing, secrets, signingKey } from "../config/stacks";
import { AUDIENCE, CHAT, Files, ISSUER, startRig, type Rig } from "../gateway/harness";
import { stageInput } from "../plan/stages/cases";

const input = stageInput(existing);
const served = { routes: {}, upgrade: { clusterSeconds: 0 } };
const { plan } = planClusterGateway(input, planImages(input.profile), served);
const chat = { name: "chat-ui", scopes: ["chat:write", "models:read", "act-as"] };
const request = { subject: chat.name, scopes: chat.scopes };

describe("secrets out of the signing key", () => {
  it("are the same for the same key, and none for another", () => {
    const [password, other] = [quotaPassword(signingKey), quotaPassword(`${signingKey}x`)];
    assert.match(password, /^[0-9a-f]{64}$/);
    assert.deepEqual([quotaPassword(`${signingKey}\n`), password === other], [password, false]);
    assert.ok(!password.includes(revisionOf(password)));
    assert.notEqual(revisionOf(password), revisionOf(other));
  });

  it("are users whom the gateway takes, with a hash that is no password's", () => {
    const files = new Files();
    try {
      // The stack's own hash is weaker than the gateway takes; what is looked at here is the service's.
      const file = files.write("users.json", usersText("[]", [chat], signingKey));
      const user = UserStore.load(file).find("chat-ui");
      assert.deepEqual([...(user?.scopes ?? [])], chat.scopes);
      assert.equal(user?.models, "*");
    } finally {
      files.remove();
    }
    const all = JSON.parse(usersText(secrets.users, [chat], signingKey)) as { users: { name: string; passwordHash: string }[] }; // prettier-ignore
    assert.deepEqual(
      all.users.map(({ name }) => name),
      ["admin", "chat-ui"],
    );
    assert.ok(parsePasswordHash(all.users[1]?.passwordHash ?? "") !== undefined);
    assert.notEqual(usersText("[]", [chat], signingKey), usersText("[]", [chat], `${signingKey}x`));
  });

  it("leave a user of the stack as it is who has the service's name", () => {
    const own = JSON.stringify([{ name: "chat-ui", passwordHash: "h", scopes: [], models: ["small"] }]);
    assert.deepEqual(JSON.parse(usersText(own, [chat], signingKey)), { users: JSON.parse(own) as unknown });
  });
});

describe("a service's token", () => {
  let rig: Rig;
  let pem: string;
  before(async () => {
    rig = await startRig();
    pem = readFileSync(join(rig.files.dir, "signing.pem"), "utf8");
  });
  after(() => rig.stop());
  const here = { issuer: ISSUER, policy: { ...plan.policy, audience: AUDIENCE } };

  it("is the same in every preview, of another key another, and ends in 2100", async () => {
    const token = await signServiceToken(pem, here, request);
    assert.equal(token, await signServiceToken(pem, here, request));
    assert.notEqual(token, await signServiceToken(signingKey, here, request));
    assert.equal(new Date((decodeJwt(token).exp ?? 0) * 1000).toISOString(), "2100-01-01T00:00:00.000Z");
    const narrow = await signServiceToken(pem, here, { ...request, scopes: ["models:read"] });
    assert.notEqual(decodeJwt(token).jti, decodeJwt(narrow).jti);
  });

  it("opens the gateway for a user that is there, as far as its scopes go, and for nobody else", async () => {
    const ask = async (subject: string, scopes: readonly string[]): Promise<number> => {
      const token = await signServiceToken(pem, here, { subject, scopes });
      return (await rig.fetch("/v1/chat/completions", { token, json: CHAT })).status;
    };
    assert.equal(await ask("writer", ["chat:write"]), 200);
    assert.equal(await ask("writer", ["models:read"]), 403);
    assert.equal(await ask("chat-ui", ["chat:write"]), 401);
    const other = await signServiceToken(signingKey, here, { subject: "writer", scopes: ["chat:write"] });
    assert.equal((await rig.fetch("/v1/chat/completions", { token: other, json: CHAT })).status, 401);
  });
});
