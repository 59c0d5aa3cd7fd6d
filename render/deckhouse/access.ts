/** Who may do what, and the CA that signs the platform's certificates. */
import { clusterObject, secretRef, type ClusterObject } from "./objects";
import type { DeckhouseInput, InternalCa, PlatformUser } from "../../plan/deckhouse/types";

/** Name of the secret with a user's bcrypt hash, base64. */
export const passwordSecret = (user: string): string => `password-${user}`;
/** Name of the secret with a CA's private key, base64 of its PEM. */
export const caKeySecret = (name: string): string => `ca-${name}`;

const user = ({ name, email }: PlatformUser, module: string | undefined): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1",
    kind: "User",
    name,
    fields: { spec: { email, password: secretRef(passwordSecret(name)) } },
    after: [module],
  });

const rule = ({ name, email, accessLevel, portForwarding = false }: PlatformUser): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1",
    kind: "ClusterAuthorizationRule",
    name,
    fields: { spec: { accessLevel, portForwarding, subjects: [{ kind: "User", name: email }] } },
  });

/** Users and their rights. @param module id of the ModuleConfig of user-authn */
export const userObjects = ({ users = [] }: DeckhouseInput, module: string | undefined): readonly ClusterObject[] => [
  ...users.map((one) => user(one, module)),
  ...users.map(rule),
];

/** A CA as an issuer for the whole cluster. @param module id of the ModuleConfig of cert-manager */
export function caObjects(ca: InternalCa | undefined, module: string | undefined): readonly ClusterObject[] {
  if (ca === undefined) return [];
  const secret = `${ca.name}-key-pair`;
  return [
    clusterObject({
      apiVersion: "v1",
      kind: "Secret",
      name: secret,
      // cert-manager reads the keys of cluster-wide issuers from its own namespace only.
      namespace: "d8-cert-manager",
      fields: {
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": ca.certificate },
        data: { "tls.key": secretRef(caKeySecret(ca.name)) },
      },
      after: [module],
    }),
    clusterObject({
      apiVersion: "cert-manager.io/v1",
      kind: "ClusterIssuer",
      name: ca.name,
      fields: { spec: { ca: { secretName: secret } } },
      after: [module, `Secret/${secret}`],
    }),
  ];
}

/** A bcrypt hash as Deckhouse's User takes it: base64, without a line break in it. Taken as it is, or in base64 already. */
export const encodePasswordHash = (hash: string): string => {
  const text = hash.trim();
  const plain = text.startsWith("$2") ? text : Buffer.from(text, "base64").toString().trim();
  return Buffer.from(plain).toString("base64");
};
