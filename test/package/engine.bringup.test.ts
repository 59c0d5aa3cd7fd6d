/** The installed package under the real CLI and the real engine, with stand-ins for the providers' plugins. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type { EngineEvent } from "../../engine/events";
import { previewStack, type StackPreview } from "../../engine/preview";
import { signingKey } from "../config/stacks";
import { CACHE_DIR, findEngine, TestProject } from "../engine/harness";
import { installed, root, type Installed } from "./installed";

const kubeconfig = "apiVersion: v1\nkind: Config\nclusters: []\n";
const secrets = {
  kubeconfig,
  rayToken: "CANARY-ray-token",
  signingKey,
  users: "[]",
  firstUserPassword: "CANARY-password",
};

let at: Installed;
/** Folder of the provider's executable, as npm makes it for a package's `bin`. */
let bin: string;

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PULUMI_CONFIG_PASSPHRASE: "of a test",
  PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
});

async function preview(project: string, program: PulumiFn): Promise<StackPreview> {
  return previewStack({
    ...{ stackName: "dev", project, programDir: at.project, cacheDir: CACHE_DIR, config: {}, program },
    ...(await findEngine("command", "kubernetes")),
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`${project}:${key}`, value])),
    env: environment(),
  });
}

before(async function () {
  this.timeout(420_000);
  at = await installed();
  bin = join(at.project, "node_modules", ".bin");
  mkdirSync(bin);
  symlinkSync("../pulumi-tokenrack/dist/package/provider.js", join(bin, "pulumi-resource-tokenrack"));
});

describe("examples/serve-only with the installed package", function () {
  this.timeout(420_000);
  let program: string;
  before(() => {
    const example = join(at.project, "serve-only");
    cpSync(join(root, "examples", "serve-only"), example, { recursive: true });
    const settings = {
      compilerOptions: {
        ...{ target: "ES2022", module: "nodenext", moduleResolution: "nodenext", strict: true, outDir: "." },
        // The package's own declarations are looked at, too.
        ...{ skipLibCheck: false, types: ["node"], typeRoots: [join(root, "node_modules", "@types")] },
      },
      files: ["index.ts"],
    };
    writeFileSync(join(example, "tsconfig.json"), JSON.stringify(settings));
    program = join(example, "index.js");
  });

  it("has the types that its program wants", () => {
    const tsc = createRequire(__filename).resolve("typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", join(at.project, "serve-only")], {
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout], [0, ""]);
  });

  it("previews on the real engine", async () => {
    const load = createRequire(program);
    const { steps } = await preview("serve-only", () => Promise.resolve({ ...(load(program) as object) }));
    assert.ok(load.resolve("pulumi-tokenrack") in load.cache, "the program loaded the sources instead of the package");
    const own = steps.filter(({ type }) => type.startsWith("tokenrack:"));
    assert.deepEqual(own.map(({ op, type, name }) => [op, type.replace("tokenrack:index:", ""), name]).sort(), [
      ["create", "Gateway", "gateway"],
      ["create", "KubeRay", "kuberay"],
      ["create", "ModelStore", "models"],
      ["create", "ServedModel", "model"],
      ["create", "ServingNamespace", "serving"],
    ]);
    assert.ok(steps.length > 40 && steps.every(({ op }) => op === "create"));
  });
});

/** What a program in another language registers: a component that another process makes. */
class Remote extends pulumi.ComponentResource {
  readonly endpoint!: pulumi.Output<string>;
  constructor(name: string, args: object) {
    const outputs = { endpoint: undefined, gpus: undefined, firstTokens: undefined };
    super("tokenrack:index:ServedCluster", name, { ...args, ...outputs }, { version: "0.1.0" }, true);
  }
}

const plain = {
  pools: [{ name: "gpu", count: 1, card: "l40s", labels: { "nvidia.com/gpu.present": "true" } }],
  network: { gbitPerSecond: 10 },
  ingress: { host: "llm.example.com", tlsIssuer: "letsencrypt" },
  models: [{ source: "Qwen/Qwen3-8B", revision: "main", contextTokens: 16_384 }],
  settings: "gpu: { mode: preinstalled }\nmodelStore: { sizeGib: 100 }\n",
};

/** Its secrets from the stack's configuration, as another program reads them. */
const remote =
  (args: object): PulumiFn =>
  () => {
    const config = new pulumi.Config();
    const own = Object.keys(secrets).map((key) => [key, config.requireSecret(key)] as const);
    const { endpoint } = new Remote("llm", { ...Object.fromEntries(own), ...args });
    return Promise.resolve({ endpoint });
  };

describe("the installed package as a provider", function () {
  this.timeout(420_000);
  const committed: unknown = JSON.parse(readFileSync(join(root, "schema.json"), "utf8"));

  /** What the real CLI gets. @param first folder in front of the others of PATH */
  async function getSchema(source: string, first = bin): Promise<unknown> {
    const { cli } = await findEngine();
    const env = {
      ...{ PATH: [first, process.env["PATH"] ?? ""].join(delimiter), PULUMI_SKIP_UPDATE_CHECK: "true" },
      ...{ PULUMI_HOME: join(at.project, "home"), PULUMI_BACKEND_URL: `file://${at.project}` },
    };
    return JSON.parse(
      execFileSync(cli.command, ["package", "get-schema", source], {
        cwd: at.project,
        encoding: "utf8",
        env,
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
  }

  it("gives `pulumi package get-schema` its schema by the executable", async () => {
    assert.deepEqual(await getSchema(join(bin, "pulumi-resource-tokenrack")), committed);
  });

  it("gives it by its directory, through PulumiPlugin.yaml and the SDK's own runner of plugins", async () => {
    const first = join(at.project, "language-host");
    mkdirSync(first);
    const [tsx, host] = [join(root, "node_modules/tsx/dist/loader.mjs"), join(__dirname, "languageHost.ts")];
    writeFileSync(
      join(first, "pulumi-language-nodejs"),
      `#!/bin/sh\nexec '${process.execPath}' --import '${tsx}' '${host}' "$@"\n`,
    );
    chmodSync(join(first, "pulumi-language-nodejs"), 0o755);
    assert.deepEqual(await getSchema(at.packageDir, first), committed);
  });

  it("makes all its components for a program that only knows the schema", async () => {
    const { steps } = await preview("other", remote(plain));
    const own = steps.filter(({ type }) => type.startsWith("tokenrack:"));
    assert.deepEqual(own.map(({ type, name }) => [type.replace("tokenrack:index:", ""), name]).sort(), [
      ["Gateway", "llm-gateway"],
      ["GpuStack", "llm-gpus"],
      ["KubeRay", "llm-kuberay"],
      ["ModelStore", "llm-models"],
      ["ServedCluster", "llm"],
      ["ServedModel", "llm-served"],
      ["ServingNamespace", "llm-serving"],
    ]);
    const outside = steps.filter(({ urn }) => !urn.includes("tokenrack:index:ServedCluster"));
    assert.deepEqual(
      outside.map(({ type }) => type.split(":").slice(0, 2).join(":")).filter((type) => type !== "pulumi:providers"),
      [],
      "a child without its parent",
    );
    const objects = steps.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.length > 30, `${objects.length} objects`);
    assert.doesNotMatch(JSON.stringify(steps), /CANARY|PRIVATE KEY/);
  });

  it("tells every fault at once, without a stack trace and without a secret", async () => {
    const wrong = {
      ...plain,
      pools: [{ ...plain.pools[0], count: 0 }],
      models: [{ source: "no id", revision: "main" }],
    };
    const given = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, pulumi.secret(value)]));
    const said: string[] = [];
    const project = new TestProject(await findEngine("command", "kubernetes"));
    const program: PulumiFn = () => Promise.resolve({ endpoint: new Remote("llm", { ...given, ...wrong }).endpoint });
    const stack = await project.open(program, { env: environment() });
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "diagnostic" && event.severity === "error") said.push(event.message);
    };
    await assert.rejects(stack.preview({ onEvent, signal: new AbortController().signal }));
    // The other error is this program's own: the engine has refused its resource.
    const text = said.find((message) => message.startsWith("tokenrack:index:ServedCluster resource 'llm'")) ?? "";
    assert.match(text, /pools\[0\]\.count: found number 0/);
    assert.match(text, /models\[0\]\.source: found/);
    assert.doesNotMatch(text, /CANARY|\n\s+at |servedCluster/);
  });
});
