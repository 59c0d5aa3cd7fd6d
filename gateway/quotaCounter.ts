import type { FastifyBaseLogger } from "fastify";
import type { LiveConfig } from "./liveConfig";
import type { Metrics } from "./metrics";
import { Quotas } from "./quotas";
import { LocalCounter, type Counter } from "./quotaStore";
import { RedisStore } from "./redisStore";
import { SharedStore } from "./sharedStore";

/** Longest that the start waits for Redis: a gateway without it serves too, and must be up within 500 ms. */
const CONNECT_WAIT_MS = 200;

/** Quotas by configuration: shared through Redis where there is one, else counted here. Log and metrics say when it is lost. */
export async function openQuotas(
  live: LiveConfig,
  metrics: Metrics,
  log: FastifyBaseLogger,
  nowMs?: () => number,
): Promise<{ quotas: Quotas; closeQuotas: () => void }> {
  const { redis } = live.current;
  const quotas = (counter: Counter): Quotas =>
    new Quotas({
      counter,
      config: () => live.current,
      onRefusal: (subject, kind) => metrics.subjects.countRefusal(subject, kind),
    });
  if (!redis) return { quotas: quotas(new LocalCounter(nowMs)), closeQuotas: () => undefined };
  metrics.noteStore(true);
  let lastError = "none";
  const store = new RedisStore(redis, (code) => (lastError = code));
  const shared = new SharedStore(store, redis, (state) => {
    metrics.noteStore(state === "back");
    const { whenLost, replicas } = redis;
    if (state === "back") log.warn("the quota store is back");
    else log.error({ whenLost, replicas, code: lastError }, "the quota store is lost");
  });
  if (!(await store.opened(CONNECT_WAIT_MS))) shared.lose();
  return { quotas: quotas(shared), closeQuotas: () => store.close() };
}
