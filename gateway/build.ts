import { join } from "node:path";
import { bundleProgram, undiciWithoutSimd, type Bundled, type Instead } from "../system/bundle";

/**
 * Packages whose index loads everything they have, assembled from the parts we use, in the way their own index does it. Without
 * this undici alone brings fetch, WebSocket, caches and mocks: half the size allowed.
 */
const parts: readonly Instead[] = [
  {
    path: /^undici$/,
    instead: `
    const Dispatcher = require("undici/lib/dispatcher/dispatcher");
    Dispatcher.prototype.request = require("undici/lib/api/api-request");
    exports.Pool = require("undici/lib/dispatcher/pool");`,
  },
  {
    path: /^rate-limiter-flexible$/,
    instead: `
    exports.RateLimiterMemory = require("rate-limiter-flexible/lib/RateLimiterMemory");
    exports.RateLimiterRes = require("rate-limiter-flexible/lib/RateLimiterRes");`,
  },
  {
    path: /^prom-client$/,
    instead: `
    exports.Registry = require("prom-client/lib/registry");
    exports.Counter = require("prom-client/lib/counter");
    exports.Gauge = require("prom-client/lib/gauge");
    exports.Histogram = require("prom-client/lib/histogram");
    exports.collectDefaultMetrics = require("prom-client/lib/defaultMetrics");`,
  },
];

/** Modules that are loaded only for what we never do. */
const leftOut: readonly Instead[] = [
  // server.ts gives Fastify its own schemaController: no route has a JSON schema.
  { path: /^@fastify\/ajv-compiler$/ },
  { path: /^@fastify\/fast-json-stringify-compiler$/ },
  // Fastify's inject(), for tests.
  { path: /^light-my-request$/ },
  undiciWithoutSimd,
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

/** Bundles the gateway. @returns its path and size in bytes */
export const buildGateway = (outfile = join(__dirname, "dist", "gateway.js")): Promise<Bundled> =>
  bundleProgram({ entry: join(__dirname, "main.ts"), outfile, instead: [...parts, ...leftOut] }, __dirname);

if (require.main === module)
  void buildGateway().then(({ file, bytes }) => process.stdout.write(`${file}: ${bytes} bytes\n`));
