import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planArrows } from "../../../plan/stages/arrows";
import { planClusterGateway } from "../../../plan/stages/gateway";
import { planImages } from "../../../plan/stages/images";
import { networkPolicies } from "../../../render/stages/networkPolicy";
import { labelsOf } from "../../../render/manifest";
import { changed, existing, proxmox } from "../../config/stacks";
import { reaches } from "../../render/stages/reach";
import { stageInput } from "./cases";

const served = { routes: { "qwen3-8b": "/" }, upgrade: { clusterSeconds: 240 } };
const planned = (raw: unknown) => {
  const input = stageInput(raw);
  return planClusterGateway(input, planImages(input.profile), served);
};
const faultsOf = (raw: unknown): readonly string[] => planned(raw).faults.map(formatFault);
const warned = (raw: unknown, text: RegExp): boolean => planned(raw).warnings.some((one) => text.test(one));

describe("stage 8: the gateway", () => {
  it("is two replicas that count together, at the public name, in front of Serve", () => {
    const { plan, faults } = planned(existing);
    assert.deepEqual(faults, []);
    assert.deepEqual(
      [plan.replicas, plan.issuer, plan.upstreamUrl, plan.routes, plan.maintenanceSeconds],
      [2, "https://llm.lan", "http://llm-serve-svc.tokenrack.svc:8000", served.routes, 240],
    );
    assert.match(plan.quotaStore?.image ?? "", /valkey/);
    assert.match(plan.image, /node/);
    assert.equal(plan.policy.audience, "tokenrack/local");
  });

  it("counts alone where there is one of it, or where it is told to, and says what that means", () => {
    const one = changed(existing, "gateway.replicas", 1);
    assert.equal(planned(one).plan.quotaStore, undefined);
    assert.ok(warned(one, /gateway\.replicas is 1/));
    const apart = changed(existing, "gateway.sharedQuotas", false);
    assert.equal(planned(apart).plan.quotaStore, undefined);
    assert.ok(warned(apart, /up to 2 times the quota/));
    assert.ok(planned(changed(one, "gateway.sharedQuotas", true)).plan.quotaStore !== undefined);
  });

  it("believes X-Forwarded-For of the pods on Proxmox, and of nobody else unless it is told", () => {
    assert.deepEqual(planned(proxmox).plan.trustedProxies, ["10.111.0.0/16"]);
    assert.deepEqual(planned(existing).plan.trustedProxies, []);
    assert.ok(warned(existing, /trustedProxies is not set/));
    const told = changed(existing, "gateway.trustedProxies", ["10.4.0.0/16"]);
    assert.deepEqual(planned(told).plan.trustedProxies, ["10.4.0.0/16"]);
    assert.ok(!warned(told, /trustedProxies/));
  });

  it("comes in by Deckhouse on Proxmox, by ingress-nginx elsewhere, which is warned of", () => {
    assert.deepEqual(planned(proxmox).plan.ingress, { kind: "ingress", tlsIssuer: "inter-ca" });
    assert.ok(!warned(proxmox, /ingress-nginx/));
    assert.ok(warned(existing, /ingress-nginx gets no fixes since March 2026.*gatewayApi/));
  });

  it("comes in by a Gateway that is named", () => {
    const ingress = { ...existing.ingress, kind: "gatewayApi", gateway: { name: "public", namespace: "gateways" } };
    const { plan, faults, warnings } = planned(changed(existing, "ingress", ingress));
    assert.deepEqual([plan.ingress, faults], [{ kind: "gatewayApi", parent: ingress.gateway }, []]);
    assert.ok(!warnings.some((one) => one.includes("ingress-nginx")));
    assert.deepEqual(faultsOf(changed(existing, "ingress", { ...ingress, gateway: undefined, class: "nginx" })), [
      "ingress.class: found nginx; expected nothing with ingress.kind: gatewayApi; fix: remove it: the Gateway has its own class",
      "ingress.gateway: found nothing; expected the Gateway that takes the requests, which has a listener for TLS; fix: add `gateway: { name: .., namespace: .. }`",
    ]);
    assert.deepEqual(faultsOf(changed(existing, "ingress", { ...ingress, kind: "deckhouse" })), [
      "ingress.gateway: found a Gateway, and Ingress objects that do not know it; expected nothing, or ingress.kind: gatewayApi; fix: write `kind: gatewayApi`, or remove it",
    ]);
  });

  it("refuses roles that are not there, or twice", () => {
    const gateway = { roles: [{ name: "team" }, { name: "team" }], peopleRole: "people" };
    assert.deepEqual(faultsOf(changed(existing, "gateway", gateway)), [
      "gateway.roles[1].name: found team, the name of an earlier role; expected each name once; fix: rename or remove one of the two",
      "gateway.peopleRole: found people; expected the name of one of gateway.roles; fix: correct it, or add the role",
    ]);
  });

  it("refuses a firewall's annotation that is ours, and warns of one that blocks at once", () => {
    const waf = (key: string, value: string) => changed(existing, "ingress.wafAnnotations", { [key]: value });
    assert.deepEqual(faultsOf(waf("nginx.ingress.kubernetes.io/proxy-body-size", "1g")), [
      'ingress.wafAnnotations["nginx.ingress.kubernetes.io/proxy-body-size"]: found an annotation that is set already; expected annotations of a firewall; fix: remove it',
    ]);
    const snippet = "nginx.ingress.kubernetes.io/modsecurity-snippet";
    assert.ok(warned(waf(snippet, "SecRuleEngine On"), /blocks at once/));
    assert.ok(!warned(waf(snippet, "SecRuleEngine DetectionOnly"), /blocks at once/));
  });

  it("has a user for the chat page, who speaks for others only where the page names them", () => {
    assert.deepEqual(planned(existing).plan.serviceUsers, []);
    const scopesOf = (kind: string) =>
      planned(changed(existing, "chat", { kind, host: "chat.lan" })).plan.serviceUsers.map(({ scopes }) => scopes);
    assert.deepEqual(scopesOf("openWebUi"), [["chat:write", "models:read", "act-as"]]);
    assert.deepEqual(scopesOf("lobeChat"), [["chat:write", "models:read"]]);
  });

  it("reaches the issuer of people's tokens, and nothing else outside", () => {
    const oidc = {
      issuer: "https://dex.my.org",
      jwksUri: "https://dex.my.org:8443/keys",
      audience: "llm",
      addresses: ["192.168.2.9/32"],
    };
    const raw = changed(existing, "gateway.oidc", oidc);
    const { addresses, ...told } = oidc;
    assert.deepEqual(planned(raw).plan.oidc, told);
    const policies = networkPolicies(planArrows(stageInput(raw), { ports: [443], onSite: false }));
    const from = { namespace: "tokenrack", labels: labelsOf("gateway") };
    assert.ok(reaches(policies, from, { address: "192.168.2.9" }, 8443));
    assert.ok(!reaches(policies, from, { address: "192.168.2.9" }, 443));
    assert.ok(!reaches(policies, from, { address: "192.168.2.10" }, 8443));
    assert.deepEqual(addresses, ["192.168.2.9/32"]);
  });

  it("lets clients in from anywhere in the cluster where a Gateway takes them, as nobody knows its pods", () => {
    const ingress = { ...proxmox.ingress, kind: "gatewayApi", gateway: { name: "public", namespace: "gateways" } };
    const to = { namespace: "tokenrack", labels: labelsOf("gateway") };
    const from = { namespace: "elsewhere", labels: {} };
    const reached = (raw: unknown): boolean =>
      reaches(networkPolicies(planArrows(stageInput(raw), { ports: [443], onSite: false })), from, to, 8080);
    assert.deepEqual([reached(proxmox), reached(changed(proxmox, "ingress", ingress))], [false, true]);
  });
});
