import assert from "node:assert/strict";
import { UNKNOWN, type Properties } from "../../../../engine/standins/values";
import { checkConfig, diffConfig, parseSettings } from "../../../../engine/standins/kubernetes/settings";

const kubeconfig = (server: string, token = "t"): string =>
  JSON.stringify({
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  });

describe("kubernetes stand-in: provider arguments", () => {
  it("come as text, as JSON in text, or as they are", () => {
    const settings = parseSettings({
      namespace: "here",
      enableConfigMapMutable: "true",
      enableSecretMutable: true,
      helmReleaseSettings: '{"driver":"configmap"}',
    });
    assert.deepEqual(
      [settings.namespace, settings.configMapMutable, settings.secretMutable, settings.upsert, settings.helm.driver],
      ["here", true, true, false, "configmap"],
    );
  });

  it("are refused by name where only the official plugin has them", () => {
    const refused = (config: Properties): string[] => checkConfig(config).map(({ property }) => property);
    assert.deepEqual(refused({ renderYamlToDirectory: "out" }), ["renderYamlToDirectory"]);
    assert.deepEqual(refused({ enableServerSideApply: "false" }), ["enableServerSideApply"]);
    assert.deepEqual(refused({ alwaysRender: "false", enableServerSideApply: "true" }), []);
  });

  const a = { kubeconfig: kubeconfig("https://a") };
  const cases: readonly (readonly [what: string, olds: Properties, news: Properties, replaces: readonly string[]])[] = [
    ["another user", a, { kubeconfig: kubeconfig("https://a", "new") }, []],
    ["another server", a, { kubeconfig: kubeconfig("https://b") }, ["kubeconfig"]],
    ["a kubeconfig that is not known yet", a, { kubeconfig: UNKNOWN }, ["kubeconfig"]],
    ["a kubeconfig that cannot be read", a, { kubeconfig: "garbage" }, []],
    [
      "another server of the same named cluster",
      { ...a, clusterIdentifier: "one" },
      { kubeconfig: kubeconfig("https://b"), clusterIdentifier: "one" },
      [],
    ],
    ["another name", { ...a, clusterIdentifier: "one" }, { ...a, clusterIdentifier: "two" }, ["clusterIdentifier"]],
    ["another option", a, { ...a, enablePatchForce: "true" }, []],
  ];
  for (const [what, olds, news, replaces] of cases) {
    it(`${what}: ${replaces.length === 0 ? "updates the provider" : "replaces everything"}`, () => {
      const diff = diffConfig(olds, news);
      assert.deepEqual([...diff.replaces], replaces);
      assert.notEqual(diff.changes.size, 0);
    });
  }
});
