/** Certificates by `openssl`, which Node cannot make by itself: a CA, and what it signs. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];

function make(directory: string, name: string, args: readonly string[]): KeyPair {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  execFileSync("openssl", ["req", "-x509", ...form, ...args, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

/** A CA. Its files stay in the directory. @throws Error when there is no `openssl` */
export const makeCa = (directory: string, name: string): KeyPair =>
  make(directory, name, ["-subj", `/CN=${name}`, "-addext", "basicConstraints=critical,CA:TRUE"]);

/** A certificate for a server. @param ca that signs it; without, it signs itself @param hosts names or IPv4 addresses */
export function serverPair(directory: string, ca: string | undefined, hosts: readonly string[]): KeyPair {
  const [first = "server"] = hosts;
  const names = hosts.map((host) => `${/^[\d.]+$/.test(host) ? "IP" : "DNS"}:${host}`);
  const by = ca === undefined ? [] : ["-CA", join(directory, `${ca}.crt`), "-CAkey", join(directory, `${ca}.key`)];
  return make(directory, first, [
    // A common name has at most 64 letters.
    ...["-subj", `/CN=${first.slice(0, 64)}`, "-addext", `subjectAltName=${names.join(",")}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE", ...by],
  ]);
}
