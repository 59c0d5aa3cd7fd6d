/** Settings of the scripts that follow the start of the models. Plain text: nothing in them is secret. */
import { createHash } from "node:crypto";
import { objectNames } from "../../../plan/stages/names";
import type { ServedModelPlan, ServedPlan } from "../../../plan/stages/served";
import { toJson } from "../../text";
import { clusterHash } from "./rayService";
import { serveConfigText } from "./serveConfig";
import { warmJobManifest } from "./warmJob";

type Settings = Readonly<Record<string, string>>;

/** Seconds between two looks. */
const poll = "10";

const shared = ({ namespace, deadlineSeconds }: ServedPlan): Settings => ({
  namespace,
  service: objectNames.rayService,
  deadline: String(deadlineSeconds),
  poll,
});

const number = (value: number): string => value.toLocaleString("en-US");

/** What the plan counts on, for a message about what really happened. */
const expectationText = ({ expectation, engine }: ServedModelPlan): string => {
  const { coldKvGib, coldTokens, warmKvGib, warmTokens, weightsGib } = expectation;
  const kv = `${coldKvGib} GiB of KV cache for ${number(coldTokens)} tokens at a first start, ${warmKvGib} GiB for ${number(warmTokens)} later`;
  return `the plan counts on ${weightsGib} GiB of weights on a GPU, ${kv}, and a context of ${number(engine.maxModelLen)}`;
};

/** Settings of `serving-wait.sh`. Other settings run it again, so it runs when the RayService changes and only then. */
export function waitSettings(plan: ServedPlan): Settings {
  const group = (model: ServedModelPlan): string => plan.groups.find((one) => one.model === model.name)?.name ?? "";
  const lines = plan.models.map((model) =>
    [model.name, model.application, model.route, group(model), model.cache, expectationText(model)].join("|"),
  );
  const spec = createHash("sha256").update(serveConfigText(plan)).update(clusterHash(plan)).digest("hex").slice(0, 16);
  return { ...shared(plan), spec, models: lines.join("\n") };
}

/** Settings of `serving-warm.sh` and the manifest of each Job on a line, as it reads them; undefined when no model is warmed. */
export function warming(
  plan: ServedPlan,
): { readonly settings: Settings; readonly input: readonly string[] } | undefined {
  const jobs = plan.models.flatMap((model) => {
    const manifest = warmJobManifest(plan, model);
    return manifest === undefined
      ? []
      : [{ name: manifest.metadata.name, text: JSON.stringify(JSON.parse(toJson(manifest))) }];
  });
  if (jobs.length === 0) return undefined;
  // The manifests of fifty models are longer than a command line may be: it shows which they are.
  const lines = jobs.map(({ name, text }) => `${name} ${createHash("sha256").update(text).digest("hex").slice(0, 16)}`);
  return { settings: { ...shared(plan), jobs: lines.join("\n") }, input: jobs.map(({ text }) => text) };
}
