import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planChat, type ChatPlan } from "../../../plan/stages/chat";
import { planImages } from "../../../plan/stages/images";
import type { Staged } from "../../../plan/stages/types";
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
    assert.deepEqual(plan.ingress, { tlsIssuer: "letsencrypt" });
    assert.deepEqual(plan.storage, { gib: 10, accessMode: "ReadWriteOnce" });
    assert.deepEqual(plan.secrets, ["gatewayUrl", "token", "sessionKey", "adminPassword"]);
    const [, tag] = [plan.image.repository, plan.image.tag];
    assert.equal(tag, "0.11.0");
  });

  it("takes an ingress class and an issuer of its own", () => {
    const { plan } = planned({ ...openWebUi, class: "inner", tlsIssuer: "inter-ca" });
    assert.deepEqual(plan?.ingress, { class: "inner", tlsIssuer: "inter-ca" });
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
    assert.match(plan.store?.repository ?? "", /valkey$/);
    assert.equal(plan.storage.accessMode, "ReadWriteMany");
    assert.ok(plan.secrets.includes("databaseUrl"));
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
