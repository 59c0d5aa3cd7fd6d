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
    Object.assign(Dispatcher.prototype, require("undici/lib/api"));
    exports.Pool = require("undici/lib/dispatcher/pool");`,
  "rate-limiter-flexible": `
    exports.RateLimiterMemory = require("rate-limiter-flexible/lib/RateLimiterMemory");
    exports.RateLimiterRes = require("rate-limiter-flexible/lib/RateLimiterRes");`,
};

/** Modules that are loaded only for what we never do. */
const LEFT_OUT = [
  /^@fastify\/ajv-compiler$/, // server.ts gives Fastify its own schemaController: no route has a JSON schema
  /^@fastify\/fast-json-stringify-compiler$/,
  /^light-my-request$/, // Fastify's inject(), for tests
  /llhttp-wasm\.js$/, // undici's parser for machines without SIMD, which every Node 20 platform has
  /^@opentelemetry\/api$/, // prom-client's exemplars, which are off
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
    for (const filter of LEFT_OUT) context.onResolve({ filter }, ({ path }) => ({ path, namespace: "left-out" }));
    context.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
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
