import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planChat, type ChatPlan } from "../../../plan/stages/chat";
import { planImages } from "../../../plan/stages/images";
import type { Staged } from "../../../plan/stages/types";
import { selfSigned } from "../../config/madeCertificates";
import { changed, existing } from "../../config/stacks";
import { committedInput, stageInput } from "./cases";

const openWebUi = { kind: "openWebUi", host: "chat.my.org", adminEmail: "admin@my.org" };
const oidc = { issuer: "https://dex.my.org/", clientId: "chat", addresses: ["10.0.0.9/32"] };
const database = { addresses: ["10.0.0.8/32"] };

const planned = (chat: object, base: object = existing): Staged<ChatPlan | undefined> => {
  const input = stageInput({ ...base, chat });
  return planChat(input, planImages(input.profile));
};
const faultsOf = (chat: object, base?: object): string => planned(chat, base).faults.map(formatFault).join("\n");

describe("stage 9: a chat page", () => {
  it("is none where none is asked for", () => {
    const input = committedInput("a100");
    assert.deepEqual(planChat(input, planImages(input.profile)), { plan: undefined, faults: [], warnings: [] });
  });

  it("is one pod of Open WebUI with accounts of its own, behind the ingress' own class and issuer", () => {
    const { plan, faults, warnings } = planned(openWebUi);
    assert.deepEqual([faults, warnings], [[], []]);
    assert.ok(plan?.kind === "openWebUi");
    assert.deepEqual(
      [plan.namespace, plan.url, plan.replicas, plan.store, plan.oidc, plan.database],
      ["tokenrack-chat", "https://chat.my.org", 1, undefined, undefined, false],
    );
    assert.deepEqual(plan.ingress, { kind: "ingress", tlsIssuer: "letsencrypt" });
    assert.deepEqual(plan.storage, { gib: 10, accessMode: "ReadWriteOnce" });
    assert.deepEqual(plan.secrets, ["gatewayUrl", "token", "sessionKey", "adminPassword"]);
    const [, tag] = [plan.image.repository, plan.image.tag];
    assert.equal(tag, "0.11.0");
  });

  it("takes an ingress class and an issuer of its own", () => {
    const { plan } = planned({ ...openWebUi, class: "inner", tlsIssuer: "inter-ca" });
    assert.deepEqual(plan?.ingress, { kind: "ingress", class: "inner", tlsIssuer: "inter-ca" });
  });

  it("finds an issuer's discovery document, and asks for the client's secret", () => {
    const { plan, faults } = planned({ ...openWebUi, oidc });
    assert.deepEqual(faults, []);
    assert.ok(plan?.kind === "openWebUi");
    assert.equal(plan.oidc?.discoveryUrl, "https://dex.my.org/.well-known/openid-configuration");
    assert.ok(plan.secrets.includes("oidcClientSecret"));
  });

  it("joins several replicas by a store, on a volume that all of them mount, with a database", () => {
    const { plan, faults } = planned({ ...openWebUi, replicas: 2, database });
    assert.deepEqual(faults, []);
    assert.ok(plan?.kind === "openWebUi");
    assert.match(plan.store?.image ?? "", /valkey[:@]/);
    assert.equal(plan.store?.tls, true);
    assert.equal(plan.storage.accessMode, "ReadWriteMany");
    assert.ok(plan.secrets.includes("databaseUrl"));
  });

  const gateway = { name: "web", namespace: "infra", listener: "https" };
  const attached = changed(existing, "ingress", { host: "llm.lan", kind: "gatewayApi", gateway });

  it("is attached to the Gateway that the API is attached to, by a listener of its own where it has one", () => {
    const { plan, faults } = planned(openWebUi, attached);
    assert.deepEqual([plan?.ingress, faults], [{ kind: "gatewayApi", parent: gateway }, []]);
    const own = planned({ ...openWebUi, listener: "chat" }, attached).plan?.ingress;
    assert.deepEqual(own, { kind: "gatewayApi", parent: { ...gateway, listener: "chat" } });
  });

  it("tells what several replicas behind a Gateway lack", () => {
    const { plan, warnings } = planned({ ...openWebUi, replicas: 2, database }, attached);
    assert.ok(plan?.kind === "openWebUi");
    assert.equal(plan.store?.tls, false);
    assert.match(warnings.join("\n"), /^chat\.replicas is 2, and the Gateway API has no standard/);
    assert.match(warnings.join("\n"), /the chat page's replicas tell each other goes over .* without TLS/);
    const named = changed(attached, "ingress.tlsIssuer", "letsencrypt");
    const trusted = planned({ ...openWebUi, replicas: 2, database }, named);
    assert.ok(trusted.plan?.kind === "openWebUi" && trusted.plan.store?.tls === true);
    assert.doesNotMatch(trusted.warnings.join(), /without TLS/);
  });

  it("trusts the CA of its issuer where it is told of one", () => {
    const { certificate: ca } = selfSigned("ca", true);
    const { plan } = planned({ ...openWebUi, oidc: { ...oidc, ca } });
    assert.ok(plan?.kind === "openWebUi");
    assert.equal(plan.oidc?.ca, ca);
  });

  it("is LobeChat with the served models, and says that it knows nobody", () => {
    const { plan, faults, warnings } = planned({ kind: "lobeChat", host: "chat.my.org", replicas: 2 });
    assert.deepEqual(faults, []);
    assert.ok(plan?.kind === "lobeChat");
    assert.deepEqual([plan.models, plan.secrets], [["Qwen/Qwen3-8B"], ["gatewayUrl", "token", "accessCode"]]);
    assert.match(warnings.join(), /^chat\.kind: LobeChat names nobody to the gateway/);
  });

  it("refuses what cannot be, each in its own words", () => {
    const table: readonly (readonly [object, RegExp, object?])[] = [
      [{ kind: "openWebUi", adminEmail: "a@my.org" }, /^chat\.host: found nothing; expected the public name/],
      [{ kind: "openWebUi", host: "chat.my.org" }, /^chat\.adminEmail: found nothing; expected the mail address/],
      [{ ...openWebUi, host: "llm.lan" }, /^chat\.host: found llm\.lan, which is ingress\.host too/],
      [{ ...openWebUi, replicas: 3 }, /^chat\.replicas: found 3, and no chat\.database; expected 1 with SQLite/],
      [{ kind: "lobeChat", host: "chat.my.org", oidc }, /^chat\.oidc: found it, under kind lobeChat/],
      [
        { ...openWebUi, listener: "chat" },
        /^chat\.listener: found chat; expected nothing: only a Gateway has listeners \(ingress\.kind: gatewayApi\); fix: remove it$/,
      ],
      [
        { ...openWebUi, class: "nginx" },
        /^chat\.class: found nginx; expected nothing with ingress\.kind: gatewayApi; fix: remove it: the page is attached to ingress\.gateway/,
        attached,
      ],
      [{ ...openWebUi, tlsIssuer: "ca" }, /^chat\.tlsIssuer: found ca; expected nothing with ingress\.kind/, attached],
      [{ host: "chat.my.org" }, /^chat\.host: found it, under kind none/],
      [
        openWebUi,
        /^chat\.tlsIssuer: found nothing; expected the name of a ClusterIssuer/,
        changed(existing, "ingress.tlsIssuer", undefined),
      ],
    ];
    for (const [chat, words, base] of table) assert.match(faultsOf(chat, base), words);
    for (const [chat, , base] of table) assert.equal(planned(chat, base).faults.length, 1, faultsOf(chat, base));
  });
});
