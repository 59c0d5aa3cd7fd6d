import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { accessOf, ambientKubeconfig, parseKubeconfig } from "../../../../engine/standins/kubernetes/kubeconfig";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const config = (user: object, cluster: object = {}, context: object = {}): string =>
  JSON.stringify({
    "current-context": "one",
    clusters: [
      { name: "c", cluster: { server: "https://a:6443", ...cluster } },
      { name: "other", cluster: { server: "https://b:6443" } },
    ],
    users: [{ name: "u", user }],
    contexts: [
      { name: "one", context: { cluster: "c", user: "u", ...context } },
      { name: "two", context: { cluster: "other", user: "u" } },
    ],
  });

describe("kubernetes stand-in: kubeconfig", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack kubeconfig-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("is read from its content, as JSON or YAML, and from a file", () => {
    const content = config({ token: "t" }, { "certificate-authority-data": base64("CA") }, { namespace: "here" });
    const file = path.join(dir, "config");
    writeFileSync(file, content);
    for (const given of [content, `# yaml\n${content}`, file]) {
      const access = accessOf(parseKubeconfig(given), {});
      assert.deepEqual(
        [access.server, access.ca, access.token, access.namespace],
        ["https://a:6443", "CA", "t", "here"],
      );
    }
    assert.equal(parseKubeconfig(file).file, file);
    assert.equal(parseKubeconfig(content).file, undefined);
  });

  it("finds files beside itself, and tokens without their newline", () => {
    writeFileSync(path.join(dir, "ca.pem"), "CA");
    writeFileSync(path.join(dir, "token"), "secret\n");
    writeFileSync(path.join(dir, "config"), config({ tokenFile: "token" }, { "certificate-authority": "ca.pem" }));
    const access = accessOf(parseKubeconfig(path.join(dir, "config")), {});
    assert.deepEqual([access.ca, access.token], ["CA", "secret"]);
  });

  it("runs a credential plugin", () => {
    const credential = JSON.stringify({ status: { token: "from exec" } });
    const exec = {
      command: "sh",
      args: ["-c", `echo "$CREDENTIAL"`],
      env: [{ name: "CREDENTIAL", value: credential }],
    };
    assert.equal(accessOf(parseKubeconfig(config({ exec })), {}).token, "from exec");
    const failing = parseKubeconfig(config({ exec: { command: "sh", args: ["-c", "exit 3"] } }));
    assert.throws(() => accessOf(failing, {}), /exec: executable sh failed with exit code 3/);
  });

  it("lets the provider's arguments choose context and cluster", () => {
    const parsed = parseKubeconfig(config({}));
    assert.equal(accessOf(parsed, { context: "two" }).server, "https://b:6443");
    assert.equal(accessOf(parsed, { cluster: "other" }).server, "https://b:6443");
    assert.throws(() => accessOf(parsed, { context: "nope" }), /context "nope" does not exist/);
    assert.throws(() => accessOf(parsed, { cluster: "nope" }), /cluster "nope" does not exist/);
  });

  it("says what is missing or not implemented", () => {
    assert.throws(() => parseKubeconfig("garbage"), /couldn't get version\/kind; json parse error/);
    assert.throws(() => accessOf(undefined, {}), /no configuration has been provided/);
    assert.throws(() => accessOf(parseKubeconfig("{}"), {}), /no configuration has been provided/);
    assert.throws(
      () => accessOf(parseKubeconfig(config({ username: "u", password: "p" })), {}),
      /does not implement username in a kubeconfig/,
    );
    assert.throws(
      () => accessOf(parseKubeconfig(config({}, { "proxy-url": "http://proxy" })), {}),
      /does not implement proxy-url/,
    );
  });

  it("is found where kubectl finds it", () => {
    const file = path.join(dir, "config");
    writeFileSync(file, config({}));
    assert.equal(ambientKubeconfig({ KUBECONFIG: file })?.file, file);
    assert.equal(ambientKubeconfig({ HOME: dir }), undefined);
    assert.throws(() => ambientKubeconfig({ KUBECONFIG: `${file}:${file}` }), /several files/);
  });
});
