import assert from "node:assert/strict";
import { complete } from "../../../cli/preview/complete";
import { committedConfig } from "../../../cli/profile";
import { ProfileError } from "../../../config/errors";
import { parseProfile, parseStack } from "../../../config/parse";
import { secretKeys } from "../../../config/schema";
import { changed, proxmoxSecrets } from "../../config/stacks";
import { homelab } from "../../program/homelab";

const filled = (raw: Record<string, unknown>, secrets: Record<string, string> = {}, hidden: string[] = []) =>
  complete("x", parseProfile(raw, { stack: "x" }), raw, secrets, hidden);

describe("placeholders of a preview", () => {
  for (const stack of ["homelab", "a100", "qwen3-235b", "local"])
    it(`make the committed stack ${stack} one that the program takes`, () => {
      const { keys, secrets } = filled(committedConfig(stack));
      parseStack({ ...keys, ...secrets }, { stack: "x" });
    });

  it("are named, each secret and each key", () => {
    const { secretPlaceholders, keyPlaceholders } = filled(committedConfig("homelab"));
    for (const key of Object.keys(proxmoxSecrets)) assert.ok(secretPlaceholders.includes(key), key);
    assert.ok(secretPlaceholders.every((key) => secretKeys.includes(key)));
    assert.deepEqual(keyPlaceholders, [
      "platform.endpoint",
      "platform.image",
      "cluster.publicDomainTemplate",
      "ingress.host",
      "hosts[*].ssh.hostKey (10)",
    ]);
  });

  it("stand for nothing that is there, and for secrets that cannot be read", () => {
    const raw = Object.fromEntries(Object.entries(homelab()).filter(([key]) => !(key in proxmoxSecrets)));
    const { keyPlaceholders, secretPlaceholders, secrets } = filled(raw, proxmoxSecrets, ["hfToken"]);
    assert.deepEqual([keyPlaceholders, secretPlaceholders], [[], ["hfToken"]]);
    assert.equal(secrets["rayToken"], proxmoxSecrets.rayToken);
  });

  it("are the same in every preview", () => {
    assert.deepEqual(filled(committedConfig("homelab")), filled(committedConfig("homelab")));
  });

  it("hide no fault: what nobody can stand in for is told", () => {
    const secrets = { ...proxmoxSecrets, proxmoxApiToken: "root@pam!CANARY=00000000-0000-0000-0000-000000000000" };
    const raw = changed(committedConfig("homelab"), "platform.endpoint", "https://pve1.lan:8006");
    assert.throws(
      () => filled(raw, secrets),
      (error) =>
        error instanceof ProfileError && error.faults[0]?.path === "proxmoxApiToken" && !/CANARY/.test(error.message),
    );
  });
});
