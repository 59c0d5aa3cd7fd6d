import { lookup } from "node:dns/promises";
import { setTimeout } from "node:timers/promises";
import { connect, isIP, isIPv6, type Socket } from "node:net";
import { Client, type AnyAuthMethod, type AuthenticationType } from "ssh2";
import type { Connection } from "../inputs";
import { parseHostKey, parsePrivateKey, type HostKey } from "./keys";

/** Pauses between dials, in ms. @see pulumi/sdk/go/common/util/retry */
const FIRST_PAUSE_MS = 100;
const PAUSE_GROWTH = 1.5;
const LONGEST_PAUSE_MS = 5_000;

/** Go's dialler asks this often whether the other side lives: a host that went without a word is noticed. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Connects, again and again until the connection's limit of errors is passed.
 * @throws Error `after <n> failed attempts: <the last cause>`; at once for a key that cannot be read
 */
export async function dialWithRetry(
  connection: Connection,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Client> {
  const auth = authentication(connection);
  const expected = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
  const limit = connection.dialErrorLimit;
  let pause = FIRST_PAUSE_MS;
  for (let dials = 1; ; dials++) {
    try {
      return await dial(connection, auth, expected);
    } catch (error) {
      if (signal.aborted) throw new Error("context canceled", { cause: error });
      const cause = error instanceof Error ? error.message : String(error);
      if (limit >= 0 && dials > limit) throw new Error(`after ${dials - 1} failed attempts: ${cause}`);
      log(`Dial ${dials}/${limit < 0 ? "inf" : limit} failed: retrying`);
    }
    await setTimeout(pause, undefined, { signal }).catch(() => {
      throw new Error("context canceled");
    });
    pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS);
  }
}

/** The methods in the order of the official plugin: key, password, keyboard-interactive. */
function authentication({ user, privateKey, privateKeyPassword, password }: Connection): AnyAuthMethod[] {
  const methods: AnyAuthMethod[] = [];
  if (privateKey !== undefined) {
    const key = parsePrivateKey(privateKey, privateKeyPassword);
    methods.push({ type: "publickey", username: user, key });
  }
  if (password !== undefined) {
    methods.push({ type: "password", username: user, password });
    const prompt = (_: string, __: string, ___: string, prompts: unknown[], answer: (texts: string[]) => void): void =>
      answer(prompts.map(() => password));
    methods.push({ type: "keyboard-interactive", username: user, prompt });
  }
  return methods;
}

async function dial(
  connection: Connection,
  methods: readonly AnyAuthMethod[],
  expected: HostKey | undefined,
): Promise<Client> {
  const sock = await openSocket(connection);
  return new Promise((resolve, reject) => {
    const client = new Client();
    const attempted = ["none"];
    const fail = (error: Error & { level?: string }): void => {
      client.removeAllListeners();
      // Whatever still comes of a connection that is given up is of no interest.
      client.on("error", () => undefined);
      client.destroy();
      reject(new Error(`ssh: handshake failed: ${handshakeError(error, attempted)}`));
    };
    client.once("ready", () => {
      client.removeAllListeners();
      resolve(client);
    });
    client.once("error", fail);
    client.once("close", () => fail(new Error("EOF")));
    const queue = [...methods];
    client.connect({
      sock,
      username: connection.user,
      // The official plugin limits the time to connect, not the handshake.
      readyTimeout: 0,
      authHandler: (left, _, next) => {
        // `false` ends it; ssh2's typings leave that out.
        Reflect.apply(next, undefined, [nextMethod(queue, left, connection.user, attempted)]);
      },
      ...(expected === undefined ? {} : { algorithms: { serverHostKey: [expected.type as "ssh-ed25519"] } }),
      // Called before the exchange of keys is over, and so before anything is sent that proves who we are.
      hostVerifier: (key: Buffer) => expected === undefined || key.equals(expected.bytes),
    });
  });
}

/** `left` is null for the first, which asks what the server takes. */
function nextMethod(
  queue: AnyAuthMethod[],
  left: readonly AuthenticationType[] | null,
  username: string,
  attempted: string[],
): AnyAuthMethod | false {
  if (left === null) return { type: "none", username };
  for (let method = queue.shift(); method !== undefined; method = queue.shift()) {
    if (!left.includes(method.type)) continue;
    attempted.push(method.type);
    return method;
  }
  return false;
}

function handshakeError(error: Error & { level?: string }, attempted: readonly string[]): string {
  if (error.level === "client-authentication") {
    return `ssh: unable to authenticate, attempted methods [${attempted.join(" ")}], no supported methods remain`;
  }
  if (/Host denied/.test(error.message)) return "ssh: host key mismatch";
  if (/no matching host key format/i.test(error.message)) return "ssh: no common algorithm for host key";
  return error.message;
}

/** An open socket. @throws Error in Go's words */
async function openSocket({ host, port, perDialTimeout }: Connection): Promise<Socket> {
  const address = await resolveName(host);
  const shown = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`dial tcp ${shown}: ${reason}`));
    };
    if (perDialTimeout > 0) socket.setTimeout(perDialTimeout * 1000, () => fail("i/o timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(goReason(error)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}

async function resolveName(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    throw new Error(`dial tcp: lookup ${host}: no such host`);
  }
}

function goReason(error: NodeJS.ErrnoException): string {
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ECONNRESET: "connect: connection reset by peer",
    ETIMEDOUT: "connect: connection timed out",
  };
  return reasons[error.code ?? ""] ?? error.message;
}
