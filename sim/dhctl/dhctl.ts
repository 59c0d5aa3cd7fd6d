/**
 * dhctl's contract, for a static cluster: phases in their order, a state cache by the master's address, going on after a kill, a
 * refusal when what is done already was made from another configuration, the tombstone of a finished installation.
 * @see https://github.com/deckhouse/deckhouse dhctl/pkg/operations/bootstrap (cluster-bootstrapper.go, cache_identity.go,
 * bashible/steps_status.go), dhctl/pkg/operations/phases
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { parseFlags, type Flags } from "./flags";
import { checkDocuments, type Document } from "./documents";
import { adminConfOf, installInto, realCluster, uidOf } from "./handover";
import { changeWorld, noteWrite, onMaster, readWorld, worldDirectory, type StoredObject } from "./world";

/** Its phases for a static cluster, in order. */
export const phases = [
  "PreInfraPreflights",
  "BaseInfra",
  "PostInfraPreflights",
  "InstallKubernetes",
  "InstallDeckhouse",
  "CreateResources",
  "ExecPostBootstrap",
  "Finalization",
] as const;
type Phase = (typeof phases)[number];

/** An end that dhctl tells of by its own words. */
class Stop extends Error {}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const sum = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A path inside the container as one of this machine. */
function mounted(path: string): string {
  const mounts = JSON.parse(process.env["TOKENRACK_SIM_MOUNTS"] ?? "{}") as Record<string, string>;
  const target = Object.keys(mounts).find((one) => path === one || path.startsWith(`${one}/`));
  if (target === undefined) throw new Stop(`cannot stat file ${path}`);
  return `${mounts[target] ?? ""}${path.slice(target.length)}`;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Where a test stops the installer: at the start of a phase, or in the middle of bashible's steps. */
async function hold(place: string): Promise<void> {
  if (process.env["TOKENRACK_SIM_FAIL"] === place) throw new Stop(`made to fail in ${place}`);
  if (process.env["TOKENRACK_SIM_HOLD"] !== place) return;
  writeFileSync(join(worldDirectory(), "held"), place);
  await wait(60_000);
}

interface Run {
  readonly flags: Flags;
  readonly documents: readonly Document[];
  readonly cache: string;
}

function preflight({ flags, documents, cache }: Run): void {
  const key = mounted(flags.keys[0] ?? "~/.ssh/id_rsa");
  if (!readFileSync(key, "utf8").includes("PRIVATE KEY")) throw new Stop("ssh: no key found");
  if ((statSync(key).mode & 0o077) !== 0) throw new Stop("ssh: unprotected private key file");
  if (existsSync(onMaster("bashible")) && !existsSync(join(cache, "bundle"))) {
    throw new Stop("preflight check static-node-leftovers failed: /var/lib/bashible of another installation");
  }
  const registry = documents.find(({ metadata }) => metadata?.name === "deckhouse")?.spec?.settings?.registry;
  const licence = registry?.unmanaged?.license ?? registry?.direct?.license;
  if (licence !== undefined && licence !== readWorld().licence) {
    throw new Stop("preflight check registry-credentials failed: authentication failed");
  }
}

const stepNames = ["001_install_packages.sh", "032_configure_containerd.sh", "050_kubeadm_init.sh"] as const;

/** bashible's steps are rendered from the configuration: another text, other steps. */
async function installKubernetes({ documents, cache }: Run): Promise<void> {
  const cluster = documents.find(({ kind }) => kind === "ClusterConfiguration");
  const text = JSON.stringify(documents.filter(({ kind }) => kind.endsWith("Configuration")));
  const sums = Object.fromEntries(stepNames.map((name) => [name, sum(`${name} ${text}`)]));
  const { steps } = readWorld();
  const changed = Object.keys(steps).filter((name) => steps[name] !== sums[name]);
  if (changed.length > 0) {
    throw new Stop(
      `Bootstrap cannot safely resume: the following bashible bundle steps already completed in a previous bootstrap attempt, but their content has changed since then: ${changed.join(", ")}.`,
    );
  }
  mkdirSync(onMaster("bashible"), { recursive: true });
  writeFileSync(join(cache, "bundle"), text);
  for (const name of stepNames) {
    if (readWorld().steps[name] !== undefined) {
      print(`Step ${name} is done already`);
      continue;
    }
    await hold(name);
    noteWrite(`step ${name}`);
    print(`=== Step: /var/lib/bashible/bundle_steps/${name}`);
    changeWorld((world) => (world.steps[name] = sums[name] ?? ""));
  }
  if (readWorld().uid !== undefined) return;
  const real = realCluster();
  writeFileSync(onMaster("admin.conf"), real === undefined ? adminConf : adminConfOf(real), { mode: 0o600 });
  const uid = real === undefined ? randomUUID() : uidOf(real);
  changeWorld((world) => {
    world.uid = uid;
    world.clusterConfiguration = stringify(cluster);
    world.nodes = [{ name: "master-1", group: "master", ready: false }];
  });
}

const adminConf = `apiVersion: v1
kind: Config
clusters:
- cluster: { certificate-authority-data: Q0E=, server: "https://127.0.0.1:6445" }
  name: kubernetes
contexts:
- context: { cluster: kubernetes, user: kubernetes-admin }
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
users:
- name: kubernetes-admin
  user: { client-key-data: Q0FOQVJZLWFkbWluLWtleQ== }
`;

function installDeckhouse({ documents, cache }: Run): void {
  if (readWorld().deckhouse && !existsSync(join(cache, "manifests"))) {
    throw new Stop('namespaces "d8-system" already exists');
  }
  // Done again, the same manifests change nothing.
  if (!readWorld().deckhouse) noteWrite("install deckhouse");
  writeFileSync(join(cache, "manifests"), "");
  const real = realCluster();
  if (real !== undefined) installInto(real, documents);
  changeWorld((world) => {
    world.deckhouse = true;
    for (const document of documents.filter(({ kind }) => kind === "ModuleConfig")) {
      world.objects[`ModuleConfig/${document.metadata?.name ?? ""}`] = document as unknown as StoredObject;
    }
  });
}

/** Leaves the tombstone: the next bootstrap with this cache is refused. */
function finalize({ cache }: Run): void {
  for (const name of readdirSync(cache)) rmSync(join(cache, name), { recursive: true });
  writeFileSync(join(cache, ".tombstone"), "");
  print('Next run of "dhctl bootstrap" will create a new Kubernetes cluster.');
  print("Deckhouse cluster created successfully!");
}

async function work(phase: Phase, run: Run): Promise<void> {
  switch (phase) {
    case "PreInfraPreflights":
      return preflight(run);
    case "InstallKubernetes":
      return installKubernetes(run);
    case "InstallDeckhouse":
      return installDeckhouse(run);
    case "Finalization":
      return finalize(run);
    case "BaseInfra":
    case "PostInfraPreflights":
    case "CreateResources":
    case "ExecPostBootstrap":
      return;
  }
}

/** Notes when two work on one master at the same time, which the lock around it has to rule out. */
function enter(): void {
  const file = join(worldDirectory(), "dhctl.pid");
  const other = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  try {
    if (other > 0 && process.kill(other, 0)) noteWrite("INTERLEAVED");
  } catch {
    // That one has ended.
  }
  writeFileSync(file, String(process.pid));
}

async function bootstrap(flags: Flags): Promise<void> {
  const text = flags.configs.map((path) => readFileSync(mounted(path), "utf8")).join("\n---\n");
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Document);
  const fault = checkDocuments(documents);
  if (fault !== undefined) throw new Stop(fault);
  if (flags.host === undefined) throw new Stop("Static cluster bootstrap requires --ssh-host option");
  const cache = join(mounted(flags.cacheDirectory), sum(`ssh-${sum(flags.host).slice(0, 32)}`));
  mkdirSync(cache, { recursive: true });
  if (existsSync(join(cache, ".tombstone"))) {
    throw new Stop(
      `Create cache ${cache}:\n\tError: Cache exhausted\n\n\tThe Kubernetes cluster was probably bootstrapped successfully.\n\tIf you want to continue, please delete the cache folder manually.`,
    );
  }
  const uuid = join(cache, "uuid");
  if (existsSync(uuid)) print(`Cluster UUID from cache: ${readFileSync(uuid, "utf8")}`);
  else {
    writeFileSync(uuid, randomUUID());
    print(`Generated cluster UUID: ${readFileSync(uuid, "utf8")}`);
  }
  enter();
  for (const phase of phases) {
    print(`Phase ${phase}`);
    await hold(phase);
    await work(phase, { flags, documents, cache });
  }
}

function destroy(flags: Flags): void {
  if (!flags.sane) throw new Stop("confirmation needs a terminal, or --yes-i-am-sane-and-i-understand-what-i-am-doing");
  rmSync(onMaster("bashible"), { recursive: true, force: true });
  rmSync(onMaster("admin.conf"), { force: true });
  changeWorld((world) => {
    Object.assign(world, { steps: {}, deckhouse: false, objects: {}, nodes: [] });
    delete world.uid;
  });
  noteWrite("destroy");
  print("Cluster destroyed");
}

/** Runs it. @returns the exit code */
export async function dhctl([verb = "", ...args]: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(args);
    if (typeof flags === "string") throw new Stop(`dhctl: error: ${flags}, try --help`);
    if (verb === "bootstrap") await bootstrap(flags);
    else if (verb === "destroy") destroy(flags);
    else throw new Stop(`dhctl: error: expected command but got "${verb}", try --help`);
    return 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    print(`ERROR ${error.message}`);
    return 1;
  }
}
