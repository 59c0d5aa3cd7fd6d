/** Certificates made for the run by `openssl`, which Node cannot make by itself. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate that signed itself, and its key. */
export function selfSigned(name: string, ca: boolean): { readonly certificate: string; readonly key: string } {
  const directory = mkdtempSync(join(tmpdir(), "tokenrack-ca-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  try {
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];
    const about = ["-subj", `/CN=${name}`, "-addext", `basicConstraints=critical,CA:${ca ? "TRUE" : "FALSE"}`];
    execFileSync("openssl", ["req", ...kind, ...about, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
