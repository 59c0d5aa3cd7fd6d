import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Redis, type Result } from "ioredis";
import type { GatewayConfig } from "./config";
import { errorCode } from "./errors";
import { exposureOf } from "./files";
import type { Fault } from "./faults";
import { WINDOW_MS, type QuotaStore, type Standing, type Taking } from "./quotaStore";

export type RedisConfig = NonNullable<GatewayConfig["redis"]>;

/** `carried` and `MemoryStore.take` (quotaStore.ts) in one atomic step, by the server's clock, so that replicas agree on the minute. */
const ROLL = `
local time = redis.call('TIME')
local size = tonumber(ARGV[3])
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = math.floor(now / size)
local cost, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'w', 'u')
local used = 0
if kept[1] then used = math.max(0, kept[2] - limit * (window - kept[1])) end
local function keep()
  redis.call('HSET', KEYS[1], 'w', window, 'u', used)
  redis.call('PEXPIRE', KEYS[1], size * (2 + math.floor(used / limit)))
end`;
const TAKE = `${ROLL}
local taken = used + cost <= limit
if taken then
  used = used + cost
  keep()
end
return {taken and 1 or 0, used, window, (window + 1) * size - now}`;
const SETTLE = `${ROLL}
if cost > 0 or window == tonumber(ARGV[4]) then
  used = math.max(0, used + cost)
  keep()
end
return 0`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    quotaTake(key: string, cost: number, limit: number, windowMs: number): Result<unknown, Context>;
    quotaSettle(key: string, cost: number, limit: number, windowMs: number, window: number): Result<unknown, Context>;
  }
}

/** Longest pause between attempts to connect: how late a Redis that is back is noticed. */
const RECONNECT_MS = 1000;
/** Silence after a command for which a connection is taken for dead and made anew. */
const DEAD_MS = 3000;

function standingOf(reply: unknown): Standing {
  const [taken, used, window, resetMs] = Array.isArray(reply) ? reply.map(Number) : [];
  if (taken === undefined || used === undefined || window === undefined || resetMs === undefined)
    throw new Error("unexpected answer of a script");
  return { taken: taken === 1, used, window, resetMs };
}

/** What is wrong with the files a Redis connection needs; none is read for longer than this. */
export function redisFaults(config: RedisConfig): Fault[] {
  const faults: Fault[] = [];
  const needed = "a file that this process can read, and others cannot if it holds a password";
  const check = (path: string, file: string | undefined, secret: boolean): void => {
    if (file === undefined) return;
    try {
      readFileSync(file);
      const exposure = secret ? exposureOf(file) : undefined;
      if (exposure) faults.push({ path, found: `${file} with ${exposure}`, needed, fix: `chmod 600 ${file}` });
    } catch (error) {
      const found = `${file}, which cannot be read (${errorCode(error)})`;
      faults.push({ path, found, needed, fix: "mount it, or take the key away" });
    }
  };
  check("redis.passwordFile", config.passwordFile, true);
  check("redis.caFile", config.caFile, false);
  return faults;
}

/** One server, one connection; nothing waits in a queue for it, and every answer has a deadline. */
function connect(config: RedisConfig): Redis {
  const { username, passwordFile, caFile } = config;
  const password = (): string | undefined =>
    passwordFile === undefined ? undefined : readFileSync(passwordFile, "utf8").trim();
  const first = password();
  const isTls = config.url.startsWith("rediss:");
  const client = new Redis(config.url, {
    ...(username === undefined ? {} : { username }),
    ...(first === undefined ? {} : { password: first }),
    ...(isTls && caFile !== undefined ? { tls: { ca: readFileSync(caFile, "utf8") } } : {}),
    connectTimeout: DEAD_MS,
    commandTimeout: config.commandTimeoutMs,
    socketTimeout: DEAD_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_MS),
  });
  client.on("close", () => {
    try {
      const now = password();
      if (now !== undefined) client.options.password = now;
    } catch {
      // The old password stays; whether it still holds is for the server to say.
    }
  });
  return client;
}

/** Counts in Redis or Valkey, for all replicas together. Rejects when it cannot be asked in time. */
export class RedisStore implements QuotaStore {
  private readonly client: Redis;

  /** @param onError told the code of each connection error; without a listener ioredis would print them */
  constructor(
    private readonly config: RedisConfig,
    onError: (code: string) => void,
  ) {
    this.client = connect(config);
    this.client.defineCommand("quotaTake", { numberOfKeys: 1, lua: TAKE });
    this.client.defineCommand("quotaSettle", { numberOfKeys: 1, lua: SETTLE });
    this.client.on("error", (error) => onError(errorCode(error)));
  }

  /** Waits for the connection, at most so long. @returns whether it is there */
  async opened(milliseconds: number): Promise<boolean> {
    if (this.client.status === "ready") return true;
    const signal = AbortSignal.timeout(milliseconds);
    // once() rejects at the first "error" too: a refused connection need not be waited for.
    return once(this.client, "ready", { signal }).then(
      () => true,
      () => false,
    );
  }

  async take({ key, cost, limit }: Taking): Promise<Standing> {
    return standingOf(await this.client.quotaTake(this.name(key), cost, limit, WINDOW_MS));
  }

  async settle({ key, limit }: Taking, window: number, delta: number): Promise<void> {
    await this.client.quotaSettle(this.name(key), delta, limit, WINDOW_MS, window);
  }

  close(): void {
    this.client.disconnect();
  }

  private name(key: string): string {
    return `${this.config.keyPrefix}:quota:${key}`;
  }
}
