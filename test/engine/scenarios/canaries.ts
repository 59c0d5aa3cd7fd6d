/** One canary for every secret of a stack on Proxmox, and eyes for them. */
import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exampleToken } from "../../../sim/proxmox/exampleWorld";
import { selfSigned } from "../../config/madeCertificates";
import type { Place } from "../../support/fixtures";

export const ca = selfSigned("canary", true);
/** Secret of the API token. */
export const tokenSecret = randomUUID();
const passphrase = `CANARY-passphrase-${randomUUID()}`;
export const licence = `CANARY.licence-${randomUUID()}`;
const letters = (text: string, length: number): string =>
  text
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .padEnd(length, "x")
    .slice(0, length);
const passwordHash = `$2y$10$${letters(`canaryClusterHash${randomUUID()}`, 53)}`;
const cephKey = Buffer.from(`canary-ceph-${randomUUID()}`).toString("base64");
const userHash = `$scrypt$ln=15,r=8,p=1$MTIzNDU2Nzg5MDEyMzQ1Ng$${letters(`canaryUserHash${randomUUID()}`, 43)}`;

/** Every secret that such a stack can have. @param place where keys are made */
export function canarySecrets(place: Place, nodeSshKey: string): Readonly<Record<string, string>> {
  // The same key that opens the hosts, locked.
  const file = place.write("locked", nodeSshKey);
  execFileSync("chmod", ["600", file]);
  execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", passphrase, "-f", file]);
  return {
    rayToken: `CANARY-ray-${randomUUID()}`,
    signingKey: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    users: JSON.stringify([{ name: "admin", passwordHash: userHash, scopes: ["chat:write"], models: ["*"] }]),
    firstUserPassword: `CANARY-password-${randomUUID()}`,
    proxmoxApiToken: `${exampleToken().id}=${tokenSecret}`,
    hostSshKey: place.read("locked"),
    hostSshKeyPassphrase: passphrase,
    nodeSshKey,
    deckhouseLicenseKey: licence,
    clusterPasswordHashes: JSON.stringify({ admin: passwordHash }),
    internalCaKey: ca.key,
    cephKeys: JSON.stringify({ site: cephKey }),
    hfToken: `hf_${letters(`canary${randomUUID()}`, 34)}`,
  };
}

/** A line of a PEM text that holds a part of the private half; the first ones of an OpenSSH key are public. */
const pemLines = (text: string): string[] => {
  const lines = text.trim().split("\n").slice(1, -1);
  return lines.length > 3 ? lines.slice(2) : lines;
};

/** What none may find, by the name of the secret: as it is, and in the encodings that we use. */
export function needlesOf(secrets: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const inner: Readonly<Record<string, readonly string[]>> = {
    users: [userHash],
    proxmoxApiToken: [tokenSecret],
    clusterPasswordHashes: [passwordHash],
    cephKeys: [cephKey],
    deckhouseLicenseKey: [licence, Buffer.from(`license-token:${licence}`).toString("base64")],
  };
  return Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => {
      const texts = value.startsWith("-----") ? pemLines(value) : (inner[name] ?? [value]);
      const whole = Buffer.from(value).toString("base64");
      const encoded = texts.map((text) => Buffer.from(text).toString("base64").replace(/.?=+$/, ""));
      // The middle of a long one: its ends depend on what stands before and after.
      return [name, [...texts, ...encoded, ...(whole.length > 300 ? [whole.slice(220, 280)] : [])]];
    }),
  );
}

/** Names of the secrets that a text holds. */
export const hits = (text: string, needles: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(needles).flatMap(([name, some]) => (some.some((one) => text.includes(one)) ? [name] : []));

/** The text of every file below a folder. */
export function textBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => lstatSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"))
    .join("\n");
}

const watching = `
const fs = require("node:fs");
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const needles = JSON.parse(text);
  const look = () => {
    for (const pid of fs.readdirSync("/proc")) {
      if (!/^[0-9]+$/.test(pid)) continue;
      let line = "";
      try { line = fs.readFileSync("/proc/" + pid + "/cmdline", "latin1"); } catch {}
      for (const one of needles) if (line.includes(one)) process.stdout.write(JSON.stringify(one) + "\\n");
    }
    setTimeout(look, 4);
  };
  look();
  process.stdout.write("up\\n");
});`;

/** Looks at the arguments of all processes of this machine, hundreds of times a second. */
export class ArgumentWatch {
  private output = "";
  private constructor(private readonly child: ChildProcess) {}

  static async start(needles: readonly string[]): Promise<ArgumentWatch> {
    const child = spawn(process.execPath, ["-e", watching], { stdio: ["pipe", "pipe", "inherit"] });
    const watch = new ArgumentWatch(child);
    child.stdout.on("data", (part: Buffer) => (watch.output += part.toString()));
    child.stdin.end(JSON.stringify(needles));
    while (!watch.output.includes("up\n")) await once(child.stdout, "data");
    return watch;
  }

  /** What was seen so far. */
  seen(): string[] {
    return [...new Set(this.output.split("\n").filter((line) => line.startsWith('"')))];
  }

  async end(): Promise<void> {
    this.child.kill("SIGKILL");
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
  }
}
