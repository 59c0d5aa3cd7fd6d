import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { Document } from "../../../sim/dhctl/documents";
import { adminConfOf, installInto, realCluster, realClusterFile, uidOf } from "../../../sim/dhctl/handover";
import { Environment, Place } from "../../support/fixtures";

const documents: readonly Document[] = [
  { apiVersion: "deckhouse.io/v1", kind: "ClusterConfiguration", clusterType: "Static" },
  { apiVersion: "deckhouse.io/v1", kind: "StaticClusterConfiguration" },
  { apiVersion: "deckhouse.io/v1alpha1", kind: "ModuleConfig", metadata: { name: "global" }, spec: { version: 2 } },
];

describe("a real cluster that the simulated installer hands over", () => {
  const place = new Place();
  const environment = new Environment();
  before(() => environment.set("TOKENRACK_SIM_WORLD", place.make("world")));
  after(() => {
    environment.restore();
    place.remove();
  });

  it("is none as long as nobody names one", () => {
    assert.equal(realCluster(), undefined);
  });

  it("gets Deckhouse's kinds first, then its own objects, by the real kubectl", () => {
    place.program("kubectl", `echo "$*" >>'${place.path("calls")}'; cat >>'${place.path("input")}'; printf uid-1`);
    const kubeconfig = place.write("admin.conf", "# kubeconfig\n");
    const definitions = [place.write("kinds.yaml", "kind: CustomResourceDefinition\n")];
    const real = { kubectl: place.path("kubectl"), kubeconfig, definitions };
    writeFileSync(place.path("world", realClusterFile), JSON.stringify(real));
    const cluster = realCluster();
    assert.deepEqual(cluster, real);
    assert.equal(adminConfOf(cluster), "# kubeconfig\n");
    assert.equal(uidOf(cluster), "uid-1");
    writeFileSync(place.path("input"), "");
    installInto(cluster, documents);
    const verbs = place
      .read("calls")
      .trim()
      .split("\n")
      .map((call) => call.split(" ")[3]);
    assert.deepEqual(verbs, ["get", "apply", "wait", "apply"]);
    const objects = parseAllDocuments(
      readFileSync(place.path("input"), "utf8").replace(/(kind: Custom\w+\n)(?=kind|api)/g, "$1---\n"),
    );
    const kinds = objects.map((one) => (one.toJS() as { kind: string }).kind);
    assert.deepEqual(kinds.slice(-5), ["Namespace", "Secret", "ModuleConfig", "NodeGroup", "Deployment"]);
    assert.match(
      Buffer.from(/cluster-configuration.yaml: (\S+)/.exec(place.read("input"))?.[1] ?? "", "base64").toString(),
      /clusterType: Static/,
    );
  });

  it("says what kubectl says when it fails", () => {
    place.program("broken", "echo 'connection refused' >&2; exit 1");
    const cluster = { kubectl: place.path("broken"), kubeconfig: place.path("admin.conf"), definitions: [] };
    assert.throws(() => uidOf(cluster), /kubectl get: connection refused/);
  });
});
