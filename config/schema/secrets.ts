/** The secret keys: one scalar each. `config/secrets.ts` checks what is in them; their faults never show a value. */
import * as z from "zod";

const secret = () => z.string({ error: "a secret text" });

/** Secrets of every stack. */
const common = {
  /** What Ray asks of every client of its dashboard and control ports. */
  rayToken: secret(),
  /** Ed25519 private key, PKCS8 PEM: signs the gateway's tokens. */
  signingKey: secret(),
  /** Users as JSON text: `[{"name","passwordHash","scopes":[],"models":[]}]`. */
  users: secret(),
  /** Password of `gateway.firstUser`, in the clear: asks for the first token, which proves that the stack works. */
  firstUserPassword: secret(),
} as const;

/** What outlives a change of keys. */
const rotation = {
  /** The key before `signingKey`, whose tokens still hold: set for a token's life after a change of it. */
  previousSigningKey: secret().optional(),
} as const;

/** What opens registries and hubs. */
const hubSecrets = {
  /** Logins of the registries that `imagePullSecret` opens, as `docker login` writes them: `{"auths":{"<host>":{"auth":".."}}}`. */
  registryLogins: secret().optional(),
  /** Token of Hugging Face, for models whose licence has to be accepted there (Gemma, Llama). */
  hfToken: secret().optional(),
  /** Token of ModelScope. */
  modelScopeToken: secret().optional(),
  /** Key of the buckets that models come from by `download.from: s3` or `oss`. */
  s3AccessKeyId: secret().optional(),
  /** The secret half of `s3AccessKeyId`. */
  s3SecretAccessKey: secret().optional(),
} as const;

/** What a chat page keeps. */
const chatSecrets = {
  /** Signs the sessions of Open WebUI: another one logs everybody out. */
  chatSessionKey: secret().optional(),
  /** Password of `chat.adminEmail`; only Open WebUI's first start reads it. */
  chatAdminPassword: secret().optional(),
  /** What the issuer of `chat.oidc` knows the page by. */
  chatOidcClientSecret: secret().optional(),
  /** URL of `chat.database`: `postgresql://user:password@host:port/name`. */
  chatDatabaseUrl: secret().optional(),
  /** Opens LobeChat to whoever knows it. */
  chatAccessCode: secret().optional(),
} as const;

/** Secrets of a stack on this machine. */
export const secretsSchema = z.strictObject(common);

/** Secrets of a stack on Proxmox. */
export const proxmoxSecretsSchema = z.strictObject({
  ...common,
  /** Token of Proxmox's API: "user@realm!id=uuid". */
  proxmoxApiToken: secret(),
  /** Private key that opens every host over SSH (OpenSSH or PEM). */
  hostSshKey: secret(),
  /** Passphrase of `hostSshKey`, where it has one. */
  hostSshKeyPassphrase: secret().optional(),
  /** Private key that opens the VMs over SSH, without a passphrase; its public half is put on them. */
  nodeSshKey: secret(),
  /** Deckhouse's licence key; for every edition but CE. */
  deckhouseLicenseKey: secret().optional(),
  /** bcrypt hashes of the passwords of `cluster.users` as JSON text: `{"<user>": "<hash>"}`. */
  clusterPasswordHashes: secret().optional(),
  /** Private key of `cluster.internalCa.certificate`, PEM. */
  internalCaKey: secret().optional(),
  /** Keys of `cluster.ceph.connections` as JSON text: `{"<connection>": "<key>"}`. */
  cephKeys: secret().optional(),
  ...rotation,
  ...hubSecrets,
  ...chatSecrets,
});

/** Secrets of a stack on a cluster that is there already. */
export const existingSecretsSchema = z.strictObject({
  ...common,
  /** The whole kubeconfig, YAML. */
  kubeconfig: secret(),
  ...rotation,
  ...hubSecrets,
  ...chatSecrets,
});

/** Secrets in the clear: only ever held between reading and wrapping. */
export type PlainSecrets = z.output<typeof secretsSchema>;
/** The same of a stack on Proxmox. */
export type PlainProxmoxSecrets = z.output<typeof proxmoxSecretsSchema>;
/** The same of a stack on an existing cluster. */
export type PlainExistingSecrets = z.output<typeof existingSecretsSchema>;
/** The secrets that are there, of any platform. */
export type SomeSecrets = {
  readonly [K in keyof (PlainProxmoxSecrets & PlainExistingSecrets)]?: string | undefined;
};
