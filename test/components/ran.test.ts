import assert from "node:assert/strict";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ran } from "../../components/ran";
import { record } from "../support/mocks";
import { valueOf } from "../support/settle";

describe("ran", () => {
  const read = (text: string): string => text.trim();

  it("leaves what a command said as it is", async () => {
    await record({ preview: false, outputs: () => ({ stdout: " said " }) });
    const command = new local.Command("made", { create: "true" });
    assert.equal(await valueOf(ran(command).stdout.apply(read)), "said");
  });

  it("takes what a command without an id said for unknown, so that nothing reads it", async () => {
    await record({ preview: false, outputs: () => ({}) });
    const command = new local.Command("never", { create: "true" });
    Object.assign(command, { id: pulumi.output(pulumi.unknown) });
    await assert.rejects(valueOf(command.stdout.apply(read)), TypeError);
    assert.equal(await valueOf(ran(command).stdout.apply(read)), undefined);
  });
});
