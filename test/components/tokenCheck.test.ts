import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { findTokenFault, tokenHook } from "../../components/tokenCheck";
import { holds, missingPrivileges, neededPrivileges, type Permissions } from "../../components/tokenPrivileges";
import type { FleetPlan } from "../../plan/site";
import { exampleToken, TOKEN_PRIVILEGES, tokenText } from "../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../sim/proxmox/server";
import type { AclEntry } from "../../sim/proxmox/world";
import { startSim } from "../sim/proxmox/harness";
import { record } from "../support/mocks";
import { gpuVm, master, site, worker } from "./vms";

const fleet: FleetPlan = {
  api: { endpoint: "https://pve1.lan:8006", allowInsecureTls: false },
  ...{ site, imageStorage: "local", imageShared: false, pool: "tokenrack-homelab", protectedPools: [] },
};
const placement = { vms: [master, worker, gpuVm], hosts: [], spareGpus: [], warnings: [] };
const needs = neededPrivileges(fleet, placement);
const apiToken = tokenText(exampleToken());
const names = (all: typeof needs): string[] => [...new Set(all.map(({ privilege }) => privilege[0]))].sort();

describe("what a stack needs of its API token", () => {
  const docs = readFileSync(join(__dirname, "..", "..", "docs", "proxmox.md"), "utf8");

  it("is what docs/proxmox.md lists, and what the simulated token has", () => {
    const listed = /pveum role add Tokenrack --privs "([^"]+)"/.exec(docs)?.[1]?.split(" ") ?? [];
    assert.deepEqual(names(needs), listed.toSorted());
    assert.deepEqual(names(needs), TOKEN_PRIVILEGES.toSorted());
  });

  it("has no mappings where there are no GPUs", () => {
    const plain = neededPrivileges(fleet, { ...placement, vms: [master] });
    assert.deepEqual(
      names(needs).filter((name) => !names(plain).includes(name)),
      ["Mapping.Audit", "Mapping.Modify", "Mapping.Use"],
    );
  });

  it("holds below the path that it was given on, unless that says not, and a nearer entry decides", () => {
    const permissions: Permissions = { "/": { A: 1, B: 0 }, "/vms": { A: 1 }, "/vms/100": { C: 1 }, "/pool": { C: 1 } };
    const held = ["A /", "B /", "A /nodes/x", "A /vms/7", "C /vms/100", "C /pool/p"];
    const not = ["B /nodes", "A /vms/100", "C /vms/1000", "C /poolside", "D /"];
    const asked = (text: string): boolean => {
      const [privilege = "", path = ""] = text.split(" ");
      return holds(permissions, path, privilege);
    };
    assert.deepEqual([held.filter(asked), not.filter(asked)], [held, []]);
  });

  it("is met on the VMs by what the pool has, and says where it is not", () => {
    const all = Object.fromEntries(TOKEN_PRIVILEGES.map((name) => [name, 1]));
    const without = (name: string): Record<string, number> =>
      Object.fromEntries(Object.entries(all).filter(([other]) => other !== name));
    const missing = (permissions: Permissions): string[] =>
      missingPrivileges(needs, permissions).map(({ privilege, where }) => `${privilege[0]} ${where}`);
    assert.deepEqual(missing({ "/": all }), []);
    assert.deepEqual(missing({ "/": without("VM.Allocate"), "/pool/tokenrack-homelab": all }), []);
    assert.deepEqual(missing({ "/": without("VM.Allocate") }), ["VM.Allocate /vms"]);
    const pool = { "Pool.Allocate": 1, "Pool.Audit": 1 };
    assert.deepEqual(missing({ "/": all, "/pool": pool, "/vms/12000": without("VM.Audit") }), ["VM.Audit /vms/12000"]);
    assert.deepEqual(missing({ "/": all, "/sdn/zones": {} }), ["SDN.Use /sdn/zones/localnetwork/vmbr1/7"]);
    // Its name before Proxmox 9.
    assert.deepEqual(missing({ "/": { ...without("VM.GuestAgent.Audit"), "VM.Monitor": 1 } }), []);
    assert.equal(missing({}).length, needs.length);
  });
});

describe("components/tokenCheck, against the simulator", () => {
  let sim: ProxmoxSim;
  afterEach(() => sim.close());
  const begin = async (acl: readonly AclEntry[], version = "9.0.10"): Promise<string | undefined> => {
    sim = await startSim({ version, tokens: [{ ...exampleToken(), acl }] });
    return findTokenFault({ endpoint: sim.endpoint, caCert: sim.caCert, apiToken }, needs);
  };
  const on = (path: string, ...without: readonly string[]): AclEntry => ({
    path,
    privileges: TOKEN_PRIVILEGES.filter((name) => !without.includes(name)),
  });

  it("asks one question where all is granted", async () => {
    assert.equal(await begin([on("/")]), undefined);
    assert.deepEqual(
      sim.requests.map(({ path }) => path),
      ["access/permissions"],
    );
  });

  it("names all that is missing at once, and the commands that grant it", async () => {
    assert.equal(
      await begin([on("/", "SDN.Use", "Mapping.Use"), on("/storage/ceph", "Datastore.AllocateSpace")]),
      `proxmoxApiToken: found tokenrack@pve!stack without 3 of the ${needs.length} privileges that this stack needs ` +
        "(Datastore.AllocateSpace on /storage/ceph, Mapping.Use on /mapping/pci, SDN.Use on /sdn/zones/localnetwork/vmbr1/7); " +
        "expected all of docs/proxmox.md; fix: on a Proxmox host, as root: " +
        'pveum role modify Tokenrack --append 1 --privs "Datastore.AllocateSpace Mapping.Use SDN.Use" && ' +
        "pveum acl modify / --users tokenrack@pve --tokens 'tokenrack@pve!stack' --roles Tokenrack",
    );
  });

  it("knows the older name on Proxmox 8, and a token that may do nothing", async () => {
    assert.match((await begin([on("/", "VM.GuestAgent.Audit")], "8.4.1")) ?? "", /--append 1 --privs "VM\.Monitor" &&/);
    await sim.close();
    const none = await begin([]);
    assert.match(
      none ?? "",
      /without (\d+) of the \1 privileges.*pveum role add Tokenrack --privs "Datastore\.Allocate /,
    );
  });

  it("as a hook stops what it runs before, and never shows the token", async () => {
    await begin([on("/", "Sys.Modify")]);
    const recorder = await record({ preview: false });
    const { endpoint, caCert } = sim;
    const args = (token: string) => ({ endpoint, caCert, apiToken: pulumi.secret(token) });
    tokenHook("token", args(apiToken), needs);
    tokenHook("other", args(`${exampleToken().id}=canary`), needs);
    while (recorder.hooks.size < 2) await new Promise((done) => setImmediate(done));
    const run = async (name: string): Promise<void> =>
      recorder.hooks.get(name)?.({ urn: "u", id: "", name: "proxmox", type: "t" });
    await assert.rejects(run("token"), /Sys\.Modify on \/\); .*Nothing was changed\.$/);
    await assert.rejects(run("other"), {
      message: "Proxmox refused to say what the API token may do: 401 invalid token value!",
    });
    assert.deepEqual(sim.writes, []);
  });
});
