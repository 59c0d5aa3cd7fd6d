// A kubectl that answers GETs out of a world in a JSON file, and refuses all else.
import { appendFileSync, readFileSync, statSync } from "node:fs";

const [file, ...given] = process.argv.slice(2);
const world = JSON.parse(readFileSync(file, "utf8"));
const [, kubeconfig, , ...args] = given;
appendFileSync(`${file}.calls`, `${args.join(" ")}\n`);

const fail = (text) => {
  console.error(text);
  process.exit(1);
};
if (readFileSync(kubeconfig, "utf8") !== world.kubeconfig) fail("error: another kubeconfig");
if ((statSync(kubeconfig).mode & 0o077) !== 0) fail("error: others can read the kubeconfig");

const [verb, what, name] = args;
const flag = (one) => args[args.indexOf(one) + 1];
const namespace = args.includes("-n") ? flag("-n") : "";
const print = (value) => process.stdout.write(typeof value === "string" ? value : JSON.stringify(value));
const found = (value) =>
  value === undefined ? fail(`Error from server (NotFound): ${what} "${name}" not found`) : print(value);

const refusal = world.refuse?.[args.join(" ").replace(/ -o json$/, "")];
if (refusal !== undefined) fail(refusal);
if (verb === "logs") print(world.logs?.[`${namespace}/${args[3]}`] ?? "");
else if (verb !== "get") fail(`the made kubectl does not know: ${args.join(" ")}`);
else if (what === "--raw") print(name === "/version" ? { gitVersion: world.version } : "ok");
else if (what === "nodes") print({ items: world.nodes });
else if (what === "pods") print({ items: world.pods[namespace] ?? [] });
else if (what === "jobs") print({ items: world.jobs[namespace] ?? [] });
else if (what === "deployment") found(world.deployments[`${namespace}/${name}`]);
else if (what === "rayservice") found(world.rayService);
else if (what === "crd")
  found(world.defined ? "customresourcedefinition.apiextensions.k8s.io/rayservices.ray.io" : undefined);
else fail(`the made kubectl does not know: ${args.join(" ")}`);
