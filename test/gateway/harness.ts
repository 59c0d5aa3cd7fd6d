import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  type KeyObject,
} from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "@phc/format";
import { calculateJwkThumbprint, SignJWT } from "jose";
import type { GatewayConfigInput } from "../../gateway/config";
import { loadConfig } from "../../gateway/loadConfig";
import type { Derive } from "../../gateway/password";
import { startGateway, type Gateway, type GatewayOptions } from "../../gateway/server";
import { FakeUpstream } from "../support/fakeUpstream";

export const ISSUER = "https://gateway.test";
export const AUDIENCE = "tokenrack-test";
export const PASSWORD = "correct horse battery";

/** A stand-in for scrypt that costs nothing, so that only the tests about scrypt pay for it. */
export const quickDerive: Derive = (password, salt) =>
  Promise.resolve(createHash("sha256").update(salt).update(password).digest());

export async function quickHash(password: string): Promise<string> {
  const salt = createHash("sha256").update(password).digest().subarray(0, 16);
  const cost = { ln: 17, r: 8, p: 1 };
  return serialize({ id: "scrypt", params: cost, salt, hash: await quickDerive(password, salt, 32, cost) });
}

export interface TestUser {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly models: "*" | readonly string[];
}

export const USERS: readonly TestUser[] = [
  { name: "root", scopes: ["admin"], models: "*" },
  { name: "writer", scopes: ["models:read", "chat:write", "embeddings:write"], models: ["small", "org/name-7B"] },
  { name: "reader", scopes: ["models:read"], models: "*" },
  { name: "chatter", scopes: ["chat:write"], models: "*" },
  { name: "embedder", scopes: ["embeddings:write"], models: "*" },
  { name: "nobody", scopes: [], models: "*" },
];

/** A directory for keys, users and configuration, with the modes the gateway demands. */
export class Files {
  readonly dir = mkdtempSync(join(tmpdir(), "tokenrack-gateway-"));

  write(name: string, text: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    // A file that was there keeps its mode.
    chmodSync(path, 0o600);
    return path;
  }

  /** A fresh Ed25519 key file. */
  key(name: string): string {
    const { privateKey } = generateKeyPairSync("ed25519");
    return this.write(name, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  }

  async users(users: readonly TestUser[] = USERS): Promise<string> {
    const passwordHash = await quickHash(PASSWORD);
    return this.write("users.json", JSON.stringify({ users: users.map((user) => ({ ...user, passwordHash })) }));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface Mint {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: KeyObject;
}

/** Signs any token a test needs, right or wrong. A claim or header field of undefined is left out. */
export async function mint(pem: string, sub: string, { claims, header, key }: Mint = {}): Promise<string> {
  const privateKey = createPrivateKey(pem);
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x: jwk.x ?? "" });
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub,
    scope: "admin",
    iat: now,
    nbf: now,
    exp: now + 600,
    jti: randomUUID(),
  };
  return new SignJWT(JSON.parse(JSON.stringify({ ...payload, ...claims })) as Record<string, unknown>)
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...header })
    .sign(key ?? privateKey);
}

/** A gateway over real HTTP in front of a fake engine. */
export interface Rig {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  readonly files: Files;
  /** Everything logged so far. */
  readonly log: () => string;
  /** A token for a configured user, with that user's scopes. */
  token(user: string, mint?: Mint): Promise<string>;
  fetch(
    path: string,
    options?: { token?: string; json?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
  login(form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

export type RigOptions = Partial<GatewayConfigInput> & {
  gateway?: GatewayOptions;
  /** Settings towards the rig's own engine. */
  engine?: Omit<GatewayConfigInput["upstream"], "url">;
};

export async function startRig({ gateway: extras, engine, ...overrides }: RigOptions = {}): Promise<Rig> {
  const files = new Files();
  const upstream = await FakeUpstream.start();
  const keyFile = files.key("signing.pem");
  await files.users();
  const config: GatewayConfigInput = {
    listen: { port: 0 },
    upstream: { url: upstream.url, ...engine },
    issuer: ISSUER,
    audience: AUDIENCE,
    signingKeys: [{ file: "signing.pem" }],
    usersFile: "users.json",
    readiness: { model: "small" },
    shutdownSeconds: 1,
    logLevel: "trace",
    ...overrides,
  };
  const lines: string[] = [];
  const logTo = { write: (line: string): void => void lines.push(line) };
  const file = files.write("gateway.json", JSON.stringify(config));
  // A minute that does not end in the middle of a test.
  const quotaClock = (): number => 0;
  const options = { logTo, derive: quickDerive, quotaClock, configFile: file, ...extras };
  const gateway = await startGateway(loadConfig(file), options);
  const pem = readFileSync(keyFile, "utf8");
  const scopesOf = (name: string): string => USERS.find((user) => user.name === name)?.scopes.join(" ") ?? "admin";
  return {
    gateway,
    upstream,
    files,
    log: () => lines.join(""),
    token: (user, how) => mint(pem, user, { ...how, claims: { scope: scopesOf(user), ...how?.claims } }),
    fetch: (path, { token, json, headers } = {}) =>
      fetch(gateway.url + path, {
        method: json === undefined ? "GET" : "POST",
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: typeof json === "string" ? json : JSON.stringify(json) }),
      }),
    login: (form, headers = {}) =>
      fetch(`${gateway.url}/token`, { method: "POST", body: new URLSearchParams(form), headers }),
    stop: async () => {
      await upstream.close();
      await gateway.close();
      files.remove();
    },
  };
}

/** Sends bytes as they are and reads until the server ends the connection. */
export async function sendRaw(url: string, bytes: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (part) => (text += String(part)));
  socket.on("error", () => undefined);
  socket.write(bytes);
  await once(socket, "close");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

export async function errorOf(response: Response): Promise<ErrorBody["error"]> {
  return ((await response.json()) as ErrorBody).error;
}

export const CHAT = { model: "small", messages: [{ role: "user", content: "hello" }] };
