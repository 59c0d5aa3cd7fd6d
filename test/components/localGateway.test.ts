import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { LocalGateway } from "../../components";
import { renderGatewayConfig } from "../../render/gatewayConfig";
import { isWrapped, record, unknown, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";
import { canaries, commandLine, common, input, leaks, otherInputs, outputs, plan, secrets } from "./cases";

for (const preview of [false, true])
  describe(`LocalGateway in ${preview ? "a preview" : "an up"}`, () => {
    let recorder: Recorder;
    let gateway: LocalGateway;
    beforeEach(async () => {
      recorder = await record({ preview, outputs });
      const { signingKey, users, firstUserPassword } = secrets();
      gateway = new LocalGateway("gateway", { plan, signingKey, users, firstUserPassword, deployed: "monday" });
      await settle(recorder, gateway);
    });

    it("registers its two commands, below itself and with no provider of its own", () => {
      const [component, ...children] = recorder.registered;
      assert.deepEqual(
        [component?.type, component?.name, component?.parent, component?.inputs],
        ["tokenrack:index:LocalGateway", "gateway", "", {}],
      );
      assert.deepEqual(
        children.map(({ type, name, parent, provider, custom }) => [type, name, parent, provider, custom]),
        ["gateway-process", "gateway-first-token"].map((name) => [
          "command:local:Command",
          name,
          component?.urn,
          "",
          true,
        ]),
      );
    });

    it("ends the process it starts, the old one first; asks again when the deployment or the process is another", () => {
      const verbs = { create: commandLine("gateway-start"), delete: commandLine("gateway-stop") };
      assert.deepEqual(otherInputs(recorder.get("gateway-process")), { ...common, ...verbs });
      assert.deepEqual(otherInputs(recorder.get("gateway-first-token")), {
        ...common,
        create: commandLine("first-token"),
        triggers: ["monday", preview ? unknown : "4711"],
      });
      assert.deepEqual(
        recorder.registered.map(({ deleteBeforeReplace }) => deleteBeforeReplace),
        [false, true, true],
      );
    });

    it("hands over what each verb asks for, and nothing else", () => {
      const { config, ...others } = input(recorder.get("gateway-process")) as Record<string, unknown>;
      assert.deepEqual(others, { runDirectory: "/house/run", bundle: "/house/gateway.js", port: 18080 });
      const signingKeys = ["/house/run/gateway/signing-key.pem"];
      const files = { signingKeys, users: "/house/run/gateway/users.json" };
      assert.deepEqual(parse(String(config)), renderGatewayConfig(plan, files));
      assert.deepEqual(input(recorder.get("gateway-first-token")), {
        endpoint: "http://127.0.0.1:18080",
        model: "tiny-llama",
        user: "admin",
        deadlineSeconds: 120,
      });
    });

    it("hands secrets over by stdin alone, as secrets", () => {
      const stdinOf = (name: string): unknown => {
        const { stdin } = recorder.get(name).inputs;
        assert.ok(isWrapped(stdin), name);
        return JSON.parse(String(stdin.value));
      };
      const { signingKey, users } = canaries;
      assert.deepEqual(stdinOf("gateway-process"), { signingKey, users });
      assert.deepEqual(stdinOf("gateway-first-token"), { password: canaries.firstUserPassword });
      for (const registration of recorder.registered) assert.deepEqual(leaks(registration), [], registration.name);
    });

    it("registers its endpoint, which is known once the token came", async () => {
      const registered = recorder.outputs.get(recorder.get("gateway").urn);
      const expected = preview ? undefined : "http://127.0.0.1:18080/v1";
      assert.deepEqual(registered, { endpoint: expected ?? unknown });
      assert.equal(await valueOf(gateway.endpoint), expected);
      const isPublic = ([name, value]: [string, unknown]): boolean => name !== "urn" && pulumi.Output.isInstance(value);
      assert.deepEqual(
        Object.entries(gateway)
          .filter(isPublic)
          .map(([name]) => name),
        ["endpoint"],
      );
    });
  });
