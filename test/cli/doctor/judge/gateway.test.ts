import assert from "node:assert/strict";
import {
  judgeGateway,
  judgeTls,
  judgeToken,
  type Certificate,
  type TlsFacts,
  type TokenFacts,
} from "../../../../cli/doctor/judge/gateway";
import { deployment, podList } from "../../../../cli/doctor/look/objects";
import * as made from "../worlds";

const day = 86_400_000;
const now = Date.parse("2026-11-22T00:00:00Z");
const shown: Certificate = { names: ["llm.lan"], issuer: "R11", validFrom: now - 30 * day, validTo: now + 60 * day };

describe("the judgement of TLS", () => {
  const judge = (facts: Partial<TlsFacts>) =>
    judgeTls({ host: "llm.lan", asked: "llm.lan:443", issuer: "letsencrypt", certificate: shown, now, ...facts });
  const cases: readonly (readonly [what: string, facts: Partial<TlsFacts>, found: readonly RegExp[], fix?: RegExp])[] =
    [
      ["a good one", {}, []],
      ["one for all names of a domain", { certificate: { ...shown, names: ["*.lan"] } }, []],
      [
        "one for another name",
        { certificate: { ...shown, names: ["*.llm.lan", "www.lan"] } },
        [/one for \*\.llm\.lan, www\.lan/],
        /another host/,
      ],
      [
        "the controller's own",
        {
          certificate: { ...shown, names: ["ingress.local"], issuer: "Kubernetes Ingress Controller Fake Certificate" },
        },
        [/ingress\.local/],
        /secret is not there yet.*describe clusterissuer letsencrypt/,
      ],
      ["one with a sixth of its life left", { certificate: { ...shown, validTo: now + 6.1 * day } }, []],
      [
        "one that should have been renewed for long",
        { certificate: { ...shown, validTo: now + 5.9 * day } },
        [/ends on 2026-11-27, in 5 days/],
        /cert-manager says there why/,
      ],
      [
        "one that ended",
        { certificate: { ...shown, validTo: now - day }, distrust: "CERT_HAS_EXPIRED" },
        [/it ended on 2026-11-21/],
      ],
      ["one of days, that is young", { certificate: { ...shown, validFrom: now - day, validTo: now + 5 * day } }, []],
      ["one of tomorrow", { certificate: { ...shown, validFrom: now + day } }, [/valid from 2026-11-23/], /clocks/],
      [
        "one that nobody believes",
        { distrust: "SELF_SIGNED_CERT_IN_CHAIN" },
        [/SELF_SIGNED_CERT_IN_CHAIN, issued by R11/],
        /SSL_CERT_FILE/,
      ],
      ["no name", { error: { code: "ENOTFOUND", message: "getaddrinfo" } }, [/ENOTFOUND/], /--at/],
      ["nobody who listens", { error: { code: "ECONNREFUSED", message: "x" } }, [/ECONNREFUSED/], /ingress controller/],
      [
        "something else",
        { error: { code: "", message: "wrong version number" } },
        [/wrong version number/],
        /openssl s_client/,
      ],
    ];
  for (const [what, facts, found, fix] of cases) {
    it(`knows ${what}`, () => {
      const { findings } = judge(facts);
      assert.equal(findings.length, found.length, JSON.stringify(findings));
      found.forEach((pattern, index) => assert.match(findings[index]?.found ?? "", pattern));
      if (fix !== undefined) assert.match(findings[0]?.fix ?? "", fix);
    });
  }
});

describe("the judgement of a token", () => {
  type Outcome = TokenFacts["outcome"];
  const judge = (outcome: Outcome) => judgeToken({ endpoint: "https://llm.lan", user: "admin", model: "m", outcome });
  const refused = (stage: "login" | "model", status: number): Outcome => ({
    kind: "refused",
    stage,
    status,
    said: `answered ${status}`,
  });
  const faults: readonly (readonly [Outcome, RegExp])[] = [
    [refused("login", 401), /firstUserPassword/],
    [refused("model", 401), /replicas with different keys/],
    [refused("model", 403), /chat:write/],
    [refused("login", 404), /Ingress/],
    [refused("model", 404), /other models/],
    [refused("model", 503), /waits for the engine/],
    [refused("login", 500), /log/],
    [{ kind: "silent", stage: "login", said: "ECONNRESET" }, /gateway/],
    [{ kind: "silent", stage: "model", said: "UND_ERR_HEADERS_TIMEOUT" }, /engine takes requests/],
  ];
  for (const [outcome, fix] of faults) {
    it(`is a fix for ${JSON.stringify(outcome)}`, () => {
      const { findings } = judge(outcome);
      assert.equal(findings.length, 1);
      assert.match(findings[0]?.fix ?? "", fix);
    });
  }

  it("is none where the user is at a limit, or the engine is busy", () => {
    assert.deepEqual(
      [judge(refused("model", 429)).findings, judge({ kind: "busy", said: "timeout" }).findings],
      [[], []],
    );
  });
});

describe("the judgement of the gateway", () => {
  const judge = (ready: number, ...pods: readonly made.Json[]) =>
    judgeGateway({
      ...{ namespace: "ns", replicas: 2, found: deployment.parse(made.deployment(2, ready)) },
      pods: podList.parse({ items: pods }).items,
    }).findings.map(({ checked, found }) => `${checked}: ${found}`);

  it("names the pods in the way, and the deployment where no pod says why", () => {
    assert.deepEqual(judge(2, made.pod("ns", "gateway-0")), []);
    const crash = made.pod("ns", "gateway-1", {
      waiting: "CrashLoopBackOff",
      message: "back-off 5m0s restarting",
      exit: 2,
    });
    assert.deepEqual(judge(1, crash), [
      "the pod ns/gateway-1 on n1: container main: CrashLoopBackOff, its last run ended with 2 (Error)",
    ]);
    assert.deepEqual(judge(1), ["the deployment ns/gateway: 1 of 2 ready"]);
  });

  it("names one that nobody installed", () => {
    const { findings } = judgeGateway({ namespace: "ns", replicas: 2, pods: [] });
    assert.deepEqual(
      findings.map(({ found }) => found),
      ["none"],
    );
  });
});
