import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../config/errors";
import { stackProgram } from "../../stackProgram";
import { changed, existing, proxmox, proxmoxSecrets, secrets } from "../config/stacks";
import { record } from "../support/mocks";
import { requestsDone } from "../support/settle";

const rented = { ...existing, ...secrets, kubeconfig: "clusters: []\nusers: []\ncontexts: []" };

function configure(values: Record<string, unknown>): void {
  const texts = Object.entries(values).map(([key, value]) => [
    `tokenrack:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const names = Object.keys({ ...proxmoxSecrets, ...rented }).map((key) => `tokenrack:${key}`);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    names.filter((name) => typeof values[name.replace("tokenrack:", "")] === "string"),
  );
}

describe("a stack on a cluster", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    [
      "on Proxmox is planned, and then there is no bring-up",
      { ...proxmox, ...proxmoxSecrets },
      /kind proxmox, which this version plans but does not bring up\n {2}fix: /,
    ],
    ["that exists is planned, and then there is no bring-up", rented, /kind existing, which this version plans/],
    [
      "stops before that at a fault of its plan",
      changed(rented, "models[0].tensorParallel", 8),
      /models\[0\]\.tensorParallel: found TP 8/,
    ],
    [
      "looks for the config.json that it names",
      changed(rented, "models[0].config", "/no/such/config.json"),
      /models\[0\]\.config: found \/no\/such\/config\.json, which cannot be read/,
    ],
  ];
  for (const [what, stack, message] of cases)
    it(what, async () => {
      const recorder = await record({ preview: false });
      configure(stack);
      assert.throws(stackProgram, (error) => error instanceof UserError && message.test(error.message));
      await requestsDone();
      assert.deepEqual(recorder.registered, []);
    });
});
