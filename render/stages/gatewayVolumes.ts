/** What the gateway's pods have mounted. */
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames } from "../../plan/stages/names";
import type { JsonObject } from "../text";
import { quotaCaFile, quotaTlsName } from "./quotaStore";

const name = objectNames.gateway;

/** Objects of this stage besides Deployment, Service and disruption budget, which are called as the gateway is. */
export const gatewayNames = {
  config: name,
  program: `${name}-program`,
  keys: `${name}-keys`,
  users: `${name}-users`,
  /** ConfigMap that nobody makes here: with a key `down` in it, every call is answered 503. */
  announce: `${name}-announce`,
} as const;

/** Keys of its ConfigMaps and Secrets. */
export const gatewayFileNames = {
  program: "gateway.js",
  config: "gateway.json",
  signingKey: "signing.pem",
  previousKey: "previous.pem",
  users: "users.json",
  trusted: "trusted.pem",
} as const;

/** Where each is mounted. */
export const mounts = {
  program: "/program",
  config: "/config",
  keys: "/keys",
  users: "/users",
  announce: "/announce",
  quota: "/quota",
} as const;

const readOnly = (volume: keyof typeof mounts): JsonObject => ({
  name: volume,
  mountPath: mounts[volume],
  readOnly: true,
});

/** Mounts of its container. */
export const mountsOf = ({ quotaStore }: GatewayPlan): JsonObject[] =>
  (["program", "config", "keys", "users", "announce"] as const)
    .map(readOnly)
    .concat(quotaStore === undefined ? [] : [readOnly("quota")]);

/** Password and certificate of the quotas' store, and not its key. */
const quotaFiles = {
  projected: {
    defaultMode: 0o440,
    sources: [
      { secret: { name: objectNames.valkey } },
      { secret: { name: quotaTlsName, items: [{ key: quotaCaFile, path: quotaCaFile }] } },
    ],
  },
} as const;

/** Volumes of its pods. */
export const volumesOf = ({ quotaStore }: GatewayPlan): JsonObject[] => [
  { name: "program", configMap: { name: gatewayNames.program } },
  { name: "config", configMap: { name: gatewayNames.config } },
  { name: "keys", secret: { secretName: gatewayNames.keys, defaultMode: 0o440 } },
  { name: "users", secret: { secretName: gatewayNames.users, defaultMode: 0o440 } },
  { name: "announce", configMap: { name: gatewayNames.announce, optional: true } },
  ...(quotaStore === undefined
    ? []
    : [
        {
          name: "quota",
          ...(quotaStore.tls ? quotaFiles : { secret: { secretName: objectNames.valkey, defaultMode: 0o440 } }),
        },
      ]),
];
