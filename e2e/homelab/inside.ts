/**
 * What runs inside the rack's network beside its pods, in one process of its own: the hub that the model comes from, the way in
 * from outside (the ingress controller that Deckhouse would run), and what tells the API how large the made VMs are. It ends
 * with its standard input. Argument: the path of its settings; it says "ready" when all of them listen.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FakeHub } from "../../test/download/hub";
import { ClusterApi } from "./api";
import { startIngress } from "./ingress";
import { startSizes } from "./sizes";

const pairSchema = z.object({ certificate: z.string(), key: z.string() });

export const settingsSchema = z.object({
  kubeconfig: z.string(),
  address: z.string(),
  ports: z.object({ hub: z.number(), ingress: z.number(), sizes: z.number() }),
  /** Directory of the model's files. */
  model: z.string(),
  keys: z.object({ accessKeyId: z.string(), secretAccessKey: z.string(), region: z.string() }),
  /** Of the server that the API asks for sizes. */
  sizesCertificate: pairSchema,
  /** By node. */
  sizes: z.record(z.string(), z.object({ cpu: z.string(), memory: z.string() })),
});
export type InsideSettings = z.output<typeof settingsSchema>;

async function startHub({ address, ports, model, keys }: InsideSettings): Promise<void> {
  const hub = await FakeHub.start(address, ports.hub);
  for (const name of readdirSync(model)) hub.files.set(name, readFileSync(join(model, name)));
  hub.keys = keys;
}

async function main(file: string): Promise<void> {
  const settings = settingsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const { address, ports } = settings;
  await startHub(settings);
  await startIngress(new ClusterApi(settings.kubeconfig), address, ports.ingress);
  await startSizes(settings.sizes, settings.sizesCertificate, address, ports.sizes);
  process.stdout.write("ready\n");
  process.stdin.on("end", () => process.exit()).resume();
}

void main(process.argv[2] ?? "");
