/** `chat`: a web page to talk to the models. */
import * as z from "zod";
import { parseNetwork } from "../../addresses";
import { certificates } from "../clusterAccess";
import { domainName, integer, label, text, whole, word } from "../values";

const networkText = 'networks by their first address and prefix, like "192.168.2.9/32"';
const networks = () =>
  z
    .array(
      z.string({ error: networkText }).refine((value) => parseNetwork(value) !== undefined, { error: networkText }),
      { error: `a list of ${networkText}` },
    )
    .min(1, { error: `at least one of ${networkText}` });

const issuerText = 'the issuer as it calls itself, like "https://dex.my.org", without a query';
const isIssuer = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, search, hash } = new URL(value);
  return protocol === "https:" && [username, search, hash].every((part) => part === "");
};

/** `chat.oidc`: people log in at an issuer of theirs. */
const oidcSchema = z.strictObject(
  {
    /** The `iss` of its tokens; its configuration is at /.well-known/openid-configuration below it. */
    issuer: z.string({ error: issuerText }).refine(isIssuer, { error: issuerText }),
    /** What the page is called there; its secret is `chatOidcClientSecret`. */
    clientId: text(/^[\x21-\x7e]{1,256}$/, "the name of the client that the issuer knows"),
    /** Where the issuer answers: the page may connect to nothing else outside. */
    addresses: networks(),
    /**
     * Certificates in PEM that sign the issuer's own, where it is no public CA's. The page then trusts these and no other: it
     * talks TLS to nobody else but its database, whose URL says what to trust. @default none
     */
    ca: certificates().optional(),
    /** What its button says. @default "SSO" */
    name: text(/^[^\p{Cc}{}]{1,64}$/u, "1 to 64 characters without { and }").default("SSO"),
    /** What it asks the issuer for. @default "openid email profile" */
    scopes: text(/^openid(?: [\w:./-]{1,64}){0,16}$/, 'scopes that start with "openid"').default(
      "openid email profile",
    ),
  },
  { error: "a group of keys: issuer, clientId, addresses" },
);

/** `chat.database`: a PostgreSQL that is there already; its URL is the secret `chatDatabaseUrl`. */
const databaseSchema = z.strictObject(
  {
    /** Where it answers. */
    addresses: networks(),
    /** Its TCP port. @default 5432 */
    port: integer(1, 65535, "a port from 1 to 65535").default(5432),
  },
  { error: "a group of keys: addresses, port" },
);

/** `chat`: a web page to talk to the models. */
export const chatSchema = z.strictObject(
  {
    /** Which page: none, Open WebUI with accounts and chats of its own, or LobeChat with neither. @default "none" */
    kind: word(["none", "openWebUi", "lobeChat"]).default("none"),
    /** Public name of the page. Needed before it is made. */
    host: domainName('a domain name in lower case, like "chat.my.org"').optional(),
    /** Ingress class; not with `ingress.kind: gatewayApi`. @default that of `ingress`, else the cluster's own */
    class: domainName("the name of an ingress class").optional(),
    /** cert-manager's ClusterIssuer for its certificate; not with `ingress.kind: gatewayApi`. @default that of `ingress` */
    tlsIssuer: domainName("the name of a ClusterIssuer").optional(),
    /**
     * Listener of `ingress.gateway` for the page's host, with its certificate; only with `ingress.kind: gatewayApi`. The Gateway
     * has to take routes from the namespace `<serving.namespace>-chat`. @default that of `ingress.gateway`, else any that takes the host
     */
    listener: label().optional(),
    /** Pods of the page (1 to 10); more than one of Open WebUI need `database`. @default 1 */
    replicas: whole(1, 10, "replicas").default(1),
    /** Size in GiB (1 to 1024) of Open WebUI's volume: uploads, and without `database` all accounts and chats. @default 10 */
    storageGib: whole(1, 1024, "GiB").default(10),
    /** Storage class of that volume. @default the cluster's own */
    storageClass: domainName("the name of a storage class").optional(),
    /** Mail address of Open WebUI's first administrator, who is made at the first start with the secret `chatAdminPassword`. */
    adminEmail: text(/^[a-z0-9][a-z0-9._+-]{0,63}@[a-z0-9.-]{1,189}$/, "a mail address in lower case").optional(),
    /** Where people log in. @default accounts of the page's own, which its administrator makes */
    oidc: oidcSchema.optional(),
    /** @default SQLite on the volume */
    database: databaseSchema.optional(),
  },
  { error: "a group of keys, such as `kind: openWebUi`" },
);

/** `chat`, with every default filled in. */
export type ChatProfile = z.output<typeof chatSchema>;

export const chatKeys = { chat: chatSchema.prefault({}) } as const;
