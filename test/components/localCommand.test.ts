import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { LocalRay } from "../../components";
import { commandLine, localCommand, resultField } from "../../components/localCommand";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

describe("the command line of a verb", () => {
  it("names the file whatever its path holds", () => {
    const line = commandLine("verb", '/a b/it\'s $HOME `id` "x"/main.ts');
    assert.equal(line, `node --import tsx '/a b/it'\\''s $HOME \`id\` "x"/main.ts' verb`);
  });
});

class Owner extends pulumi.ComponentResource {
  readonly field: pulumi.Output<string>;

  constructor(secrets?: pulumi.Input<object>) {
    super(LocalRay.type, "owner");
    const input = pulumi.output("b").apply((b) => ({ b }));
    const args = { create: "make", input, ...(secrets === undefined ? {} : { secrets }) };
    this.field = resultField(localCommand("made", args, this), "count");
    this.registerOutputs({});
  }
}

for (const preview of [false, true])
  describe(`localCommand in ${preview ? "a preview" : "an up"}`, () => {
    const owner = async (stdout: string, secrets?: pulumi.Input<object>): Promise<{ it: Owner; inputs: object }> => {
      const recorder = await record({ preview, outputs: () => ({ stdout }) });
      const it = new Owner(secrets);
      await settle(recorder, it);
      return { it, inputs: recorder.get("made").inputs };
    };

    it("wraps secrets even when they come in the clear", async () => {
      const { inputs } = await owner("{}", { password: "plain" });
      const stdin: unknown = Reflect.get(inputs, "stdin");
      assert.ok(isWrapped(stdin));
      assert.equal(stdin.value, '{"password":"plain"}');
    });

    it("leaves out what was not given", async () => {
      const { inputs } = await owner("{}");
      assert.deepEqual(
        ["delete", "stdin", "triggers"].filter((name) => name in inputs),
        [],
      );
      assert.deepEqual(Reflect.get(inputs, "environment"), { TOKENRACK_INPUT: '{"b":"b"}' });
    });

    it("reads a field of the result as text", async () => {
      const { it } = await owner('{"count":7}');
      assert.equal(await valueOf(it.field), preview ? undefined : "7");
    });
  });
