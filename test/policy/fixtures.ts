/** Resources to hold against a rule. */
import assert from "node:assert/strict";
import type { PolicyResource, Rule, RuleConfig } from "../../policy/resource";

/** A resource of a type. */
export const resource = (type: string, props: Record<string, unknown>, protect = false): PolicyResource => ({
  ...{ type, props, protect },
  name: type.split(":").at(-1)?.toLowerCase() ?? type,
});

/** An object of Kubernetes; `type` is like "apps/v1:Deployment". */
export const object = (type: string, props: Record<string, unknown>, protect = false): PolicyResource =>
  resource(`kubernetes:${type}`, props, protect);

/** A container as the level restricted takes it. */
export const container = {
  name: "one",
  image: `registry.my.org/one:1@sha256:${"a".repeat(64)}`,
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};

/** A deployment of one container, with what is changed of its pod. */
export const deployment = (one: object, pod: object = {}, namespace = "tokenrack"): PolicyResource =>
  object("apps/v1:Deployment", {
    metadata: { name: "one", namespace },
    spec: {
      template: {
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [{ ...container, ...one }],
          ...pod,
        },
      },
    },
  });

/** What the rule says of resources. */
export const saidOf = (rule: Rule, resources: readonly PolicyResource[], config: RuleConfig = {}): readonly string[] =>
  rule.check(resources, config).map(({ name, message }) => `${name}: ${message}`);

/** Tests of a rule: what it takes, and what it refuses with these words. */
export function holds(
  rule: Rule,
  takes: Readonly<Record<string, readonly PolicyResource[]>>,
  refuses: Readonly<Record<string, readonly [resources: readonly PolicyResource[], said: readonly RegExp[]]>>,
): void {
  describe(`policy ${rule.name}`, () => {
    for (const [what, resources] of Object.entries(takes))
      it(`takes ${what}`, () => assert.deepEqual(saidOf(rule, resources), []));
    for (const [what, [resources, patterns]] of Object.entries(refuses))
      it(`refuses ${what}`, () => {
        const said = saidOf(rule, resources);
        assert.equal(said.length, patterns.length, said.join("\n"));
        patterns.forEach((pattern, index) => assert.match(said[index] ?? "", pattern));
        assert.ok(!said.join("\n").includes("CANARY"), "no secret is shown");
      });
  });
}
