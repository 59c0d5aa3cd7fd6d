import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ChatUi } from "../../components/chatUi";
import { planArrows } from "../../plan/stages/arrows";
import { planChat, type ChatPlan } from "../../plan/stages/chat";
import { planImages } from "../../plan/stages/images";
import { selfSigned } from "../config/madeCertificates";
import { existing } from "../config/stacks";
import { stageInput } from "../plan/stages/cases";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const cases = (chat: object, base: object = existing) => {
  const input = stageInput({ ...base, chat: { host: "chat.my.org", ...chat } });
  const { plan } = planChat(input, planImages(input.profile));
  assert.ok(plan !== undefined);
  return { chat: plan, arrows: planArrows(input, { ports: [443], onSite: false }) };
};
const openWebUi = cases({ kind: "openWebUi", adminEmail: "admin@my.org" });
const lobeChat = cases({ kind: "lobeChat" });

/** Every secret that a page wants, secret; the gateway's address as an output of another stage. */
const secretsOf = (chat: ChatPlan, up = true) => ({
  ...Object.fromEntries(chat.secrets.map((key) => [key, pulumi.secret(`CANARY-${key}`)])),
  gatewayUrl: up ? pulumi.output("http://gateway.tokenrack.svc:8080/v1") : pulumi.secret("CANARY-gateway"),
});

for (const preview of [false, true])
  describe(`ChatUi in ${preview ? "a preview" : "an up"}`, () => {
    it("is Open WebUI by its chart, in a closed namespace, after its Secret, with the program's own provider", async () => {
      const outputs = (name: string) => (name.endsWith("-page") ? { status: { version: "16.0.0" } } : {});
      const recorder = await record({ preview, outputs });
      const provider = new k8s.Provider("k8s", { kubeconfig: "k" });
      const made = new ChatUi("chat", { ...openWebUi, secrets: secretsOf(openWebUi.chat) }, { provider });
      await settle(recorder, made);
      assert.deepEqual(recorder.registered.map(({ name }) => name).sort(), [
        "chat",
        "chat-namespace",
        "chat-page",
        "chat-policy-closed",
        "chat-policy-open-webui",
        "chat-secret",
        "k8s",
      ]);
      const page = recorder.get("chat-page");
      assert.match(page.provider, /k8s::/);
      assert.ok(page.dependencies.includes(recorder.get("chat-secret").urn));
      const { chart, version, namespace, values } = page.inputs;
      assert.deepEqual([chart, version, namespace], ["open-webui", "16.0.0", "tokenrack-chat"]);
      assert.doesNotMatch(JSON.stringify(values), /CANARY/);
      assert.equal(await valueOf(made.ready), preview ? undefined : "https://chat.my.org");
    });

    it("makes the store of several replicas and the issuer's CA before Open WebUI, and its route after it", async () => {
      const gateway = { name: "web", namespace: "infra" };
      const ingress = { host: "llm.lan", tlsIssuer: "letsencrypt", kind: "gatewayApi", gateway };
      const oidc = {
        issuer: "https://dex.my.org",
        clientId: "chat",
        addresses: ["10.0.0.9/32"],
        ca: selfSigned("ca", true).certificate,
      };
      const database = { addresses: ["10.0.0.8/32"] };
      const page = { kind: "openWebUi", adminEmail: "admin@my.org", replicas: 2, oidc, database };
      const many = cases(page, { ...existing, ingress });
      const outputs = (name: string) => (name.endsWith("-page") ? { status: { version: "16.0.0" } } : {});
      const recorder = await record({ preview, outputs });
      await settle(recorder, new ChatUi("chat", { ...many, secrets: secretsOf(many.chat) }));
      const { dependencies, urn } = recorder.get("chat-page");
      const before = [
        "chat-configmap",
        ...["issuer", "certificate", "deployment", "service"].map((kind) => `chat-store-${kind}`),
      ];
      for (const part of before) assert.ok(dependencies.includes(recorder.get(part).urn), part);
      assert.ok(recorder.get("chat-httproute").dependencies.includes(urn));
    });

    it("is LobeChat's objects, whose pods follow a change of the Secret", async () => {
      const revision = async (code: string): Promise<string> => {
        const recorder = await record({ preview });
        const secrets = { ...secretsOf(lobeChat.chat), accessCode: pulumi.secret(code) };
        await settle(recorder, new ChatUi("chat", { ...lobeChat, secrets }));
        const names = recorder.registered.map(({ name }) => name);
        for (const part of ["chat-page", "chat-service", "chat-ingress", "chat-policy-lobe-chat"])
          assert.ok(names.includes(part), part);
        const { spec } = recorder.get("chat-page").inputs;
        return JSON.stringify(spec);
      };
      const [one, again, two] = [await revision("a"), await revision("a"), await revision("b")];
      assert.equal(one, again);
      assert.notEqual(one, two);
      assert.doesNotMatch(one, /CANARY/);
    });

    it("keeps what it is given in its Secret, secret, and nothing more", async () => {
      const recorder = await record({ preview });
      await settle(recorder, new ChatUi("chat", { ...openWebUi, secrets: secretsOf(openWebUi.chat, false) }));
      const { stringData } = recorder.get("chat-secret").inputs;
      assert.ok(isWrapped(stringData));
      assert.deepEqual(stringData.value, {
        "gateway-url": "CANARY-gateway",
        token: "CANARY-token",
        "session-key": "CANARY-sessionKey",
        "admin-password": "CANARY-adminPassword",
      });
    });
  });

describe("ChatUi", () => {
  it("is not made without what its pods would wait for", () => {
    assert.throws(
      () => new ChatUi("chat", { ...openWebUi, secrets: { token: "t" } }),
      (error: unknown) => pulumi.InputPropertyError.isInstance(error) && error.propertyPath === "secrets.gatewayUrl",
    );
  });
});
