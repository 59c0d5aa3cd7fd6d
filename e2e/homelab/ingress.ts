/**
 * The way in from outside: TLS with the certificate that the Ingress objects name, and their routes to services of the
 * cluster. It stands in for Deckhouse's ingress-nginx and knows of its annotations only that an answer is not to be buffered.
 */
import { once } from "node:events";
import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { buffer } from "node:stream/consumers";
import { createSecureContext, type SecureContext } from "node:tls";
import { listAt, namespaceOf, textAt, type KubeObject } from "../../engine/standins/kubernetes/object";
import { inTurn, routeOf, routesOf, type Target } from "./access";
import type { ClusterApi } from "./api";

const ingressesPath = "/apis/networking.k8s.io/v1/ingresses";
const slicesPath = "/apis/discovery.k8s.io/v1/endpointslices";

async function certificateFor(api: ClusterApi, host: string): Promise<SecureContext> {
  const ingresses = await api.list(ingressesPath);
  const tls = (ingress: KubeObject): string | undefined =>
    listAt(ingress, "spec", "tls")
      .filter((one) => listAt(one, "hosts").includes(host))
      .map((one) => textAt(one, "secretName"))[0];
  const own = ingresses.find((ingress) => tls(ingress) !== undefined);
  if (own === undefined) throw new Error(`no Ingress for ${host}`);
  const secret = await api.get(`/api/v1/namespaces/${namespaceOf(own)}/secrets/${tls(own) ?? ""}`);
  const text = (key: string): string => Buffer.from(textAt(secret, "data", key), "base64").toString();
  return createSecureContext({ cert: text("tls.crt"), key: text("tls.key") });
}

/** In turn, as ingress-nginx goes round the pods of a service. */
let turn = 0;

/** The rest of an answer that has begun, or an error when there is none. */
function askOne(target: Target, asked: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
  const host = (asked.headers.host ?? "").replace(/:\d+$/, "");
  const { address, port } = target;
  const headers = {
    ...asked.headers,
    "x-forwarded-for": asked.socket.remoteAddress ?? "",
    "x-forwarded-proto": "https",
    "x-forwarded-host": host,
  };
  return new Promise((resolve, reject) => {
    const onward = ask({ host: address, port, method: asked.method, path: asked.url, headers }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(answer);
      back.on("error", () => answer.destroy());
      resolve();
    });
    onward.on("error", reject);
    // A client that goes away takes its request with it.
    answer.on("close", () => onward.destroy());
    onward.end(body);
  });
}

/** Whether nobody has heard of the request: then the next pod is asked, as ingress-nginx does by default. */
const isUnheard = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["ECONNREFUSED", "EHOSTUNREACH"].includes(String(error.code));

async function pass(api: ClusterApi, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const body = await buffer(asked);
  const host = (asked.headers.host ?? "").replace(/:\d+$/, "");
  const lists = await Promise.all([ingressesPath, "/api/v1/services", slicesPath].map((path) => api.list(path)));
  const [ingresses = [], services = [], slices = []] = lists;
  const route = routeOf(routesOf(ingresses, services, slices), host, asked.url ?? "/");
  if (route === undefined) {
    answer.writeHead(404).end();
    return;
  }
  turn += 1;
  for (const target of inTurn(route.targets, turn)) {
    try {
      await askOne(target, asked, body, answer);
      return;
    } catch (error) {
      if (isUnheard(error)) continue;
      answer.writeHead(502).end();
      return;
    }
  }
  answer.writeHead(503).end();
}

/** Resolves when it listens. */
export async function startIngress(api: ClusterApi, address: string, port: number): Promise<void> {
  const server = createServer({
    SNICallback: (host, done) =>
      void certificateFor(api, host).then(
        (context) => done(null, context),
        (error: Error) => done(error),
      ),
  });
  server.on("request", (asked: IncomingMessage, answer: ServerResponse) => {
    pass(api, asked, answer).catch(() => answer.destroy());
  });
  server.listen(port, address);
  await once(server, "listening");
}
