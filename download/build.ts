import { statSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** A Kubernetes ConfigMap holds 1 MiB in all; this leaves room for its other keys. */
export const LARGEST_BUNDLE_BYTES = 1_000_000;

/** Of undici only the agent that knows proxies: its index brings fetch, WebSocket, caches and mocks. */
const UNDICI = `
  const Dispatcher = require("undici/lib/dispatcher/dispatcher");
  Object.assign(Dispatcher.prototype, require("undici/lib/api"));
  exports.EnvHttpProxyAgent = require("undici/lib/dispatcher/env-http-proxy-agent");`;

const slim: Plugin = {
  name: "slim",
  setup(context) {
    context.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "parts" }));
    context.onLoad({ filter: /.*/, namespace: "parts" }, () => ({ contents: UNDICI, resolveDir: __dirname }));
    // undici's parser for machines without SIMD, which every Node 20 platform has.
    context.onResolve({ filter: /llhttp-wasm\.js$/ }, ({ path }) => ({ path, namespace: "left-out" }));
    context.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Bundles the downloader into one CommonJS file that a stock Node 20 image runs. @returns its path and size in bytes */
export async function buildDownload(
  outfile = join(__dirname, "dist", "download.js"),
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
  void buildDownload().then(({ file, bytes }) => process.stdout.write(`${file}: ${bytes} bytes\n`));
