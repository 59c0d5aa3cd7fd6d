/** Certificates in PEM, as far as a stack's own have to be checked. */
import { createPrivateKey, X509Certificate } from "node:crypto";

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a text, in its order; undefined when it has none, something else, or one that cannot be read. */
export function certificatesOf(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(block) ?? [];
  if (blocks.length === 0 || pem.replace(block, "").trim() !== "") return undefined;
  try {
    return blocks.map((text) => new X509Certificate(text));
  } catch {
    return undefined;
  }
}

/** Whether a private key is the one of a text's first certificate; undefined when either cannot be read. */
export function isKeyOf(pem: string, key: string): boolean | undefined {
  const [first] = certificatesOf(pem) ?? [];
  try {
    return first?.checkPrivateKey(createPrivateKey(key));
  } catch {
    return undefined; // OpenSSL's reason could quote the key.
  }
}
