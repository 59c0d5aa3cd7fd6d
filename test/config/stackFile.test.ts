import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { parseStack } from "../../config/parse";
import { profileFromYaml, stackConfig } from "../../config/stackFile";
import { changed, messageOf, proxmox, proxmoxSecrets } from "./stacks";

const read = (stack: string): string => readFileSync(join(__dirname, "../..", `Pulumi.${stack}.yaml`), "utf8");
const asFile = (stack: object): string =>
  stringify({ config: Object.fromEntries(Object.entries(stack).map(([key, value]) => [`tokenrack:${key}`, value])) });

describe("a stack file", () => {
  it("gives the keys of our namespace", () => {
    const text = "config:\n  tokenrack:platform: { kind: local }\n  aws:region: here\n";
    assert.deepEqual(stackConfig(text, "x"), { platform: { kind: "local" } });
    assert.deepEqual(stackConfig("", "x"), {});
  });

  it("is refused in words when it is none", () => {
    assert.match(
      messageOf(() => stackConfig("config: [", "x.yaml")),
      /^UserError: x\.yaml is not YAML\n {2}found: /,
    );
    assert.match(
      messageOf(() => stackConfig("config: []", "x.yaml")),
      /^UserError: x\.yaml has no map under `config:`/,
    );
  });

  it("is a Profile without any secret, and with encrypted ones", () => {
    const sealed = Object.fromEntries(Object.keys(proxmoxSecrets).map((key) => [key, { secure: "v1:abc:def" }]));
    const bare = profileFromYaml(asFile(proxmox), "two");
    assert.equal(bare.stack, "two");
    assert.deepEqual(profileFromYaml(asFile({ ...proxmox, ...sealed }), "two"), bare);
  });

  it("4: is refused with a secret in plain text, besides all else", () => {
    const text = asFile(changed({ ...proxmox, proxmoxApiToken: "CANARY" }, "hosts[0].reboot", "yes"));
    const message = messageOf(() => profileFromYaml(text, "two"));
    assert.match(message, /2 faults:\n {2}hosts\[0\]\.reboot: /);
    assert.match(
      message,
      /proxmoxApiToken: found a secret in plain text in the stack file; expected a value set with `--secret`; fix: make a new one and set it with `pulumi config set --secret tokenrack:proxmoxApiToken`: the old one has been seen$/,
    );
    assert.ok(!message.includes("CANARY"));
  });
});

/** What a user has to put in before a bring-up, besides secrets: paths of the faults. */
const needed: Readonly<Record<string, readonly string[]>> = {
  homelab: [
    "platform.endpoint",
    "platform.image",
    ...Array.from({ length: 10 }, (_, host) => `hosts[${host}].ssh.hostKey`),
    "cluster.publicDomainTemplate",
    "cephKeys",
    "ingress.host",
  ],
  a100: ["ingress.host"],
  "qwen3-235b": ["ingress.host"],
};

describe("the committed stacks", () => {
  for (const [stack, faults] of Object.entries(needed)) {
    it(`${stack} is a Profile as it is, and cannot be brought up before it is filled in`, () => {
      const text = read(stack);
      assert.equal(profileFromYaml(text, stack).stack, stack);
      const raw = {
        ...stackConfig(text, stack),
        ...proxmoxSecrets,
        kubeconfig: "clusters: []\nusers: []\ncontexts: []",
      };
      const kind = stack === "homelab" ? "kubeconfig" : /^(proxmox|hostSsh|nodeSsh)/;
      const own = Object.entries(raw).filter(([key]) => (typeof kind === "string" ? key !== kind : !kind.test(key)));
      const paths = messageOf(() => parseStack(Object.fromEntries(own), { stack })).matchAll(/^ {2}([\w.[\]]+): /gm);
      assert.deepEqual(
        [...paths].map(([, path]) => path),
        faults,
      );
    });
  }

  it("hold no secret", () => {
    for (const stack of Object.keys(needed)) assert.ok(!/secure:|PRIVATE KEY|\$2[aby]\$/.test(read(stack)), stack);
  });
});
