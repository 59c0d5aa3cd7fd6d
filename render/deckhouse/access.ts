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

/** Where cert-manager looks for the keys of cluster-wide issuers, and nowhere else. */
const namespace = "d8-cert-manager";
const certManager = "cert-manager.io/v1";

/** The CA's key pair as the user gives it. */
const givenPair = (name: string, certificate: string, secret: string, module: string | undefined): ClusterObject =>
  clusterObject({
    apiVersion: "v1",
    kind: "Secret",
    name: secret,
    namespace,
    fields: {
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": certificate },
      data: { "tls.key": secretRef(caKeySecret(name)) },
    },
    after: [module],
  });

/**
 * A key pair that cert-manager makes: the key never leaves the cluster. It stays the same when the certificate
 * is renewed in its tenth year.
 * @see https://cert-manager.io/docs/configuration/selfsigned/ (bootstrapping CA issuers)
 */
function madePair(name: string, secret: string, module: string | undefined): readonly ClusterObject[] {
  const root = `${name}-root`;
  return [
    clusterObject({
      apiVersion: certManager,
      kind: "ClusterIssuer",
      name: root,
      fields: { spec: { selfSigned: {} } },
      after: [module],
    }),
    clusterObject({
      apiVersion: certManager,
      kind: "Certificate",
      name,
      namespace,
      fields: {
        spec: {
          isCA: true,
          commonName: name,
          secretName: secret,
          duration: "87600h0m0s",
          renewBefore: "8760h0m0s",
          privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Never" },
          issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: root },
        },
      },
      after: [module, `ClusterIssuer/${root}`],
    }),
  ];
}

/** A CA as an issuer for the whole cluster. @param module id of the ModuleConfig of cert-manager */
export function caObjects(ca: InternalCa | undefined, module: string | undefined): readonly ClusterObject[] {
  if (ca === undefined) return [];
  const { name, certificate } = ca;
  const secret = `${name}-key-pair`;
  const pair =
    certificate === undefined ? madePair(name, secret, module) : [givenPair(name, certificate, secret, module)];
  return [
    ...pair,
    clusterObject({
      apiVersion: certManager,
      kind: "ClusterIssuer",
      name,
      fields: { spec: { ca: { secretName: secret } } },
      after: [module, ...pair.map(({ id }) => id)],
    }),
  ];
}

/** A bcrypt hash as Deckhouse's User takes it: base64, without a line break in it. Taken as it is, or in base64 already. */
export const encodePasswordHash = (hash: string): string => {
  const text = hash.trim();
  const plain = text.startsWith("$2") ? text : Buffer.from(text, "base64").toString().trim();
  return Buffer.from(plain).toString("base64");
};
