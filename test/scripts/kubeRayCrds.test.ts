import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeKubectl, runScript } from "./clusterScript";

const settings = { chart: "kuberay-operator", repository: "https://charts.lan", version: "1.6.2", namespace: "ks" };

describe("kuberay-crds.sh, with made tools", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  interface Cluster {
    readonly there?: boolean;
    /** Label of the operator that runs. */
    readonly runs?: string;
    readonly refuses?: boolean;
  }

  const upgrade = async ({ there = true, runs = "", refuses = false }: Cluster, { helm = true } = {}) => {
    makeKubectl(
      place,
      `*"get customresourcedefinition"*) ${there ? "echo customresourcedefinition/rayservices.ray.io" : ":"} ;;
*"get deployment"*) printf '%s' '${runs}' ;;
*apply*) cat "$(printf '%s' "$*" | sed 's/.* -f //')" >${place.path("applied")}; ${refuses ? "echo forbidden >&2; exit 1" : ":"} ;;`,
    );
    if (helm)
      place.program(
        "bin/helm",
        `printf 'helm %s\\n' "$*" >>${place.path("calls")}; echo 'kind: CustomResourceDefinition'`,
      );
    return runScript(place, ["kubeRayCrds", "upgrade"], settings);
  };

  it("leaves a cluster without definitions to Helm, and needs no helm for that", async () => {
    const { code, out, calls } = await upgrade({ there: false }, { helm: false });
    assert.deepEqual([code, out], [0, "Helm installs them\n"]);
    assert.doesNotMatch(calls, /apply/);
  });

  it("does nothing where the operator is of this version", async () => {
    const { code, calls } = await upgrade({ runs: "kuberay-operator-1.6.2" }, { helm: false });
    assert.equal(code, 0);
    assert.doesNotMatch(calls, /apply/);
  });

  it("applies the chart's own definitions by the server where another version runs, or was left behind", async () => {
    for (const runs of ["kuberay-operator-1.5.1", ""]) {
      const { code, calls } = await upgrade({ runs });
      assert.equal(code, 0);
      assert.match(calls, /helm show crds kuberay-operator --repo https:\/\/charts\.lan --version 1\.6\.2\n/);
      assert.match(calls, /apply --server-side --force-conflicts -f /);
      assert.equal(place.read("applied"), "kind: CustomResourceDefinition\n");
    }
  });

  it("says what to do without helm, and shows why a cluster refuses", async () => {
    const without = await upgrade({ runs: "kuberay-operator-1.5.1" }, { helm: false });
    assert.equal(without.code, 3);
    assert.match(
      without.err,
      /found: +no helm\n.*\n +fix: +install it, or run: helm show crds kuberay-operator --repo/,
    );
    const refused = await upgrade({ refuses: true });
    assert.equal(refused.code, 3);
    assert.match(refused.err, /forbidden\n[\s\S]*checked: +the cluster/);
  });
});
