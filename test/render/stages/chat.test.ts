import assert from "node:assert/strict";
import { planChat, type LobeChatPlan, type OpenWebUiPlan } from "../../../plan/stages/chat";
import { planImages } from "../../../plan/stages/images";
import { chatSecretKeys } from "../../../plan/stages/names";
import { chatNamespace, chatSecret } from "../../../render/stages/chat";
import { lobeChatManifests, lobeChatSpec } from "../../../render/stages/chatLobeChat";
import { chatStoreArguments, chatStoreManifests, chatStoreUrl } from "../../../render/stages/chatStore";
import { openWebUiManifests, openWebUiValues } from "../../../render/stages/chatOpenWebUi";
import { actAs } from "../../../gateway/sharingConfig";
import { changed, existing } from "../../config/stacks";
import { stageInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";

const planned = (chat: object, base: object = existing) => {
  const input = stageInput({ ...base, chat: { host: "chat.my.org", ...chat } });
  return planChat(input, planImages(input.profile)).plan;
};
const openWebUi = (more: object = {}, base?: object): OpenWebUiPlan => {
  const plan = planned({ kind: "openWebUi", adminEmail: "admin@my.org", ...more }, base);
  assert.ok(plan?.kind === "openWebUi");
  return plan;
};
const lobeChat = (more: object = {}, base?: object): LobeChatPlan => {
  const plan = planned({ kind: "lobeChat", ...more }, base);
  assert.ok(plan?.kind === "lobeChat");
  return plan;
};
const oidc = { issuer: "https://dex.my.org", clientId: "chat", addresses: ["10.0.0.9/32"] };
const gateway = { name: "web", namespace: "infra", listener: "https" };
const attached = changed(existing, "ingress", { host: "llm.lan", kind: "gatewayApi", gateway });
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

  it("have no Ingress where the page is attached to a Gateway: a route of ours is", () => {
    const plan = openWebUi({}, attached);
    assert.deepEqual(openWebUiValues(plan)["ingress"], { enabled: false });
    assertGolden("openWebUi.route.yaml", openWebUiManifests(plan).after);
    assert.deepEqual(openWebUiManifests(openWebUi()), { before: [], after: [] });
  });

  it("trust the issuer's CA by a file that pods take anew when it changes", () => {
    const trusting = (ca: string) => {
      const plan = openWebUi();
      const own = { clientId: "chat", discoveryUrl: "https://dex.my.org/", name: "SSO", scopes: "openid", ca };
      return { ...plan, oidc: own };
    };
    assertGolden("openWebUi.trusted.yaml", openWebUiManifests(trusting("-----BEGIN CERTIFICATE-----")).before);
    const values = (ca: string) => {
      const { volumes, volumeMounts, extraEnvVars } = openWebUiValues(trusting(ca));
      return JSON.stringify([volumes, volumeMounts, extraEnvVars]);
    };
    const [one, two] = [values("one"), values("two")];
    assert.notEqual(one, two);
    for (const variable of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
      assert.ok(one.includes(`{"name":"${variable}","value":"/etc/tokenrack/trusted/ca.crt"}`), variable);
    assert.match(one, /"mountPath":"\/etc\/tokenrack\/trusted"/);
    assert.doesNotMatch(JSON.stringify(openWebUiValues(openWebUi({ oidc }))), /SSL_CERT_FILE|tokenrack\/trusted/);
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

describe("the store of the page's replicas", () => {
  it("is as it was, with a certificate of its own that only the page trusts", () => {
    assertGolden("chatStore.yaml", chatStoreManifests(openWebUi(many)));
  });

  it("is asked by TLS where there is a cert-manager, and only there", () => {
    assert.equal(
      chatStoreUrl(openWebUi(many), "/certs"),
      "rediss://chat-valkey.tokenrack-chat.svc:6379/0?ssl_ca_certs=/certs/ca.crt",
    );
    const plain = openWebUi({ ...many, class: undefined }, attached);
    assert.equal(chatStoreUrl(plain, "/certs"), "redis://chat-valkey.tokenrack-chat.svc:6379/0");
    assert.doesNotMatch(
      JSON.stringify([chatStoreManifests(plain), openWebUiValues(plain)]),
      /tls-port|ca\.crt|Certificate/,
    );
    assert.equal(chatStoreUrl(openWebUi(), "/certs"), undefined);
  });

  it("listens on no port without TLS where it has a certificate", () => {
    const flags = chatStoreArguments(true).join(" ");
    assert.match(flags, /^--port 0 --tls-port 6379 --tls-auth-clients no --tls-cert-file \/var\/run\/tls\/tls\.crt/);
    assert.doesNotMatch(chatStoreArguments(false).join(" "), /tls/);
  });
});

describe("LobeChat", () => {
  it("is a deployment, a service and an ingress as they were", () => {
    assertGolden("lobeChat.yaml", lobeChatManifests(lobeChat({ replicas: 2, class: "nginx" })));
  });

  it("is attached to the Gateway that the API is attached to", () => {
    assertGolden("lobeChat.route.yaml", lobeChatManifests(lobeChat({}, attached)).ingress);
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
