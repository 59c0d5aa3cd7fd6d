/** `kubectl` and `d8 k` on the made master, as far as the scripts use them; anything else is refused by name. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { parse, stringify } from "yaml";
import { step } from "./controllers";
import { kindOf, refusal } from "./kinds";
import { changeWorld, noteWrite, onMaster, readWorld, worldDirectory, type StoredObject, type World } from "./world";

interface Answer {
  readonly out?: string;
  readonly error?: string;
}

const ok = (out = ""): Answer => ({ out });
const no = (error: string): Answer => ({ error });

/** Value of an option, however it is written; undefined where it is not there. */
function option(args: readonly string[], ...names: string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (names.includes(arg)) return args[index + 1];
    const name = names.find((one) => arg.startsWith(`${one}=`));
    if (name !== undefined) return arg.slice(name.length + 1);
  }
  return undefined;
}

const valued = ["--kubeconfig", "-n", "--namespace", "-o", "-l", "-f", "-p", "--raw"];
/** What is left when options and their values are gone. */
const words = (args: readonly string[]): readonly string[] =>
  args.filter((arg, index) => !arg.startsWith("-") && !valued.includes(args[index - 1] ?? ""));

const counts = (world: World, name: string): string => {
  const instances = world.objects[`NodeGroup/${name}`]?.spec?.["staticInstances"];
  return String((instances as { count?: number } | undefined)?.count ?? "");
};

function getNodes(): Answer {
  const { nodes } = changeWorld(step);
  return ok(nodes.map(({ group, ready }) => `${group} ${ready ? "True" : "False"}\n`).join(""));
}

function getInstances(name: string | undefined, args: readonly string[]): Answer {
  const world = changeWorld(step);
  const labels = Object.fromEntries(
    (option(args, "-l") ?? "")
      .split(",")
      .filter(Boolean)
      .map((pair) => pair.split("=")),
  ) as Record<string, string>;
  const all = Object.values(world.objects).filter(
    ({ kind, metadata }) =>
      kind === "StaticInstance" &&
      (name === undefined || metadata.name === name) &&
      Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );
  if (option(args, "-o") === "name") return ok(all.map(({ metadata }) => `staticinstance/${metadata.name}\n`).join(""));
  return ok(all[0] === undefined ? "" : (all[0].status?.currentStatus.phase ?? "Pending"));
}

function get(args: readonly string[]): Answer {
  const raw = option(args, "--raw");
  if (raw === "/readyz") return ok("ok");
  const [, resource = "", name] = words(args);
  const world = readWorld();
  switch (resource) {
    case "nodes":
      return getNodes();
    case "staticinstance":
      return getInstances(name, args);
    case "nodegroup": {
      if (world.objects[`NodeGroup/${name ?? ""}`] === undefined) return ok();
      return ok(option(args, "-o") === "name" ? `nodegroup/${name ?? ""}\n` : counts(world, name ?? ""));
    }
    case "deploy":
      return world.deckhouse ? ok("deployment.apps/deckhouse\n") : no('deployments.apps "deckhouse" not found');
    case "ns":
      return ok(world.uid ?? "");
    case "secret":
      return ok(Buffer.from(world.clusterConfiguration).toString("base64"));
    default:
      return no(`the simulated kubectl does not know get ${resource}`);
  }
}

const keyOf = ({ kind, metadata }: StoredObject): string => `${kind}/${metadata.name}`;

function apply(): Answer {
  const object = parse(readFileSync(0, "utf8")) as StoredObject;
  let error: string | undefined;
  changeWorld((world) => {
    error = refusal(object, world);
    if (error !== undefined) return;
    const { status, metadata } = world.objects[keyOf(object)] ?? {};
    // Server-side apply owns what it wrote: a label of somebody else stays.
    const labels = { ...metadata?.labels, ...object.metadata.labels };
    const stored = { ...object, metadata: { ...object.metadata, labels }, ...(status === undefined ? {} : { status }) };
    if (JSON.stringify(world.objects[keyOf(object)]) !== JSON.stringify(stored)) noteWrite(`apply ${keyOf(object)}`);
    world.objects[keyOf(object)] = stored;
  });
  return error === undefined ? ok(`${keyOf(object)} serverside-applied\n`) : no(error);
}

function remove(args: readonly string[]): Answer {
  const [, resource = "", name = ""] = words(args);
  const key = `${kindOf(resource) ?? resource}/${name}`;
  let error: string | undefined;
  changeWorld((world) => {
    const object = world.objects[key];
    if (object === undefined) return;
    const phase = object.status?.currentStatus.phase ?? "Pending";
    // The real one is held by a finalizer until the machine is clean.
    if (object.kind === "StaticInstance" && phase !== "Pending")
      error = `timed out waiting for the condition on ${key}`;
    if (error !== undefined) return;
    noteWrite(`delete ${key}`);
    world.objects = Object.fromEntries(Object.entries(world.objects).filter(([other]) => other !== key));
  });
  return error === undefined ? ok() : no(error);
}

function label(args: readonly string[]): Answer {
  const [, , name = "", pair = ""] = words(args);
  const [key = "", value = ""] = pair.split("=");
  changeWorld((world) => {
    const object = world.objects[`StaticInstance/${name}`];
    if (object === undefined) return;
    noteWrite(`label ${name} ${pair}`);
    object.metadata.labels = { ...object.metadata.labels, [key]: value };
  });
  return ok(`${name} labeled\n`);
}

function patch(args: readonly string[]): Answer {
  const [, , name = ""] = words(args);
  const { spec } = JSON.parse(option(args, "-p") ?? "{}") as { spec: { staticInstances: { count: number } } };
  changeWorld((world) => {
    const group = world.objects[`NodeGroup/${name}`];
    if (group?.spec === undefined) return;
    noteWrite(`patch ${name} ${spec.staticInstances.count}`);
    group.spec["staticInstances"] = { ...(group.spec["staticInstances"] as object), ...spec.staticInstances };
  });
  return ok(`${name} patched\n`);
}

/** `d8 platform edit cluster-configuration`: gives the text to $EDITOR and takes back what is left in it. */
function edit(): Answer {
  const file = `${worldDirectory()}/edit.yaml`;
  changeWorld((world) => {
    writeFileSync(file, world.clusterConfiguration);
    spawnSync(process.env["EDITOR"] ?? "vi", [file], { stdio: "inherit" });
    world.clusterConfiguration = stringify(parse(readFileSync(file, "utf8")));
    noteWrite("edit cluster-configuration");
  });
  return ok();
}

function answer(args: readonly string[]): Answer {
  if (!existsSync(onMaster("admin.conf"))) return no("The connection to the server localhost:8080 was refused");
  const { failing } = readWorld();
  if (failing !== undefined && failing.times > 0) {
    changeWorld((world) => (world.failing = { ...failing, times: failing.times - 1 }));
    return no(failing.message);
  }
  switch (words(args)[0]) {
    case "get":
      return get(args);
    case "apply":
      return apply();
    case "delete":
      return remove(args);
    case "label":
      return label(args);
    case "patch":
      return patch(args);
    case "platform":
      return edit();
    default:
      return no(`the simulated kubectl does not know ${args.join(" ")}`);
  }
}

/** Runs it. @returns the exit code */
export function kubectl(args: readonly string[]): number {
  const { out = "", error } = answer(args);
  process.stdout.write(out);
  if (error !== undefined) process.stderr.write(`${error}\n`);
  return error === undefined ? 0 : 1;
}
