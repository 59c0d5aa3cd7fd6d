import assert from "node:assert/strict";
import { passesOf } from "../../../cli/preview/passes";

const policy = (ingressRules: unknown, policyTypes: readonly string[] = ["Ingress", "Egress"]): object => ({
  kind: "NetworkPolicy",
  spec: { podSelector: {}, policyTypes, ingress: ingressRules },
});
const fromGateway = { podSelector: { matchLabels: { "app.kubernetes.io/component": "gateway" } } };

describe("what a NetworkPolicy lets through", () => {
  const rule = { from: [fromGateway], ports: [{ port: 8000, protocol: "TCP" }] };
  const table: readonly (readonly [
    title: string,
    before: unknown,
    after: unknown,
    opened: string[],
    closed: string[],
  ])[] = [
    ["the same in another order", policy([rule, { from: [] }]), policy([{ from: [] }, rule]), [], []],
    [
      "another port",
      policy([rule]),
      policy([{ ...rule, ports: [{ port: 8265 }] }]),
      ["in from gateway on TCP 8265"],
      ["in from gateway on TCP 8000"],
    ],
    [
      "without ports",
      policy([rule]),
      policy([{ from: [fromGateway] }]),
      ["in from gateway on every port"],
      ["in from gateway on TCP 8000"],
    ],
    [
      "without sources",
      policy([rule]),
      policy([{ ports: rule.ports }]),
      ["in from everybody on TCP 8000"],
      ["in from gateway on TCP 8000"],
    ],
    [
      "of everybody, as nothing is closed any more",
      policy([rule]),
      policy([rule], ["Egress"]),
      ["in from everybody"],
      ["in from gateway on TCP 8000"],
    ],
    [
      "of a network",
      policy([]),
      policy([{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }, { namespaceSelector: {} }] }]),
      ["in from 0.0.0.0/0 on every port", "in from every pod of every namespace on every port"],
      [],
    ],
  ];
  for (const [title, before, after, opened, closed] of table) {
    it(title, () => assert.deepEqual(passesOf(before, after), { opened, closed }));
  }

  it("is nothing for what is no policy, or was none", () => {
    assert.equal(passesOf(undefined, policy([])), undefined);
    assert.equal(passesOf({ kind: "Service", spec: {} }, { kind: "Service", spec: {} }), undefined);
  });
});
