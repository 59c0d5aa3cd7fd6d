/** `gateway` of a cluster: what every gateway has, and what several replicas and many people make necessary. */
import * as z from "zod";
import { parseNetwork } from "../../addresses";
import { certificates } from "../clusterAccess";
import { gatewaySchema } from "../gateway";
import { flag, text, whole } from "../values";

const networkText = 'a network by its first address and prefix, like "10.111.0.0/16", never /0';
const isRange = (value: string): boolean => parseNetwork(value) !== undefined && !value.endsWith("/0");
const network = () => z.string({ error: networkText }).refine(isRange, { error: networkText });

const roleName = () => text(/^[\x21-\x7e]{1,128}$/, "a role's name of 1 to 128 characters without spaces");
const requests = () => whole(1, 100_000, "requests");
const tokens = () => whole(1, 1_000_000_000, "tokens");

/** One entry of `gateway.roles`. */
const roleSchema = z.strictObject(
  {
    /** As users and the issuer's tokens name it. */
    name: roleName(),
    /** Requests of one subject in a minute (1 to 100000). @default `gateway.requestsPerMinute` */
    requestsPerMinute: requests().optional(),
    /** Prompt and completion tokens of one subject in a minute (1 to 1000000000). @default `gateway.tokensPerMinute` */
    tokensPerMinute: tokens().optional(),
  },
  { error: "a role with `name`" },
);

const isHttps = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, search, hash } = new URL(value);
  return protocol === "https:" && [username, search, hash].every((part) => part === "");
};
const https = (error: string) => z.string({ error }).refine(isHttps, { error });
const claim = () => text(/^[\x21-\x7e]{1,128}$/, "the name of a claim").optional();

/** `gateway.oidc`: whose tokens the gateway takes besides its own. */
const oidcSchema = z.strictObject(
  {
    /** The `iss` of its tokens, exactly. */
    issuer: https('the issuer as it calls itself, like "https://dex.my.org"'),
    /** Where its keys are. */
    jwksUri: https('an https address, like "https://dex.my.org/keys"'),
    /** The `aud` of its tokens. */
    audience: text(/^[\x21-\x7e]{1,256}$/, "the audience that the issuer's tokens carry"),
    /** Where `jwksUri` answers: the gateway may connect to nothing else outside. */
    addresses: z
      .array(network(), { error: `a list, each ${networkText}` })
      .min(1, { error: `at least one, each ${networkText}` }),
    /** Certificates in PEM that sign the issuer's own, where Node.js does not know them. @default none */
    ca: certificates().optional(),
    /** Claim with the scopes. @default "scope" */
    scopeClaim: claim(),
    /** Claim with the models that may be used; without the key all may. */
    modelsClaim: claim(),
    /** Claim with the role or groups; the first of `gateway.roles` that is in it counts. */
    roleClaim: claim(),
  },
  { error: "a group of keys: issuer, jwksUri, audience, addresses" },
);

/** `gateway` on a cluster: what clients may do, and how it is run. */
export const clusterGatewaySchema = z.strictObject(
  {
    ...gatewaySchema.shape,
    /** Pods (1 to 16). One cannot be replaced without a moment of silence. @default 2 */
    replicas: whole(1, 16, "replicas").default(2),
    /** Whether replicas count quotas together, in a Valkey of their own. @default true with more than one */
    sharedQuotas: flag().optional(),
    /** Prompt and completion tokens of one user in a minute (1 to 1000000000). @default no bound */
    tokensPerMinute: tokens().optional(),
    /** Other quotas for some, in order of precedence. @default none */
    roles: z
      .array(roleSchema, { error: "a list of roles, each with `name`" })
      .max(64, { error: "at most 64 roles" })
      .default([]),
    /** Role of each person behind the chat page. @default none: the numbers of everybody */
    peopleRole: roleName().optional(),
    /**
     * Networks of the ingress, and of a CDN before it, whose X-Forwarded-For is believed. Failed logins are counted by the
     * client's address. @default the pods' network on Proxmox, else none
     */
    trustedProxies: z.array(network(), { error: `a list, each ${networkText}` }).optional(),
    /** @default only users of the stack's own */
    oidc: oidcSchema.optional(),
  },
  { error: "a group of keys, such as `tokenLifetimeMinutes: 60`" },
);

/** `gateway` on a cluster, with every default filled in. */
export type ClusterGatewayProfile = z.output<typeof clusterGatewaySchema>;
