import assert from "node:assert/strict";
import { parseProfile } from "../../../config/parse";
import { isLocal } from "../../../config/schema";
import { changed, existing, minimal, refuses, secrets, type Refused } from "../stacks";

const networkText = 'a network by its first address and prefix, like "10.111.0.0/16", never /0';
const oidc = { issuer: "https://dex.my.org", jwksUri: "http://dex.my.org/keys", audience: "llm", addresses: [] };

const table: readonly Refused[] = [
  [
    "replicas on this machine",
    changed(minimal, "gateway.replicas", 2),
    [
      "gateway.replicas: found an unknown key; expected one of tokenLifetimeMinutes, requestsPerMinute, concurrencyPerUser, maxTokens, bodyMib, firstUser, corsOrigins; fix: remove it",
    ],
  ],
  [
    "no replicas",
    changed(existing, "gateway.replicas", 0),
    [
      "gateway.replicas: found number 0; expected a whole number of replicas from 1 to 16; fix: correct it, or remove it to get the default",
    ],
  ],
  [
    "everybody's X-Forwarded-For",
    changed(existing, "gateway.trustedProxies", ["0.0.0.0/0"]),
    [
      `gateway.trustedProxies[0]: found text "0.0.0.0/0"; expected ${networkText}; fix: correct it, or remove it from the list`,
    ],
  ],
  [
    "an issuer without TLS and without a place",
    changed(existing, "gateway.oidc", oidc),
    [
      'gateway.oidc.jwksUri: found text "http://dex.my.org/keys"; expected an https address, like "https://dex.my.org/keys"; fix: correct it',
      `gateway.oidc.addresses: found a list of 0; expected at least one, each ${networkText}; fix: correct it`,
    ],
  ],
  [
    "a firewall's annotation without a prefix",
    changed(existing, "ingress.wafAnnotations", { modsecurity: "on" }),
    [
      'ingress.wafAnnotations.modsecurity: found text "on"; expected a map of annotations, each key with its prefix, like "nginx.ingress.kubernetes.io/enable-modsecurity"; fix: correct it, or remove it to get the default',
    ],
  ],
  [
    "a first user who is none, besides keys of a cluster's gateway",
    { ...changed(existing, "gateway", { replicas: 3, firstUser: "nobody" }), ...secrets },
    [
      'gateway.firstUser: found text "nobody", and no such name in users; expected the name of one of users; fix: correct gateway.firstUser, or add that user to users',
    ],
  ],
];

describe("gateway on a cluster", () => {
  it("has two replicas and everything that the gateway of this machine has", () => {
    const profile = parseProfile(changed(existing, "gateway", { roles: [{ name: "team", tokensPerMinute: 9 }] }));
    assert.ok(!isLocal(profile));
    assert.deepEqual([profile.gateway.replicas, profile.gateway.requestsPerMinute], [2, 60]);
    assert.deepEqual(profile.gateway.roles, [{ name: "team", tokensPerMinute: 9 }]);
    assert.deepEqual([profile.ingress.kind, profile.ingress.wafAnnotations], [undefined, {}]);
  });

  refuses(parseProfile, table);
});
