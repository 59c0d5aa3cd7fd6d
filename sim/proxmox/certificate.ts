import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A key and the certificate that it signed itself, both PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * Makes a certificate for 127.0.0.1 and localhost, good for 30 days. Clients have to be given `cert` as an authority.
 * @throws Error when there is no `openssl`
 */
export async function selfSigned(): Promise<Certificate> {
  const dir = await mkdtemp(join(tmpdir(), "proxmox-sim-"));
  try {
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=Proxmox VE (simulated)", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
    const form = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
    await promisify(execFile)("openssl", [...form, ...subject, "-keyout", key, "-out", cert]);
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
