import assert from "node:assert/strict";
import { houseOf, type House } from "../../cli/house";
import { addedConfig, committedConfig, configEntries, pinnedPorts, planStack } from "../../cli/profile";
import { ProfileError, UserError } from "../../config/errors";
import { portDefaults } from "../../config/schema";
import { messageOf } from "../config/stacks";
import { Place } from "../support/fixtures";

const local = { platform: { kind: "local", accelerator: "cpu" }, models: [{ source: "builtin:tiny-llama" }] };
const ports = { ...portDefaults, gateway: 18080 };

describe("the stack file under npm start", () => {
  let place: Place;
  let house: House;
  beforeEach(() => {
    place = new Place();
    house = houseOf(place.directory);
  });
  afterEach(() => place.remove());

  const plan = (committed: Record<string, unknown>, model?: string) =>
    planStack("local", committed, addedConfig("local", { ports, model }, "/gateway.js", house));

  it("gives its own keys, without the namespace and without those of others", () => {
    place.write("Pulumi.local.yaml", "config:\n  tokenrack:platform: { kind: local }\n  aws:region: here\n");
    assert.deepEqual(committedConfig("local", house), { platform: { kind: "local" } });
    place.write("Pulumi.empty.yaml", "");
    assert.deepEqual(committedConfig("empty", house), {});
  });

  it("is missed, or not understood, in words for the user", () => {
    place.write("Pulumi.broken.yaml", "config: [");
    place.write("Pulumi.list.yaml", "config: []");
    const cases = [
      ["none", /^UserError: no stack file .*Pulumi\.none\.yaml\n {2}fix: /],
      ["broken", /^UserError: .*Pulumi\.broken\.yaml is not YAML\n {2}found: /],
      ["list", /^UserError: .*Pulumi\.list\.yaml has no map under `config:`/],
    ] as const;
    for (const [stack, message] of cases)
      assert.match(
        messageOf(() => committedConfig(stack, house)),
        message,
      );
    assert.throws(() => committedConfig("none", house), UserError);
  });

  it("pins the ports it names, and no others", () => {
    assert.deepEqual(pinnedPorts({ ports: { gateway: 9000, rayGcs: 9001 } }), { gateway: 9000, rayGcs: 9001 });
    assert.deepEqual(pinnedPorts({}), {});
    assert.deepEqual(pinnedPorts({ ports: null }), {});
  });

  it("is planned with the chosen ports and this checkout's directories", () => {
    const { local: where, gateway } = plan(local);
    assert.deepEqual([where.ports, gateway.port], [ports, 18080]);
    assert.deepEqual(where.paths, {
      run: place.path(".tokenrack", "run", "local"),
      cache: place.path(".tokenrack", "cache"),
      gatewayBundle: "/gateway.js",
    });
  });

  it("gives way to --model, with all it says of its own model", () => {
    const committed = { ...local, models: [{ source: "builtin:tiny-llama", name: "mine", contextTokens: 128 }] };
    assert.deepEqual(
      plan(committed).models.map(({ name, maxModelLen }) => [name, maxModelLen]),
      [["mine", 128]],
    );
    place.write("model/config.json", "{}");
    const [model, ...more] = plan(committed, place.path("model")).models;
    assert.deepEqual([model.name, model.kind, model.source, more], ["model", "directory", place.path("model"), []]);
  });

  it("shows the faults of its own ports and paths, although a start adds others", () => {
    const faultsOf = (committed: Record<string, unknown>): string[] => {
      try {
        plan(committed);
      } catch (error) {
        if (error instanceof ProfileError) return error.faults.map(({ path }) => path);
      }
      return [];
    };
    assert.deepEqual(faultsOf({ ...local, ports: { gatway: 9000 } }), ["ports.gatway"]);
    assert.deepEqual(faultsOf({ ...local, ports: { gateway: 80 }, gateway: { bodyMib: 0 } }), [
      "gateway.bodyMib",
      "ports.gateway",
    ]);
    assert.deepEqual(faultsOf({ ...local, ports: 8080, paths: { cache: "here" } }), ["ports", "paths.cache"]);
    assert.deepEqual(faultsOf({ ...local, ports: null }), []);
    assert.deepEqual(faultsOf({ ...local, ports: { gateway: 18080 } }), []);
  });

  it("is refused when it is for another place than this machine", () => {
    const message = messageOf(() => plan({ platform: { kind: "existing" }, pools: [] }));
    assert.match(
      message,
      /^UserError: stack local is of kind existing, and this command brings up this machine\n {2}fix: /,
    );
  });

  it("reaches the engine as plain entries that win over the file", () => {
    assert.deepEqual(configEntries({ ports }), { ports: { value: ports, secret: false, override: true } });
  });
});
