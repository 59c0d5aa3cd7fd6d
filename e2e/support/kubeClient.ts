/** Asks an API server what it makes of an object. Unlike kubectl it tells refusal and warnings of each object apart. */
import { Agent, request } from "undici";
import { z } from "zod";
import type { Manifest } from "../../render/manifest";
import type { ControlPlane } from "./kubeControl";

const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }) }),
  ]),
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});

const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

const statusSchema = z.object({ message: z.string() });

/** What the server says to an object. */
export interface Verdict {
  /** Why it does not take it; undefined when it does. */
  readonly refusal?: string;
  /** The object as it would be kept; what was said when it is refused. */
  readonly object: unknown;
  readonly warnings: readonly string[];
}

interface Response {
  readonly code: number;
  readonly body: unknown;
  readonly warnings: readonly string[];
}

/** "PodMonitor/serving/gateway", for a message. */
export const titleOf = ({ kind, metadata: { namespace, name } }: Manifest): string =>
  [kind, namespace, name].filter((part) => part !== undefined).join("/");

/** A header that came once is a text, and one that came often is a list. The text is the third part of each. */
function warningsOf(header: string | string[] | undefined): readonly string[] {
  const lines = header === undefined ? [] : Array.isArray(header) ? header : [header];
  return lines.map((line) => /^\d{3} \S+ "(.*)"$/s.exec(line)?.[1]?.replaceAll('\\"', '"') ?? line);
}

/** A client with all rights. */
export class KubeClient {
  private readonly server: string;
  private readonly token: string;
  private readonly agent: Agent;
  /** Where objects of a kind are, by "<apiVersion>/<kind>". */
  private readonly places = new Map<string, { readonly name: string; readonly namespaced: boolean }>();

  constructor({ kubeconfig }: Pick<ControlPlane, "kubeconfig">) {
    const { clusters, users } = kubeconfigSchema.parse(JSON.parse(kubeconfig));
    const { server, "certificate-authority-data": ca } = clusters[0].cluster;
    this.server = server;
    this.token = users[0].user.token;
    this.agent = new Agent({ connect: { ca: Buffer.from(ca, "base64").toString() } });
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  /** Server-side apply that changes nothing. A field that the object's kind does not have is a refusal. */
  async judge(object: Manifest): Promise<Verdict> {
    const { code, body, warnings } = await this.patch(object, "&dryRun=All");
    return { object: body, warnings, ...(code < 300 ? {} : { refusal: messageOf(body) }) };
  }

  /** Server-side apply. @throws Error with what the server says */
  async apply(object: Manifest): Promise<void> {
    const { code, body } = await this.patch(object, "");
    if (code >= 300) throw new Error(`${titleOf(object)}: ${messageOf(body)}`);
  }

  /** The body of a GET; undefined when there is nothing. @throws Error with what the server says */
  async get(path: string): Promise<unknown> {
    const { code, body } = await this.send("GET", path);
    if (code === 404) return undefined;
    if (code >= 300) throw new Error(`${path}: ${messageOf(body)}`);
    return body;
  }

  private async patch(object: Manifest, more: string): Promise<Response> {
    const at = await this.pathOf(object);
    if (at === undefined)
      return { code: 404, body: { message: `the server has no ${object.apiVersion} ${object.kind}` }, warnings: [] };
    const query = `fieldManager=tokenrack&force=true&fieldValidation=Strict${more}`;
    return this.send("PATCH", `${at}?${query}`, JSON.stringify(object));
  }

  private async pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): Promise<string | undefined> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const key = `${apiVersion}/${kind}`;
    if (!this.places.has(key)) {
      const list = resourcesSchema.safeParse(await this.get(root)).data?.resources ?? [];
      for (const one of list) if (!one.name.includes("/")) this.places.set(`${apiVersion}/${one.kind}`, one);
    }
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    return [root, ...(place.namespaced ? ["namespaces", namespace ?? ""] : []), place.name, name].join("/");
  }

  private async send(method: "GET" | "PATCH", path: string, body?: string): Promise<Response> {
    const type = method === "PATCH" ? { "content-type": "application/apply-patch+yaml" } : {};
    const response = await request(`${this.server}${path}`, {
      method,
      dispatcher: this.agent,
      headers: { authorization: `Bearer ${this.token}`, ...type },
      body: body ?? null,
    });
    const text = await response.body.text();
    return { code: response.statusCode, body: parsed(text), warnings: warningsOf(response.headers["warning"]) };
  }
}

const messageOf = (body: unknown): string => statusSchema.safeParse(body).data?.message ?? String(body);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
