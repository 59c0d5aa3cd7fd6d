/** The simulated Proxmox: its HTTPS API on loopback. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { Call } from "./call";
import { selfSigned, type Certificate } from "./certificate";
import { Faults, type Failure } from "./faults";
import { Form } from "./form";
import { Rights } from "./permissions";
import { PveError } from "./pveError";
import { findRoute } from "./routes";
import type { TokenState, World } from "./world";

const BASE = "/api2/json/";
const CONTROL = "/sim/";

/** A failure as JSON; `path` is a pattern. */
const failureSchema = z.strictObject({
  method: z.string().exactOptional(),
  path: z.string().exactOptional(),
  times: z.int().exactOptional(),
  skip: z.int().exactOptional(),
  status: z.int().exactOptional(),
  message: z.string().exactOptional(),
  when: z.enum(["before", "after"]).exactOptional(),
  hangUp: z.boolean().exactOptional(),
});

/** One request and how it was answered. Never holds the token's secret. */
export interface LoggedRequest {
  readonly method: string;
  /** Below /api2/json, without the query: "nodes/pve1/qemu". */
  readonly path: string;
  readonly form: Readonly<Record<string, string | readonly string[]>>;
  /** "user@realm!name"; empty for none. */
  readonly token: string;
  /** HTTP status; 0 when the connection was closed without an answer. */
  readonly status: number;
  /** Text of a refusal. */
  readonly message?: string;
}

export interface SimOptions {
  readonly world: World;
  /** @default a free one */
  readonly port?: number;
  /** @default a new self-signed one */
  readonly certificate?: Certificate;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A running simulator. Its `world` may be read and changed at any time. */
export class ProxmoxSim {
  readonly requests: LoggedRequest[] = [];
  private readonly faults = new Faults();

  private constructor(
    readonly world: World,
    /** What a client has to trust, PEM. */
    readonly caCert: string,
    private readonly server: Server,
    private readonly now: () => number,
  ) {}

  static async start(options: SimOptions): Promise<ProxmoxSim> {
    const certificate = options.certificate ?? (await selfSigned());
    // Proxmox offers TLS 1.3, and the official provider asks for nothing older.
    const server = createServer({ ...certificate, minVersion: "TLSv1.3" });
    const sim = new ProxmoxSim(options.world, certificate.cert, server, options.now ?? Date.now);
    server.on("request", (request, response) => void sim.serve(request, response));
    server.listen(options.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return sim;
  }

  get endpoint(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Lets the next fitting calls fail. */
  fail(failure: Failure): void {
    this.faults.add(failure);
  }

  /** No call fails any more because it was asked to. */
  heal(): void {
    this.faults.clear();
  }

  /** Requests that change something, and were not refused. */
  get writes(): readonly LoggedRequest[] {
    return this.requests.filter(({ method, status }) => method !== "GET" && status === 200);
  }

  /** Forgets the log, and returns what was in it. */
  takeRequests(): LoggedRequest[] {
    return this.requests.splice(0);
  }

  /** A copy of the world, for keeping or comparing. */
  exportWorld(): World {
    return structuredClone(this.world);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.endpoint);
    const body = await textOf(request);
    if (url.pathname.startsWith(CONTROL)) return send(response, this.control(url.pathname.slice(CONTROL.length), body));
    const form = new Form(new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]));
    const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length).replace(/\/+$/, "") : undefined;
    const method = request.method ?? "GET";
    const user = tokenIdOf(request);
    const failure = this.faults.take(method, decoded(path ?? ""));
    const answer =
      failure === undefined || failure.when === "after" ? this.answer(request, method, path, form) : undefined;
    const final = failure === undefined ? (answer ?? { status: 500, data: null }) : failed(failure);
    const said = "message" in final ? { message: final.message } : {};
    this.requests.push({
      method,
      path: decoded(path ?? url.pathname),
      form: form.toJSON(),
      token: user,
      status: final.status,
      ...said,
    });
    if (failure?.hangUp === true) request.socket.destroy();
    else send(response, final);
  }

  /** For whoever runs the simulator as a process of its own: what a test does by method calls. */
  private control(verb: string, body: string): Answer {
    if (verb === "world") return { status: 200, data: this.world };
    if (verb === "requests") return { status: 200, data: this.requests };
    const failure = verb === "fail" ? failureSchema.safeParse(jsonOf(body)) : undefined;
    if (failure?.success !== true)
      return { status: 400, message: "known: world, requests, fail with a failure as JSON", data: null };
    const { path, ...rest } = failure.data;
    this.fail({ ...rest, ...(path === undefined ? {} : { path: new RegExp(path) }) });
    return { status: 200, data: null };
  }

  private answer(request: IncomingMessage, method: string, path: string | undefined, form: Form): Answer {
    const { world } = this;
    try {
      const token = authenticate(world, request);
      const route = path === undefined ? undefined : findRoute(method, path);
      if (route === undefined) throw new PveError(501, `Method '${method} /${path ?? ""}' not implemented`);
      const rights = new Rights(world, token);
      const call: Call = { world, token, rights, path: route.parts, form, now: this.now() };
      return { status: 200, data: route.handler(call) };
    } catch (error) {
      if (!(error instanceof PveError)) throw error;
      const { status, message, errors } = error;
      return { status, message, data: null, ...(errors === undefined ? {} : { errors }) };
    }
  }
}

type Answer = { readonly status: number; readonly data: unknown } & (
  { readonly message: string; readonly errors?: Readonly<Record<string, string>> } | object
);

const failed = ({ status = 500, message = "simulated failure", hangUp }: Failure): Answer => ({
  status: hangUp === true ? 0 : status,
  message,
  data: null,
});

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** The header is "PVEAPIToken=user@realm!name=secret". */
function tokenOf(request: IncomingMessage): { id: string; secret: string } | undefined {
  const [, id, secret] = /^PVEAPIToken=([^=]+)=(.+)$/.exec(request.headers.authorization ?? "") ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

const tokenIdOf = (request: IncomingMessage): string => tokenOf(request)?.id ?? "";

/** @see pve-manager PVE/HTTPServer.pm, auth_handler */
function authenticate(world: World, request: IncomingMessage): TokenState {
  const given = tokenOf(request);
  if (given === undefined) throw new PveError(401, "No ticket");
  const token = world.tokens.find(({ id }) => id === given.id);
  if (token === undefined) throw new PveError(401, `no such user ('${given.id.split("!")[0] ?? ""}')`);
  if (token.secret !== given.secret) throw new PveError(401, "invalid token value!");
  return token;
}

/** The text goes into the status line, where the official provider reads it, and with a newline into the body. */
function send(response: ServerResponse, answer: Answer): void {
  const { status, ...rest } = answer;
  const message = "message" in answer ? answer.message : undefined;
  const text = JSON.stringify(message === undefined ? rest : { ...rest, message: `${message}\n` });
  const headers = { "content-type": "application/json;charset=UTF-8", "content-length": Buffer.byteLength(text) };
  if (message === undefined) response.writeHead(status, headers);
  else response.writeHead(status, message.split("\n")[0] ?? "", headers);
  response.end(text);
}
