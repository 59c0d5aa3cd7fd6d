import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { isWrapped, record } from "./mocks";
import { settle } from "./settle";

class Holder extends pulumi.ComponentResource {
  constructor(name: string, child: (parent: pulumi.Resource) => void) {
    super("tokenrack:index:LocalRay", name);
    child(this);
    this.registerOutputs({});
  }
}

class Thing extends pulumi.CustomResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs, parent: pulumi.Resource) {
    super(type, name, inputs, { parent });
  }
}

describe("the mocks", () => {
  it("refuse a resource type they do not know", async () => {
    const recorder = await record({ preview: false });
    const holder = new Holder("holder", (parent) => {
      new Thing("aws:s3/bucket:Bucket", "bucket", {}, parent);
    });
    await assert.rejects(settle(recorder, holder), /does not know the resource type aws:s3\/bucket:Bucket \(bucket\)/);
  });

  it("refuse an invoke", async () => {
    const recorder = await record({ preview: false });
    await assert.rejects(pulumi.runtime.invoke("aws:index:getRegion", {}));
    await assert.rejects(recorder.refused, /does not know the invoke aws:index:getRegion/);
  });

  it("tell a secret input from a plain one", async () => {
    const recorder = await record({ preview: false });
    const input = { create: "true", stdin: pulumi.secret("hidden"), dir: "/" };
    const holder = new Holder("holder", (parent) => {
      new Thing("command:local:Command", "one", input, parent);
    });
    await settle(recorder, holder);
    const { inputs } = recorder.get("one");
    assert.deepEqual([isWrapped(inputs["stdin"]), isWrapped(inputs["dir"])], [true, false]);
  });
});
