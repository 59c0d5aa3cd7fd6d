import assert from "node:assert/strict";
import { parse } from "yaml";
import { encodePasswordHash, rewriteServer } from "../../../render/deckhouse";

const admin = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:6445
  name: kubernetes
users: [{ name: kubernetes-admin, user: { client-key-data: S0VZ } }]
`;

describe("rewriteServer", () => {
  it("changes the server and nothing else", () => {
    const before = parse(admin) as { clusters: { cluster: { server: string } }[] };
    const after = parse(rewriteServer(admin, "192.168.3.51")) as typeof before;
    assert.equal(after.clusters[0]?.cluster.server, "https://192.168.3.51:6443");
    assert.deepEqual({ ...after, clusters: [] }, { ...before, clusters: [] });
  });

  it("says nothing of a text that is no kubeconfig", () => {
    for (const text of ["CANARY", "clusters: []", "clusters: [CANARY]", "a: [CANARY"]) {
      assert.throws(() => rewriteServer(text, "x"), /^Error: the master's admin\.conf is no kubeconfig$/);
    }
  });
});

describe("encodePasswordHash", () => {
  it("gives base64 of the bare hash, whichever form it came in", () => {
    const hash = "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    const expected = Buffer.from(hash).toString("base64");
    assert.equal(encodePasswordHash(hash), expected);
    assert.equal(encodePasswordHash(`${hash}\n`), expected);
    assert.equal(encodePasswordHash(Buffer.from(`${hash}\n\n`).toString("base64")), expected);
  });
});
