import assert from "node:assert/strict";
import { planChat, type LobeChatPlan, type OpenWebUiPlan } from "../../../plan/stages/chat";
import { planImages } from "../../../plan/stages/images";
import { chatSecretKeys } from "../../../plan/stages/names";
import { chatNamespace, chatSecret } from "../../../render/stages/chat";
import { lobeChatManifests, lobeChatSpec } from "../../../render/stages/chatLobeChat";
import { openWebUiValues } from "../../../render/stages/chatOpenWebUi";
import { actAs } from "../../../gateway/sharingConfig";
import { existing } from "../../config/stacks";
import { stageInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";

const planned = (chat: object) => {
  const input = stageInput({ ...existing, chat: { host: "chat.my.org", ...chat } });
  return planChat(input, planImages(input.profile)).plan;
};
const openWebUi = (more: object = {}): OpenWebUiPlan => {
  const plan = planned({ kind: "openWebUi", adminEmail: "admin@my.org", ...more });
  assert.ok(plan?.kind === "openWebUi");
  return plan;
};
const lobeChat = (more: object = {}): LobeChatPlan => {
  const plan = planned({ kind: "lobeChat", ...more });
  assert.ok(plan?.kind === "lobeChat");
  return plan;
};
const oidc = { issuer: "https://dex.my.org", clientId: "chat", addresses: ["10.0.0.9/32"] };
const many = { replicas: 2, oidc, database: { addresses: ["10.0.0.8/32"] }, class: "nginx", storageClass: "cephfs" };

/** Keys of the page's Secret that an object reads. */
const readBy = (data: unknown): readonly string[] => {
  const found = [...JSON.stringify(data).matchAll(/"secretKeyRef":\{[^}]*"key":"([^"]+)"/g)].map(([, key = ""]) => key);
  const sso = /"clientExistingSecretKey":"([^"]+)"/.exec(JSON.stringify(data))?.[1];
  return [...new Set([...found, ...(sso === undefined ? [] : [sso])])].sort();
};
const keysOf = ({ secrets }: OpenWebUiPlan | LobeChatPlan): readonly string[] =>
  secrets.map((key) => chatSecretKeys[key]).sort();

describe("values of Open WebUI's chart", () => {
  it("of one page with accounts of its own are as they were", () => {
    assertGolden("openWebUi.yaml", openWebUiValues(openWebUi()));
  });

  it("of two with an issuer and a database are as they were", () => {
    assertGolden("openWebUi.two.yaml", openWebUiValues(openWebUi(many)));
  });

  it("read from its Secret exactly what the plan wants in it", () => {
    for (const plan of [openWebUi(), openWebUi(many), openWebUi({ oidc })])
      assert.deepEqual(readBy(openWebUiValues(plan)), keysOf(plan));
  });

  it("hold no secret, no Ollama, no pipelines, no way in but accounts that were made", () => {
    const values = openWebUiValues(openWebUi(many));
    for (const part of ["ollama", "pipelines", "tika", "terminals"]) assert.deepEqual(values[part], { enabled: false });
    const env = values["extraEnvVars"] as readonly { readonly name: string; readonly value?: string }[];
    const of = (name: string) => env.find((one) => one.name === name)?.value;
    assert.deepEqual([of("ENABLE_SIGNUP"), of("ENABLE_LOGIN_FORM")], ["False", "False"]);
    for (const name of ["WEBUI_SECRET_KEY", "WEBUI_ADMIN_PASSWORD", "OPENAI_API_KEY", "DATABASE_URL"])
      assert.equal(of(name), undefined);
  });

  it("name the person behind each request by headers that the gateway reads", () => {
    // Open WebUI 0.11.0 was seen to send these, and the gateway's own list has them.
    const { headers } = actAs.parse({});
    assert.ok(headers.includes("x-openwebui-user-email") && headers.includes("x-openwebui-user-id"));
    assert.match(JSON.stringify(openWebUiValues(openWebUi())), /"ENABLE_FORWARD_USER_INFO_HEADERS","value":"True"/);
  });
});

describe("LobeChat", () => {
  it("is a deployment, a service and an ingress as they were", () => {
    assertGolden("lobeChat.yaml", lobeChatManifests(lobeChat({ replicas: 2, class: "nginx" })));
  });

  it("reads from its Secret exactly what the plan wants in it, and follows it", () => {
    const plan = lobeChat();
    assert.deepEqual(readBy(lobeChatSpec(plan, "r")), keysOf(plan));
    assert.notDeepEqual(lobeChatSpec(plan, "one"), lobeChatSpec(plan, "two"));
  });
});

describe("the page's namespace and Secret", () => {
  it("take pods of the level that both pages keep", () => {
    for (const plan of [openWebUi(), lobeChat()]) {
      assert.equal(chatNamespace(plan).metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
      assert.equal(chatSecret(plan).metadata.namespace, "tokenrack-chat");
    }
  });
});
