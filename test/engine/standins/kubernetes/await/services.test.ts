import assert from "node:assert/strict";
import type { Properties } from "../../../../../engine/standins/values";
import { ingressLook, serviceLook } from "../../../../../engine/standins/kubernetes/await/services";

const service = (spec: Properties, status: Properties = {}): Properties => ({ spec, status });
const selecting = { selector: { app: "a" } };
const endpoints = (ready: number, unready = 0): Properties => ({
  subsets: [{ addresses: Array<string>(ready).fill("a"), notReadyAddresses: Array<string>(unready).fill("b") }],
});
const ADDRESS = { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } };

describe("kubernetes stand-in: waits for services and ingresses", () => {
  const cases: readonly (readonly [
    what: string,
    service: Properties,
    endpoints: Properties | undefined,
    settled: boolean,
    ready: boolean,
  ])[] = [
    ["that selects nothing", service({}), undefined, false, true],
    ["without an address of its own", service({ ...selecting, clusterIP: "None" }), undefined, false, true],
    ["with another name", service({ ...selecting, type: "ExternalName" }), undefined, false, true],
    ["whose pods are stable", service(selecting), endpoints(2), true, true],
    ["whose pods come and go", service(selecting), endpoints(2), false, false],
    ["with a pod that is not ready", service(selecting), endpoints(2, 1), true, false],
    ["without endpoints", service(selecting), undefined, false, false],
    ["that waits for an address", service({ type: "LoadBalancer" }), undefined, true, false],
    ["that got one", service({ type: "LoadBalancer" }, ADDRESS), undefined, true, true],
  ];
  for (const [what, object, found, settled, ready] of cases) {
    it(`a service ${what} is ${ready ? "ready" : "not ready"}`, () => {
      const look = serviceLook(object, found, settled);
      assert.equal(look.ready, ready);
    });
  }

  it("a service that is reachable is good enough when the time is up", () => {
    const look = serviceLook(service(selecting), undefined, false);
    assert.deepEqual([look.goodEnough, look.errors.length], [true, 1]);
    assert.equal(serviceLook(service({ type: "LoadBalancer" }), undefined, true).goodEnough, false);
  });

  it("an ingress needs backends, or that they have settled, and an address", () => {
    const path = (name: string): Properties => ({ path: "/v1", backend: { service: { name } } });
    const ingress = (status: Properties): Properties => ({
      spec: { rules: [{ host: "chat", http: { paths: [path("gateway"), path("ui")] } }] },
      status,
    });
    assert.equal(ingressLook(ingress(ADDRESS), ["gateway", "ui"], false).ready, true);
    assert.equal(ingressLook(ingress(ADDRESS), ["gateway"], false).ready, false);
    const settled = ingressLook(ingress(ADDRESS), ["gateway"], true);
    assert.equal(settled.ready, true);
    assert.equal(settled.progress[0], 'No matching service found for ingress rule: "chat/v1" -> "ui"');
    const unaddressed = ingressLook(ingress({}), ["gateway", "ui"], false);
    assert.match(unaddressed.errors.join(), /loadBalancer field was not updated with a hostname/);
  });
});
