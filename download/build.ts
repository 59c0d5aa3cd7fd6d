import { join } from "node:path";
import { bundleProgram, undiciWithoutSimd, type Bundled, type Instead } from "../system/bundle";

/** Of undici only the agent that knows proxies: its index brings fetch, WebSocket, caches and mocks. */
const undici: Instead = {
  path: /^undici$/,
  instead: `
    const Dispatcher = require("undici/lib/dispatcher/dispatcher");
    Object.assign(Dispatcher.prototype, require("undici/lib/api"));
    exports.EnvHttpProxyAgent = require("undici/lib/dispatcher/env-http-proxy-agent");`,
};

/** Bundles the downloader. @returns its path and size in bytes */
export const buildDownload = (outfile = join(__dirname, "dist", "download.js")): Promise<Bundled> =>
  bundleProgram({ entry: join(__dirname, "main.ts"), outfile, instead: [undici, undiciWithoutSimd] }, __dirname);

if (require.main === module)
  void buildDownload().then(({ file, bytes }) => process.stdout.write(`${file}: ${bytes} bytes\n`));
