/** Which certificate authorities programs on this machine trust. */
import { existsSync, readFileSync } from "node:fs";

/** Where Go programs look on Linux; Node has a list of its own. @see https://go.dev/src/crypto/x509/root_linux.go */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The authorities of this machine, PEM: of the file that `SSL_CERT_FILE` names, which stands in place of the system's, else
 * of the system's. Undefined where there is no such file.
 */
export function systemAuthorities(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env["SSL_CERT_FILE"];
  const file = named === undefined || named === "" ? BUNDLES.find((one) => existsSync(one)) : named;
  return file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
