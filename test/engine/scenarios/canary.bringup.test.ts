import type { EngineEvent as RawEvent } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadStack } from "../../../config/load";
import type { EngineStack } from "../../../engine/engineStack";
import type { ConfigEntry } from "../../../engine/workingCopy";
import { makePlan } from "../../../plan/plan";
import { proxmoxCluster } from "../../../program/proxmox";
import { exampleToken } from "../../../sim/proxmox/exampleWorld";
import { Environment, Place } from "../../support/fixtures";
import { failure, findEngine, TestProject, type Engine } from "../harness";
import { ArgumentWatch, ca, canarySecrets, hits, licence, needlesOf, textBelow, tokenSecret } from "./canaries";
import { none, rack, Site } from "./site";

/** All that has a secret. */
const cluster = {
  publicDomainTemplate: "%s.k8s.lan",
  edition: "EE",
  users: [{ name: "admin", email: "admin@k8s.lan", accessLevel: "SuperAdmin" }],
  internalCa: { certificate: ca.certificate },
  ceph: {
    connections: [
      { name: "site", clusterId: "2bf085fc-5119-404f-bb19-820ca6a1b07e", monitors: ["192.168.2.3:6789"], user: "k8s" },
    ],
    classes: [{ name: "rbd", connection: "site", type: "RBD", pool: "kube" }],
  },
};

/**
 * Pulumi's own trace of what goes over its wires, on stderr from level 7 on and as events of severity `debug`, holds every
 * secret in the clear. Nothing of ours can change that, and no front end of ours shows either; every other line counts.
 * @see pulumi/sdk/go/common/resource/plugin/rpc.go, sdk/nodejs/runtime/resource.ts (registerResource)
 */
const pulumiTraces: readonly RegExp[] = [
  /^\{"time":"[^"]*","level":"INFO","msg":"(?:(?:Unm|M)arshaling property for RPC|Planner decided|RegisterResource RPC|eventSink::Debug\()/,
  /^\{"sequence":\d+,"timestamp":\d+,"diagnosticEvent":\{"prefix":"debug: ","message":"RegisterResource RPC/,
];

/** Each test goes on from the one before. The configuration is the engine's own, so that it knows the secrets. */
describe("a site with a canary in every secret", function () {
  this.timeout(300_000);
  let engine: Engine;
  let site: Site;
  let project: TestProject;
  let watch: ArgumentWatch;
  let secrets: Readonly<Record<string, string>>;
  let needles: Readonly<Record<string, readonly string[]>>;
  const place = new Place();
  const environment = new Environment();
  /** Everything that was said: logs, events, errors. */
  let said = "";
  let printed = "";
  let logged = "";

  before(async function () {
    this.timeout(31 * 60_000);
    const found = await findEngine("command", "proxmoxve");
    // The Automation API has no `--json`.
    const cli = place.program(
      "bin/pulumi",
      `case $1 in preview) set -- "$@" --json ;; esac\nexec '${found.cli.command}' "$@"`,
    );
    engine = { ...found, cli: { ...found.cli, command: cli } };
    site = await Site.start(undefined, { tokens: [{ ...exampleToken(), secret: tokenSecret }] });
    site.master.change((world) => (world.licence = licence));
    secrets = canarySecrets(place, site.master.key);
    needles = needlesOf(secrets);
    environment.set("TMPDIR", place.make("tmp"));
    project = new TestProject(engine);
    watch = await ArgumentWatch.start(Object.values(needles).flat());
  });
  after(async () => {
    environment.restore();
    await watch.end();
    project.remove();
    await site.end();
    place.remove();
  });

  function open(change: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}): Promise<EngineStack> {
    const keys = { ...rack(site), cluster, ingress: { host: "llm.lan", tlsIssuer: "internal-ca" } };
    const open = Object.entries(keys).map(([key, value]): [string, ConfigEntry] => [key, { secret: false, value }]);
    const hidden = Object.entries({ ...secrets, ...change }).map(([key, value]): [string, ConfigEntry] => [
      key,
      { secret: true, value },
    ]);
    const config = Object.fromEntries([...open, ...hidden].map(([key, entry]) => [`tokenrack:${key}`, entry]));
    const run = () => {
      const loaded = loadStack();
      assert.ok(loaded.kind === "proxmox");
      const plan = makePlan(loaded.profile, { modelConfigs: {} });
      assert.ok(plan.platform === "proxmox");
      return Promise.resolve({ ...proxmoxCluster(site.placed(plan), loaded.secrets).outputs });
    };
    const all = { ...site.env(), TMPDIR: place.path("tmp"), ...env };
    return project.open(run, { config, env: all, caCerts: [site.proxmox.caCert], progress: hear });
  }

  /** Which secrets a text holds, with how the lines begin that hold them. */
  const leaks = (text: string): string[] =>
    text.split("\n").flatMap((line) => hits(line, needles).map((name) => `${name} in ${line.slice(0, 90)}`));
  /** A failure that does not print the megabytes that were said. */
  const says = (text: string, pattern: RegExp): void => assert.ok(pattern.test(text), `nothing said ${pattern.source}`);
  const hear = (text: string): void => void (said += `${text}\n`);
  const onEvent = (event: RawEvent): void => hear(JSON.stringify(event));
  // In pieces, of which the first may end in the middle of a line.
  const onOutput = (piece: string): void => void (printed += piece);
  const onError = (piece: string): void => void (logged += piece);
  /** As `-v=9 --logtostderr --logflow`. */
  const loud = { logVerbosity: 9, logToStdErr: true, logFlow: true, onOutput, onError, onEvent };
  const take = (): string => {
    const lines = [said, printed, logged].flatMap((part) => part.split("\n"));
    const text = lines.filter((line) => !pulumiTraces.some((trace) => trace.test(line))).join("\n");
    said = printed = logged = "";
    return text;
  };

  it("shows none in a preview with --diff --json at full verbosity", async () => {
    await (await (await open()).prepare()).preview({ ...loud, diff: true });
    const text = take();
    says(text, /"op": "create"/);
    says(text, /"msg":"[^\n]*"v":9\}/);
    assert.deepEqual(leaks(text), []);
  });

  it("shows none in the errors of a run that fails in the installer", async () => {
    const stack = await open({}, { TOKENRACK_SIM_FAIL: "InstallDeckhouse" });
    const message = await failure(stack.up({ onEvent: (event) => hear(JSON.stringify(event)) }));
    const text = `${take()}\n${message}`;
    says(text, /made to fail in InstallDeckhouse/);
    assert.deepEqual(leaks(text), []);
  });

  it("shows none in the logs and events of a run that works", async () => {
    const stack = await open();
    const raw = await stack.prepare();
    // The error would hold the whole log.
    const done = await raw.up(loud).then(
      () => true,
      () => false,
    );
    const text = take();
    assert.ok(
      done,
      text
        .split("\n")
        .filter((line) => /^\s*error: /.test(line))
        .join("\n"),
    );
    assert.deepEqual(leaks(text), []);
    const { same, ...changes } = await stack.preview();
    assert.deepEqual([same > 40, changes], [true, none]);
    // They did arrive where they belong.
    assert.deepEqual(hits(textBelow(site.master.world), needles).toSorted(), [
      "cephKeys",
      "clusterPasswordHashes",
      "deckhouseLicenseKey",
      "internalCaKey",
      "nodeSshKey",
    ]);
  });

  it("shows none in the preview of a changed secret", async () => {
    const other = {
      deckhouseLicenseKey: `${licence}-2`,
      cephKeys: JSON.stringify({ site: Buffer.from(licence).toString("base64") }),
    };
    await (await (await open(other)).prepare()).preview({ ...loud, diff: true });
    const text = take();
    says(text, /"op": "update"/);
    assert.deepEqual(leaks(text), []);
  });

  it("keeps none in the clear in the state, nor in any file that is left", async () => {
    const stack = await open();
    assert.deepEqual(hits(JSON.stringify(await stack.exportState()), needles), []);
    for (const folder of ["backend", "workspace"])
      assert.deepEqual(hits(project.stateText(folder), needles), [], folder);
    assert.deepEqual(hits(textBelow(place.path("tmp")), needles), []);
    assert.deepEqual(hits(site.master.place.read("state/bootstrap.log"), needles), []);
    for (const host of site.hosts)
      for (const folder of ["etc", "var", "tmp", "root"])
        assert.deepEqual(hits(textBelow(join(host.root, folder)), needles), [], folder);
  });

  it("puts none into a command line, here or over SSH", async () => {
    // What remote shells were asked to run.
    assert.deepEqual(hits(site.master.place.read("world/ssh.log"), needles), []);
    for (const host of site.hosts)
      assert.deepEqual(hits(host.read(".sim/log") + host.read(".sim/sshd.log"), needles), []);
    assert.deepEqual(watch.seen(), []);
    // It does see what is there.
    await promisify(execFile)("/bin/sh", ["-c", "sleep 1; :", licence]);
    assert.deepEqual(watch.seen(), [JSON.stringify(licence)]);
  });
});
