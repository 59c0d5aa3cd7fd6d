/** The gateway's pods, TLS at the public name, and a token through it. */
import { count } from "../../../plan/explain/words";
import type { Finding, Judgement } from "../findings";
import type { KubeDeployment, KubePod } from "../look/objects";
import { podFix, troublesOf } from "./pods";

/** What was seen of the gateway. */
export interface GatewayFacts {
  readonly namespace: string;
  /** Replicas of the plan. */
  readonly replicas: number;
  /** Absent: not installed. */
  readonly found?: KubeDeployment;
  /** Pods of the gateway, and of the store of its quotas. */
  readonly pods: readonly KubePod[];
}

/** Judges the gateway's pods. */
export function judgeGateway({ namespace, replicas, found, pods }: GatewayFacts): Judgement {
  const checked = `the deployment ${namespace}/gateway`;
  const troubles = troublesOf(pods);
  const logs = `kubectl -n ${namespace} logs deploy/gateway`;
  if (found === undefined) {
    const fix = "pulumi up, which installs it";
    return { findings: [{ checked, found: "none", expected: `${replicas} replicas`, fix }], seen: "not installed" };
  }
  const { readyReplicas } = found.status;
  const findings: Finding[] = troubles.map(({ pod, node, why }) => ({
    checked: `the pod ${pod}${node === "" ? "" : ` on ${node}`}`,
    found: why,
    expected: "it runs and is ready",
    fix: podFix(why, `${logs}: it names what of its configuration it does not take`),
  }));
  if (found.spec.replicas === 0 || (readyReplicas < found.spec.replicas && findings.length === 0)) {
    const fix =
      found.spec.replicas === 0 ? `kubectl -n ${namespace} scale deploy/gateway --replicas=${replicas}` : logs;
    findings.push({
      checked,
      found: `${readyReplicas} of ${found.spec.replicas} ready`,
      expected: `${replicas} ready`,
      fix,
    });
  }
  return { findings, seen: `${readyReplicas} of ${replicas} replicas ready` };
}

/** What was seen at the public name. */
export interface TlsFacts {
  readonly host: string;
  /** Where it was asked: "192.168.3.220:443", or the name itself. */
  readonly asked: string;
  /** Why no TLS came about. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly certificate?: Certificate;
  /** Why the certificate is not believed, by OpenSSL's code; absent where it is. */
  readonly distrust?: string;
  /** ClusterIssuer that should have issued it; absent where the stack does not say. */
  readonly issuer?: string;
  /** ms since 1970. */
  readonly now: number;
}

/** The certificate that was shown. */
export interface Certificate {
  readonly names: readonly string[];
  readonly issuer: string;
  /** ms since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
}

const dayMs = 86_400_000;

/** cert-manager renews when a third of a certificate's life is left: with less than this share of it, that has failed for long. */
const lastShare = 1 / 6;

const renewal = (issuer: string | undefined): string =>
  `kubectl get certificate,certificaterequest,order,challenge -A: cert-manager says there why it does not issue${issuer === undefined ? "" : `; kubectl describe clusterissuer ${issuer}`}`;

/** Whether a certificate's name covers a host. @see RFC 6125 section 6.4.3 */
const covers = (name: string, host: string): boolean =>
  name.toLowerCase() === host.toLowerCase() ||
  (name.startsWith("*.") && host.slice(host.indexOf(".")).toLowerCase() === name.slice(1).toLowerCase());

function noTls({ host, asked }: TlsFacts, { code, message }: NonNullable<TlsFacts["error"]>): Finding {
  const checked = `TLS with ${host} at ${asked}`;
  const expected = "the ingress, with a certificate of that name";
  const fixes: Readonly<Record<string, string>> = {
    ENOTFOUND: `make a DNS entry ${host} with the ingress's address (kubectl get svc,ingress -A), or try it with --at <address>`,
    EAI_AGAIN: "the resolver of this machine does not answer: try it with --at <address>",
    ECONNREFUSED: "nothing listens there: look at the ingress controller's service and its address, kubectl get svc -A",
    ETIMEDOUT:
      "no way there: a firewall, or an address that no balancer announces (MetalLB's speakers, kubectl get svc -A)",
    EHOSTUNREACH: "no way there: compare the address with kubectl get svc -A",
    ECONNRESET: "something there speaks no TLS: compare the address with kubectl get svc -A",
  };
  return {
    checked,
    found: code === "" ? message : `${code}: ${message}`,
    expected,
    fix: fixes[code] ?? "see what answers there: openssl s_client -connect",
  };
}

/** Judges the certificate at the public name. */
export function judgeTls(facts: TlsFacts): Judgement {
  const { host, asked, error, certificate, distrust, issuer, now } = facts;
  if (error !== undefined || certificate === undefined) {
    const why = error ?? { code: "", message: "no certificate was shown" };
    return { findings: [noTls(facts, why)], seen: "no TLS" };
  }
  const { names, validTo, validFrom } = certificate;
  const checked = `the certificate of ${host} at ${asked}`;
  const days = Math.floor((validTo - now) / dayMs);
  const date = new Date(validTo).toISOString().slice(0, 10);
  const findings: Finding[] = [];
  const add = (found: string, expected: string, fix: string): void =>
    void findings.push({ checked, found, expected, fix });
  if (!names.some((name) => covers(name, host))) {
    const fix = /ingress controller fake|traefik default/i.test(`${certificate.issuer} ${names.join(" ")}`)
      ? `the controller shows its own: the Ingress's secret is not there yet; ${renewal(issuer)}`
      : `the address is another service's, or the Ingress has another host; ${renewal(issuer)}`;
    add(`one for ${names.join(", ") || "no name"}`, host, fix);
  }
  if (validFrom > now)
    add(
      `valid from ${new Date(validFrom).toISOString()}`,
      "valid now",
      "set the clocks of this machine and of the nodes",
    );
  const least = Math.ceil(((validTo - validFrom) * lastShare) / dayMs);
  if (validTo - now < (validTo - validFrom) * lastShare) {
    const left = days < 0 ? `it ended on ${date}` : `it ends on ${date}, in ${count(days, "day")}`;
    add(
      left,
      `at least ${count(least, "day")} left of its ${Math.round((validTo - validFrom) / dayMs)}`,
      renewal(issuer),
    );
  }
  if (distrust !== undefined && distrust !== "CERT_HAS_EXPIRED" && distrust !== "ERR_TLS_CERT_ALTNAME_INVALID") {
    add(
      `${distrust}, issued by ${certificate.issuer}`,
      "a chain to an authority that this machine trusts",
      "clients need that authority too: add it to the system's store, or name a file with it in SSL_CERT_FILE; or take an issuer that all trust (ingress.tlsIssuer)",
    );
  }
  return { findings, seen: `${names.join(", ")}, by ${certificate.issuer}, until ${date} (${count(days, "day")})` };
}

/** What came of asking for a token. */
export interface TokenFacts {
  /** "https://llm.my.org" */
  readonly endpoint: string;
  readonly user: string;
  readonly model: string;
  readonly outcome:
    | { readonly kind: "token"; readonly seconds: number }
    /** `stage`: at /token, or at the model. */
    | { readonly kind: "refused"; readonly stage: "login" | "model"; readonly status: number; readonly said: string }
    | { readonly kind: "silent"; readonly stage: "login" | "model"; readonly said: string }
    /** No answer in time, while the engine answers others: the queue is long. */
    | { readonly kind: "busy"; readonly said: string };
}

type Refused = Extract<TokenFacts["outcome"], { kind: "refused" }>;

function refusalFix({ stage, status }: Refused): string {
  if (status === 502 || status === 503 || status === 504) {
    return "the gateway waits for the engine: look at the layers below, or wait for a change to end";
  }
  if (stage === "login" && (status === 400 || status === 401)) {
    return "set the secret firstUserPassword to that user's password, or users to one with its hash (npm run hash-password), then pulumi up";
  }
  if (status === 403) return "give gateway.firstUser the scope chat:write and that model in users";
  if (status === 404)
    return stage === "login"
      ? "the name leads to something else: compare the Ingress with kubectl get ingress -A"
      : "the gateway serves other models: pulumi up";
  if (status === 401)
    return "the gateway does not take its own token: replicas with different keys, or clocks that differ; kubectl rollout restart deploy/gateway";
  return "look at the gateway's log";
}

/** Judges a token through the public name. A user at a limit and a busy engine are no faults. */
export function judgeToken({ endpoint, user, model, outcome }: TokenFacts): Judgement {
  const checked = `a token of ${model} as ${user}, through ${endpoint}`;
  const expected = "one token";
  switch (outcome.kind) {
    case "token":
      return { findings: [], seen: `${model} answered ${user} after ${outcome.seconds.toFixed(2)} s` };
    case "busy":
      return { findings: [], seen: `the engine is busy: ${outcome.said}` };
    case "silent": {
      const fix =
        outcome.stage === "login"
          ? "look at the gateway"
          : "the engine takes requests and gives no token: look at its log";
      return { findings: [{ checked, found: outcome.said, expected, fix }], seen: "no token" };
    }
    case "refused": {
      const { status, said } = outcome;
      if (status === 429)
        return { findings: [], seen: `${user} is at a limit (429): the gateway works, no token was asked for` };
      return {
        findings: [{ checked, found: said, expected, fix: refusalFix(outcome) }],
        seen: `refused with ${status}`,
      };
    }
  }
}
