import { statSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** A Kubernetes ConfigMap holds 1 MiB in all; this leaves room for its other keys. */
export const LARGEST_BUNDLE_BYTES = 1_000_000;

/**
 * Packages whose index loads everything they have, assembled from the parts we use, in the way their own index does it. Without
 * this undici alone brings fetch, WebSocket, caches and mocks: half the size allowed.
 */
const PARTS: Readonly<Record<string, string>> = {
  undici: `
    const Dispatcher = require("undici/lib/dispatcher/dispatcher");
    Dispatcher.prototype.request = require("undici/lib/api/api-request");
    exports.Pool = require("undici/lib/dispatcher/pool");`,
  "rate-limiter-flexible": `
    exports.RateLimiterMemory = require("rate-limiter-flexible/lib/RateLimiterMemory");
    exports.RateLimiterRes = require("rate-limiter-flexible/lib/RateLimiterRes");`,
  "prom-client": `
    exports.Registry = require("prom-client/lib/registry");
    exports.Counter = require("prom-client/lib/counter");
    exports.Gauge = require("prom-client/lib/gauge");
    exports.Histogram = require("prom-client/lib/histogram");
    exports.collectDefaultMetrics = require("prom-client/lib/defaultMetrics");`,
};

interface LeftOut {
  /** As the import is written. */
  readonly path: RegExp;
  /** The package that writes it; without one, any. */
  readonly from?: string;
  /** What stands in its place. @default an empty object: whatever is loaded but never called */
  readonly instead?: string;
}

/** Modules that are loaded only for what we never do. */
const LEFT_OUT: readonly LeftOut[] = [
  // server.ts gives Fastify its own schemaController: no route has a JSON schema.
  { path: /^@fastify\/ajv-compiler$/ },
  { path: /^@fastify\/fast-json-stringify-compiler$/ },
  // Fastify's inject(), for tests.
  { path: /^light-my-request$/ },
  // undici's parser for machines without SIMD, which every Node 20 platform has.
  { path: /llhttp-wasm\.js$/ },
  // undici's bodies of type FormData or iterable; ours are text. HTTP/2 is off unless it is asked for (Pool's allowH2).
  { path: /web\/fetch\/body\.js$/, from: "undici" },
  { path: /client-h2\.js$/, from: "undici" },
  // prom-client's exemplars, which are off.
  { path: /^@opentelemetry\/api$/ },
  // pino in a worker thread; ours writes to a stream.
  { path: /^\.\/(lib\/)?transport$/, from: "pino" },
  // Checks of plugins' versions and of routes' patterns, which npm's lock file and the tests of the source have done.
  { path: /^semver$/, from: "fastify", instead: "exports.satisfies = () => true;" },
  { path: /^safe-regex2$/, from: "find-my-way", instead: "module.exports = () => true;" },
  // Redis Cluster and Sentinel, a preset of certificates of one cloud, and debug output; one server is what we connect to.
  { path: /^\.\/cluster$/, from: "ioredis" },
  { path: /SentinelConnector$/, from: "ioredis" },
  { path: /TLSProfiles$/, from: "ioredis", instead: "exports.default = {};" },
  { path: /^debug$/, from: "ioredis", instead: "exports.default = () => Object.assign(() => {}, { enabled: false });" },
];

const slim: Plugin = {
  name: "slim",
  setup(context) {
    for (const [name, contents] of Object.entries(PARTS)) {
      context.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: "parts" }));
      context.onLoad({ filter: new RegExp(`^${name}$`), namespace: "parts" }, () => ({
        contents,
        resolveDir: __dirname,
      }));
    }
    for (const [index, { path: filter, from }] of LEFT_OUT.entries())
      context.onResolve({ filter }, ({ importer }) => {
        if (from !== undefined && !importer.includes(`/node_modules/${from}/`)) return undefined;
        return { path: String(index), namespace: "left-out" };
      });
    context.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: LEFT_OUT[Number(path)]?.instead ?? "module.exports = {};",
    }));
  },
};

/** Bundles the gateway into one CommonJS file that a stock Node 20 image runs. @returns its path and size in bytes */
export async function buildGateway(
  outfile = join(__dirname, "dist", "gateway.js"),
): Promise<{ file: string; bytes: number }> {
  await build({
    entryPoints: [join(__dirname, "main.ts")],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    legalComments: "none",
    logLevel: "error",
    plugins: [slim],
  });
  const bytes = statSync(outfile).size;
  if (bytes > LARGEST_BUNDLE_BYTES) throw new Error(`${outfile} is ${bytes} bytes, more than ${LARGEST_BUNDLE_BYTES}`);
  return { file: outfile, bytes };
}

if (require.main === module)
  void buildGateway().then(({ file, bytes }) => process.stdout.write(`${file}: ${bytes} bytes\n`));
