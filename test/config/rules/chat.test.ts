import { chatFaults } from "../../../config/rules/chat";
import { chatSchema } from "../../../config/schema/stages/chat";
import { parseProfile } from "../../../config/parse";
import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { changed, existing, refuses } from "../stacks";

const openWebUi = { kind: "openWebUi", host: "chat.my.org", adminEmail: "admin@my.org" };
const oidc = { issuer: "https://dex.my.org", clientId: "chat", addresses: ["10.0.0.9/32"] };
const good = { chatSessionKey: "k".repeat(32), chatAdminPassword: "p".repeat(12) };

const faultsOf = (chat: object, secrets: object = good): readonly string[] =>
  chatFaults(chatSchema.parse(chat), secrets).map(formatFault);

describe("a chat page, before it is made,", () => {
  it("wants nothing where there is none, and is content with what it needs", () => {
    assert.deepEqual(faultsOf({}, {}), []);
    assert.deepEqual(faultsOf(openWebUi), []);
    assert.deepEqual(faultsOf({ kind: "lobeChat", host: "chat.my.org" }, { chatAccessCode: "a".repeat(16) }), []);
  });

  it("wants every secret that it would read, each by its name", () => {
    assert.deepEqual(faultsOf({ ...openWebUi, oidc, database: { addresses: ["10.0.0.8/32"] } }, {}), [
      "chatSessionKey: found nothing; expected what signs the page's sessions; fix: run `pulumi config set --secret tokenrack:chatSessionKey`",
      "chatAdminPassword: found nothing; expected the password of chat.adminEmail; fix: run `pulumi config set --secret tokenrack:chatAdminPassword`",
      "chatOidcClientSecret: found nothing; expected what the issuer knows the page by; fix: run `pulumi config set --secret tokenrack:chatOidcClientSecret`",
      "chatDatabaseUrl: found nothing; expected the URL of chat.database; fix: run `pulumi config set --secret tokenrack:chatDatabaseUrl`",
    ]);
    assert.match(faultsOf({ kind: "lobeChat", host: "chat.my.org" }, {}).join(), /^chatAccessCode: found nothing/);
  });

  it("takes no secret that is none, and shows none", () => {
    const found = faultsOf(
      { ...openWebUi, database: { addresses: ["10.0.0.8/32"] } },
      { chatSessionKey: "CANARY", chatAdminPassword: "CANARY", chatDatabaseUrl: "mysql://CANARY" },
    );
    assert.equal(found.length, 3);
    assert.ok(!found.join().includes("CANARY"));
  });

  it("takes no name that is kept for examples", () => {
    assert.match(
      faultsOf({ ...openWebUi, host: "chat.example.com" }).join(),
      /^chat\.host: found chat\.example\.com, a name kept for examples/,
    );
  });
});

describe("a chat page refuses, of its keys,", () => {
  refuses(parseProfile, [
    [
      "an issuer without TLS",
      changed(existing, "chat", { ...openWebUi, oidc: { ...oidc, issuer: "http://dex.my.org" } }),
      [
        'chat.oidc.issuer: found text "http://dex.my.org"; expected the issuer as it calls itself, like "https://dex.my.org", without a query; fix: correct it',
      ],
    ],
    [
      "an issuer anywhere: the page would reach every machine there",
      changed(existing, "chat", { ...openWebUi, oidc: { ...oidc, addresses: [] } }),
      [
        'chat.oidc.addresses: found a list of 0; expected at least one of networks by their first address and prefix, like "192.168.2.9/32"; fix: correct it',
      ],
    ],
    [
      "a number where labels want a text",
      changed(existing, "monitoring", { kind: "prometheusOperator", labels: { team: 7 } }),
      [
        'monitoring.labels.team: found number 7; expected the value of a label, in quotes, like "true"; fix: correct it, or remove it to get the default',
      ],
    ],
  ]);
});
