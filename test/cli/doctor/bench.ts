/** A checkout with a stack on a cluster: a made kubectl, a gateway behind real TLS, secrets that a passphrase opens. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stringify } from "yaml";
import { houseOf, type House } from "../../../cli/house";
import { planOfStack } from "../../../cli/plan/stack";
import { answer, type Answer } from "../../../cli/doctor/run";
import type { DoctorOptions } from "../../../cli/doctor/options";
import { Sealer } from "../../../engine/sealing";
import type { ClusterPlan } from "../../../plan/types";
import { Environment, Place } from "../../support/fixtures";
import { wellWorld, type Json, type World } from "./worlds";

/** A certificate of a name that signed itself, for 90 days, and its key. */
export function certificate(place: Place, name: string): { readonly cert: string; readonly key: string } {
  const [key, cert] = [place.path("key.pem"), place.path("cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "90"];
  const about = ["-subj", "/CN=Made CA", "-addext", `subjectAltName=DNS:${name}`];
  execFileSync("openssl", ["req", ...kind, ...about, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert: place.read("cert.pem"), key: place.read("key.pem") };
}

/** How the gateway answers: status and body by path. */
export type Replies = Readonly<Record<string, readonly [status: number, body: object]>>;

export const goodReplies: Replies = {
  "/token": [200, { access_token: "CANARY-access-token" }],
  "/v1/chat/completions": [200, { usage: { completion_tokens: 1 } }],
};

let shared: Promise<Sealer> | undefined;
export const passphrase = "CANARY-passphrase";
/** It takes a third of a second to make. */
const sealer = (): Promise<Sealer> => (shared ??= Sealer.make(passphrase));

/** Encrypted text, as Pulumi keeps it. */
export const sealed = async (plain: string): Promise<{ secure: string }> => ({ secure: (await sealer()).seal(plain) });
export const salt = async (): Promise<string> => (await sealer()).salt;

export class Bench {
  readonly place = new Place();
  readonly house: House = houseOf(this.place.directory);
  readonly env = new Environment();
  replies: Replies = goodReplies;
  private server: Server | undefined;
  private port = 0;

  /** Writes a stack file whose secrets are encrypted. @param plain public keys */
  async stack(name: string, plain: Json, secrets: Readonly<Record<string, string>>): Promise<ClusterPlan> {
    const closed = await Promise.all(
      Object.entries(secrets).map(async ([key, one]) => [key, await sealed(one)] as const),
    );
    const all = [...Object.entries(plain), ...closed].map(([key, value]) => [`tokenrack:${key}`, value] as const);
    const file = { encryptionsalt: await salt(), config: Object.fromEntries(all) };
    this.place.write(`Pulumi.${name}.yaml`, stringify(file, { lineWidth: 0 }));
    this.place.write("Pulumi.yaml", "name: tokenrack\nruntime: nodejs\n");
    this.env.set("TMPDIR", this.place.make("tmp"));
    this.env.set("PULUMI_CONFIG_PASSPHRASE", passphrase);
    this.env.set("PULUMI_CONFIG_PASSPHRASE_FILE", undefined);
    const plan = planOfStack(name, this.house);
    if (plan.platform === "local") throw new Error("not on a cluster");
    return plan;
  }

  /** Puts a world under the made kubectl. */
  kubectl(world: World): void {
    const file = this.place.write("world.json", JSON.stringify(world));
    this.place.program("bin/kubectl", `exec ${process.execPath} ${join(__dirname, "madeKubectl.mjs")} ${file} "$@"`);
    this.env.set("PATH", `${this.place.path("bin")}:/usr/bin:/bin`);
  }

  well = (plan: ClusterPlan, kubeconfig: string): World => wellWorld(plan, kubeconfig);

  /** Starts a gateway behind TLS; this machine trusts its certificate. */
  async gateway(host: string): Promise<void> {
    const { cert, key } = certificate(this.place, host);
    this.server = createServer({ cert, key }, (request, response) => {
      void text(request).then(() => {
        const [status, body] = this.replies[request.url ?? ""] ?? [404, {}];
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
    this.env.set("SSL_CERT_FILE", this.place.path("cert.pem"));
  }

  get at(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.port };
  }

  ask(asked: Partial<DoctorOptions>): Promise<Answer> {
    const given = { at: this.at, timeout: 10, ...asked };
    return answer(given, {}, () => undefined, this.house);
  }

  async close(): Promise<void> {
    this.env.restore();
    if (this.server !== undefined) {
      this.server.close();
      this.server.closeAllConnections();
      await once(this.server, "close");
    }
    this.place.remove();
  }
}
