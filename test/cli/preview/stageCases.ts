/** Changes of the stages after the cluster: GPUs, models, gateway, chat page, monitoring. */
import { generateKeyPairSync } from "node:crypto";
import { changed, hash } from "../../config/stacks";
import type { Case } from "./cases";
import type { Stack } from "./upped";

type Edit = (stack: Stack) => Stack;

const at =
  (path: string, value: unknown): Edit =>
  (stack) =>
    changed(stack, path, value);

const all =
  (...edits: readonly Edit[]): Edit =>
  (stack) =>
    edits.reduce((values, edit) => edit(values), stack);

const otherKey: Edit = (stack) => ({
  ...stack,
  signingKey: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
});

const withUser: Edit = (stack) => {
  const users = JSON.parse(String(stack["users"])) as object[];
  const bob = { name: "bob", passwordHash: hash, scopes: ["chat:write"], models: ["*"] };
  return { ...stack, users: JSON.stringify([...users, bob]) };
};

const withChat: Edit = (stack) => ({
  ...stack,
  chat: { kind: "openWebUi", host: "chat.lan", adminEmail: "admin@my.org" },
  chatSessionKey: "s".repeat(48),
  chatAdminPassword: "p".repeat(24),
});

const homelab = (to: Edit, from?: Edit): Case => ({ stack: "homelab", to, ...(from === undefined ? {} : { from }) });
const a100 = (to: Edit): Case => ({ stack: "a100", to });

const model = (source: string, name: string): Edit => all(at("models[0].source", source), at("models[0].name", name));

/** By name. */
export const stageCases: Readonly<Record<string, Case>> = {
  "another model": homelab(model("Qwen/Qwen3-14B", "qwen3-14b")),
  "a bigger context": homelab(at("models[0].contextTokens", 10_240)),
  "a bigger context that no longer fits": {
    ...homelab(all(at("models[0].contextTokens", 98_304), at("models[0].replicas", 3))),
    unfit: true,
  },
  "one replica to two": homelab(at("models[0].replicas", 2), at("models[0].replicas", 1)),
  "a larger model store": homelab(at("modelStore.sizeGib", 500)),
  "another serving image": homelab(at("images.ray", "registry.lan/ray-llm:2.60.0-py312-cu130")),
  "another GPU driver": homelab(at("gpu.driverVersion", "595.91.07")),
  "a quota raised": homelab(all(at("gateway.requestsPerMinute", 600), at("gateway.tokensPerMinute", 200_000))),
  "a gateway user added": homelab(withUser),
  "another signing key": homelab(otherKey),
  "another API host": homelab(at("ingress.host", "ai.lan")),
  "a chat page added": homelab(withChat),
  "a chat page removed": homelab(at("chat", { kind: "none" }), withChat),
  "monitoring off": homelab(at("monitoring.kind", "none")),
  "a100: another model": a100(model("Qwen/Qwen3-32B", "qwen3-32b")),
  "a100: a bigger context": a100(at("models[0].contextTokens", 16_384)),
  "a100: a bigger context that no longer fits": {
    ...a100(at("models[0].contextTokens", 131_072)),
    unfit: true,
  },
  "a100: a quota lowered": a100(at("gateway.requestsPerMinute", 20)),
  "a100: another storage class of the models": a100(at("modelStore.storageClass", "fast-nfs")),
  "a100: another API host": a100(at("ingress.host", "ai.lan")),
  "a100: a gateway user added": a100(withUser),
};
