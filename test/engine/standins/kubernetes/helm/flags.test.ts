import assert from "node:assert/strict";
import { asSecret, type Properties } from "../../../../../engine/standins/values";
import { chartArgs, installArgs, upgradeArgs } from "../../../../../engine/standins/kubernetes/helm/flags";
import { completed, merged, parseRelease, type Release } from "../../../../../engine/standins/kubernetes/helm/inputs";

const release = (more: Properties): Release => parseRelease(completed({ chart: "ray", ...more }, "auto", "default"));

describe("kubernetes stand-in: helm's command lines", () => {
  const charts: readonly (readonly [given: Properties, args: readonly string[]])[] = [
    [{ chart: "./charts/ray" }, ["./charts/ray"]],
    [{ chart: "oci://registry/ray", version: "1.6.2" }, ["oci://registry/ray", "--version", "1.6.2"]],
    [{ repositoryOpts: { repo: "https://charts" } }, ["ray", "--repo", "https://charts"]],
    [{ repositoryOpts: { repo: "kuberay" } }, ["kuberay/ray"]],
    [
      { repositoryOpts: { repo: "https://charts", caFile: "ca.pem" } },
      ["ray", "--repo", "https://charts", "--ca-file", "ca.pem"],
    ],
    [{ devel: true, verify: true, keyring: "ring" }, ["ray", "--devel", "--verify", "--keyring", "ring"]],
  ];
  for (const [given, args] of charts) {
    it(`${JSON.stringify(given)} is ${args.join(" ")}`, () => assert.deepEqual(chartArgs(release(given)), args));
  }

  it("wait 300 s by default, as long as asked, or not at all", () => {
    const flags = (given: Properties): string => installArgs(release(given)).slice(3).join(" ");
    assert.equal(flags({}), "--wait --timeout 300s");
    assert.equal(
      flags({ timeout: 600, waitForJobs: true, atomic: true }),
      "--wait --wait-for-jobs --atomic --timeout 600s",
    );
    assert.equal(flags({ skipAwait: true, waitForJobs: true }), "--timeout 300s");
    assert.equal(
      flags({ createNamespace: true, skipCrds: true }),
      "--wait --timeout 300s --create-namespace --skip-crds",
    );
  });

  it("keep every revision unless told", () => {
    assert.match(upgradeArgs(release({})).join(" "), /--history-max 0$/);
    assert.match(upgradeArgs(release({ maxHistory: 3, forceUpdate: true })).join(" "), /--force --history-max 3$/);
  });

  it("never hold a value", () => {
    const given = release({ values: { password: "hunter2" } });
    assert.doesNotMatch([...installArgs(given), ...upgradeArgs(given)].join(" "), /hunter2/);
  });
});

describe("kubernetes stand-in: inputs of a release", () => {
  it("are completed: a name, a namespace, a time to wait", () => {
    const inputs = completed({ chart: "ray" }, "auto", "here");
    assert.deepEqual([inputs["name"], inputs["namespace"], inputs["timeout"]], ["auto", "here", 300]);
    assert.equal(completed({ chart: "ray", skipAwait: true }, "auto", "here")["timeout"], 0);
  });

  it("read files of values under the values themselves, and keep a null that takes a chart's value away", () => {
    const files = [{ text: "a: 1\nb: { c: 2, d: 3 }" }, { text: "b: { c: 4 }" }];
    const inputs = completed({ chart: "ray", valueYamlFiles: files, values: { b: { d: null }, e: 5 } }, "n", "d");
    assert.deepEqual(inputs["values"], { a: 1, b: { c: 4, d: null }, e: 5 });
    assert.deepEqual(parseRelease(inputs).values, { a: 1, b: { c: 4, d: null }, e: 5 });
  });

  it("are read in the clear, and refused where they do not fit", () => {
    assert.deepEqual(release({ values: asSecret({ a: asSecret("b") }) }).values, { a: "b" });
    assert.throws(() => release({ atomic: "yes" }), /decoding failure: [^]*atomic/);
  });

  it("merge maps and take all else from the later", () => {
    assert.deepEqual(merged({ a: { b: 1, c: [1] } }, { a: { c: [2] } }), { a: { b: 1, c: [2] } });
  });
});
