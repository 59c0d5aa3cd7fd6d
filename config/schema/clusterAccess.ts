/** Parts of `cluster`: who may log in, and who signs its certificates. */
import * as z from "zod";
import { accessLevels } from "../../catalog/deckhouse";
import { certificatesOf } from "../certificates";
import { flag, label, text, word } from "./values";

const certificateText = "certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";

/** Certificates in PEM, all of which can be read. */
export const certificates = (): z.ZodString =>
  z.string({ error: certificateText }).refine((value) => certificatesOf(value) !== undefined, {
    error: certificateText,
  });

/** An entry of `cluster.users`: who uses the platform's pages and the API; password by the secret `clusterPasswordHashes`. */
export const clusterUserSchema = z.strictObject(
  {
    /** Name of the user's objects, and in the secret `clusterPasswordHashes`. */
    name: label(),
    /** Login name. */
    email: text(/^[a-z0-9._-]+@[a-z0-9.-]+$/, 'an e-mail address in lower case, like "admin@my.org"'),
    /** What this user may do in the whole cluster. */
    accessLevel: word(accessLevels),
    /** Whether `kubectl port-forward` is allowed. @default false */
    portForwarding: flag().default(false),
  },
  { error: "a user: name, email, accessLevel" },
);

/** `cluster.internalCa`: a CA of one's own as ClusterIssuer; its pages' certificates come from it, too. */
export const internalCaSchema = z.strictObject(
  {
    /** Name of the ClusterIssuer. @default "internal-ca" */
    name: label().default("internal-ca"),
    /** The CA's certificate, its own first where there is a chain; its key is the secret `internalCaKey`. @default one that cert-manager makes in the cluster */
    certificate: certificates().optional(),
  },
  { error: "a group of keys: name, certificate" },
);
