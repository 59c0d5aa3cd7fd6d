// A kubectl that answers out of a JSON file, by real jsonpath on recorded objects: what the scripts of the serving stage ask.
import { readFileSync, writeFileSync } from "node:fs";

const [file, ...given] = process.argv.slice(2);
const args = given.filter((arg) => !arg.startsWith("--request-timeout="));
const world = JSON.parse(readFileSync(file, "utf8"));
const save = () => writeFileSync(file, JSON.stringify(world));
const flag = (name) => args[args.indexOf(name) + 1];
if (readFileSync(flag("--kubeconfig"), "utf8") !== world.canary) process.exit(9);

/** The values of a path of kubectl's: keys, quoted keys, `*`, and a filter by equality. */
function values(data, path) {
  const steps = path.match(/\['[^']*'\]|\[\?\([^)]*\)\]|\[[^\]]*\]|[^.[\]]+/g) ?? [];
  return steps.reduce(
    (found, step) => {
      const quoted = /^\['(.*)'\]$/.exec(step);
      const filter = /^\[\?\(@\.([\w.]+)=="([^"]*)"\)\]$/.exec(step);
      const index = /^\[(\d+)\]$/.exec(step);
      return found.flatMap((one) => {
        if (one === undefined || one === null) return [];
        if (filter) return Object.values(one).filter((each) => values(each, filter[1])[0] === filter[2]);
        if (step === "*" || step === "[*]") return Object.values(one);
        const key = quoted?.[1] ?? index?.[1] ?? step;
        return one[key] === undefined ? [] : [one[key]];
      });
    },
    [data],
  );
}

/** A template of kubectl's: texts, paths, and one level of `range`. */
function render(data, template) {
  const range = /^\{range ([^}]*)\}(.*)\{end\}$/.exec(template);
  if (range)
    return values(data, range[1])
      .map((each) => render(each, range[2]))
      .join("");
  return template.replace(/\{"((?:[^"\\]|\\.)*)"\}|\{([^}]*)\}/g, (_, text, path) =>
    text === undefined ? values(data, path).join(" ") : JSON.parse(`"${text}"`),
  );
}

const template = args.find((arg) => arg.startsWith("jsonpath="))?.slice("jsonpath=".length);
const what = args.slice(args.indexOf("-n") + 2);

if (what[0] === "get" && what[1] === "rayservice") {
  const asked = template ?? "";
  // A look asks for the generation first; what a fault asks for afterwards belongs to the same look.
  if (asked.startsWith("{.metadata.generation}")) world.look = Math.min((world.look ?? -1) + 1, world.looks.length - 1);
  save();
  const now = world.looks[world.look ?? 0];
  if (now === undefined) {
    if (args.includes("--ignore-not-found")) process.exit(0);
    console.error('Error from server (NotFound): rayservices.ray.io "llm" not found');
    process.exit(1);
  }
  if (template === undefined) console.log("rayservice.ray.io/llm");
  else process.stdout.write(render(now, asked));
} else if (what[0] === "get" && what[1] === "pods") {
  const items =
    args.includes("-l") && flag("-l").startsWith("ray.io/node-type=head")
      ? (world.head ?? world.pods.items)
      : world.pods.items;
  process.stdout.write(render({ items }, template));
} else if (what[0] === "get" && what[1] === "job") {
  const job = world.jobs[what[2]];
  process.stdout.write(job === undefined ? "" : job);
} else if (what[0] === "exec" && what.includes("python")) {
  readFileSync(0);
  world.asked = (world.asked ?? []).concat([what.slice(what.indexOf("python") + 2)]);
  const answer = world.tokens[0];
  if (world.tokens.length > 1) world.tokens.shift();
  save();
  if (answer.out !== "") console.log(answer.out);
  process.exit(answer.code);
} else if (what[0] === "exec") {
  if (world.engine !== "") console.log(world.engine);
} else if (what[0] === "apply") {
  const manifest = JSON.parse(readFileSync(0, "utf8"));
  world.applied = (world.applied ?? []).concat([manifest.metadata.name]);
  save();
  if (world.refuse) {
    console.error(world.refuse);
    process.exit(1);
  }
  console.log(`job.batch/${manifest.metadata.name}`);
} else if (what[0] === "delete" || what[0] === "wait") {
  world.gone = (world.gone ?? []).concat([`${what[0]} ${what.find((one) => /^(job\/)?warm-/.test(one))}`]);
  save();
} else if (what[0] === "logs") {
  console.log(world.engine);
} else {
  console.error(`the made kubectl does not know: ${what.join(" ")}`);
  process.exit(8);
}
