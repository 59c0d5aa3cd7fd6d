import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { versions } from "../../catalog/versions";
import { findCoreDns, findHelm, findKubernetes } from "../../engine/kubernetesTools";
import type { BuildOptions } from "../../engine/goBuild";

describe("engine/kubernetesTools: programs for a cluster", () => {
  let dir: string;
  let bin: string;
  let options: BuildOptions;

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack tools-"));
    bin = path.join(dir, "bin");
    mkdirSync(bin);
    options = { cacheDir: path.join(dir, "cache"), env: { PATH: bin, HOME: dir }, progress: () => undefined };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const script = (file: string, body: string): void => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  };
  /** A `go` that notes its arguments and writes its `-o` argument as a program that prints `says`. */
  const fakeGo = (says: string): string => {
    const noted = path.join(dir, "noted");
    const write = `while [ "$1" != -o ]; do shift; done; /bin/mkdir -p "\${2%/*}"`;
    const program = `printf '#!/bin/sh\\necho ${says}\\n' > "$2"; /bin/chmod +x "$2"`;
    script(path.join(bin, "go"), `echo "$@" > '${noted}'; ${write}; ${program}`);
    return noted;
  };

  it("are built once, with their version in them", async () => {
    const noted = fakeGo(`Kubernetes v${versions.kubernetes}`);
    const command = await findKubernetes("kube-apiserver", options);
    assert.equal(command, path.join(options.cacheDir, "kube-apiserver", versions.kubernetes, "bin", "kube-apiserver"));
    const args = readFileSync(noted, "utf8");
    assert.match(args, /k8s\.io\/kubernetes\/cmd\/kube-apiserver\n$/);
    assert.ok(args.includes(`-X k8s.io/component-base/version.gitVersion=v${versions.kubernetes}`), args);
    rmSync(noted);
    assert.equal(await findKubernetes("kube-apiserver", options), command);
    assert.deepEqual(readdirSync(dir).includes("noted"), false);
  });

  it("are not kept when they are another version", async () => {
    fakeGo("Kubernetes v1.2.3");
    await assert.rejects(findKubernetes("kubelet", options), /kubelet [^]*it calls itself 1\.2\.3, expected/);
    assert.deepEqual(readdirSync(path.join(options.cacheDir, "kubelet")), []);
  });

  it("CoreDNS is built from the few plugins of our own module", async () => {
    const noted = fakeGo(`CoreDNS-${versions.coreDns}`);
    const command = await findCoreDns(options);
    assert.equal(command, path.join(options.cacheDir, "coredns", versions.coreDns, "bin", "coredns"));
    assert.match(readFileSync(noted, "utf8"), / \.\n$/);
  });

  it("cannot be had without Go, which is said with the fix", async () => {
    await assert.rejects(findKubernetes("kubectl", options), /no `go` on PATH to build it with\nFix: install Go 1\.26/);
  });

  it("Helm on PATH is taken when it is new enough", async () => {
    fakeGo(`v${versions.helm}`);
    script(path.join(bin, "helm"), "echo v3.13.0+g123");
    assert.equal(await findHelm(options), path.join(bin, "helm"));
    for (const other of ["v3.12.9", "v4.0.0", "nothing"]) {
      script(path.join(bin, "helm"), `echo ${other}`);
      assert.equal(await findHelm(options), path.join(options.cacheDir, "helm", versions.helm, "bin", "helm"));
    }
  });
});
