/** A program of many files as one, for a ConfigMap. */
import { statSync } from "node:fs";
import { build, type Plugin } from "esbuild";

/** A Kubernetes ConfigMap holds 1 MiB in all; this leaves room for its other keys. */
export const LARGEST_BUNDLE_BYTES = 1_000_000;

/** A module in place of another. */
export interface Instead {
  /** As the import is written. */
  readonly path: RegExp;
  /** The package that writes it. @default any */
  readonly from?: string;
  /** Text of the module that stands there; may load others. @default an empty object: whatever is loaded but never called */
  readonly instead?: string;
}

/** undici's parser for machines without SIMD, which every Node 20 platform has. */
export const undiciWithoutSimd: Instead = { path: /llhttp-wasm\.js$/ };

/** Puts them in place, so that a package's index does not bring all that the package has. @param directory where they load from */
const slim = (modules: readonly Instead[], directory: string): Plugin => ({
  name: "slim",
  setup(context) {
    for (const [index, { path: filter, from }] of modules.entries())
      context.onResolve({ filter }, ({ importer }) => {
        if (from !== undefined && !importer.includes(`/node_modules/${from}/`)) return undefined;
        return { path: String(index), namespace: "instead" };
      });
    context.onLoad({ filter: /.*/, namespace: "instead" }, ({ path }) => ({
      contents: modules[Number(path)]?.instead ?? "module.exports = {};",
      resolveDir: directory,
    }));
  },
});

/** What comes together. */
export interface Bundle {
  /** The file that runs. */
  readonly entry: string;
  readonly outfile: string;
  readonly instead: readonly Instead[];
}

/** A bundle that was made. */
export interface Bundled {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Makes one CommonJS file that a stock Node 20 image runs.
 * @param directory where the entry's packages are looked for
 * @throws Error when it is too large for a ConfigMap
 */
export async function bundleProgram({ entry, outfile, instead }: Bundle, directory: string): Promise<Bundled> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    legalComments: "none",
    logLevel: "error",
    plugins: [slim(instead, directory)],
  });
  const bytes = statSync(outfile).size;
  if (bytes > LARGEST_BUNDLE_BYTES) throw new Error(`${outfile} is ${bytes} bytes, more than ${LARGEST_BUNDLE_BYTES}`);
  return { file: outfile, bytes };
}
