/** What only a stack of kind `local` has: this machine, its ports and directories. */
import { isAbsolute } from "node:path";
import * as z from "zod";
import { between, whole } from "./values";

/** `platform` of kind `local`: this machine, no cluster and no GPU needed. */
export const localPlatformSchema = z.strictObject(
  {
    /** Brings the stack up on this machine. */
    kind: z.literal("local"),
    /** Where the model runs. `auto`: on the NVIDIA GPU when there is one with a driver new enough, else on the CPU. @default "auto" */
    accelerator: z.enum(["auto", "cpu", "cuda"], { error: `"auto", "cpu" or "cuda"` }).default("auto"),
    /** Threads for the model's arithmetic (1 to 1024). @default all cores but one, at least one */
    cpuThreads: whole(1, 1024, "threads").optional(),
    /** Memory for the KV cache in whole GiB (1 to 4096). @default what context x slots needs */
    kvCacheGib: whole(1, 4096, "GiB").optional(),
    /** Memory the stack may use in GiB (2 to 65536). @default all of this machine's */
    memoryGib: between(2, 65536, "a number of GiB from 2 to 65536").optional(),
  },
  { error: "a group of keys that starts with `kind: local`" },
);

const portText = "a port from 1024 to 65535";
const port = (fallback: number) =>
  z.int({ error: portText }).min(1024, { error: portText }).max(65535, { error: portText }).default(fallback);

/** `ports`: where things listen, all on this machine's own address. A front end normally writes free ones here. */
export const portsSchema = z.strictObject(
  {
    /** The gateway: the only port a client needs. @default 8080 */
    gateway: port(8080),
    /** Ray Serve's HTTP proxy, without authentication; for the gateway only. @default 8000 */
    serve: port(8000),
    /** Ray's control store (GCS). @default 6379 */
    rayGcs: port(6379),
    /** Ray's dashboard and Serve API; needs the Ray token. @default 8265 */
    rayDashboard: port(8265),
    /** Ray client server. @default 10001 */
    rayClient: port(10001),
  },
  { error: "a group of keys, such as `gateway: 8080`" },
);

const pathText = "an absolute path";
const path = z
  .string({ error: pathText })
  .refine((value) => isAbsolute(value) && !/\p{Cc}/u.test(value), { error: pathText })
  .optional();

/** `paths`: where files lie. A front end normally writes them here. */
export const pathsSchema = z.strictObject(
  {
    /** The stack's files while it runs. @default ".tokenrack/run/<stack>" in the project */
    run: path,
    /** Downloads and environments, which outlive the stack. @default ".tokenrack/cache" in the project */
    cache: path,
    /** The gateway as one JavaScript file. @default "gateway/dist/gateway.js" in the project (`npm run build:gateway`) */
    gatewayBundle: path,
  },
  { error: "a group of keys, such as `run: /var/lib/tokenrack`" },
);

/** Port numbers by role. */
export type Ports = z.output<typeof portsSchema>;

/** The ports that hold when a stack names none. */
export const portDefaults: Ports = portsSchema.parse({});

/** Where files lie. */
export interface Paths {
  readonly run: string;
  readonly cache: string;
  readonly gatewayBundle: string;
}
