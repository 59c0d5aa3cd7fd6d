import { request } from "node:https";
import { selfSigned, type Certificate } from "../../../sim/proxmox/certificate";
import { exampleToken, exampleWorld, tokenText } from "../../../sim/proxmox/exampleWorld";
import { ProxmoxSim } from "../../../sim/proxmox/server";
import type { TokenState, World } from "../../../sim/proxmox/world";

/** Seconds since 1970 that every simulator of the tests says it is. */
export const NOW = 1_795_000_000;

let certificate: Promise<Certificate> | undefined;

export async function startSim(changes: Partial<World> = {}): Promise<ProxmoxSim> {
  certificate ??= selfSigned();
  return ProxmoxSim.start({ world: exampleWorld(changes), certificate: await certificate, now: () => NOW * 1000 });
}

export interface Reply {
  readonly status: number;
  readonly data: unknown;
  /** Text of the status line. */
  readonly message: string;
  readonly errors?: unknown;
}

export type Fields = Readonly<Record<string, string | readonly string[]>>;

const encode = (fields: Fields): string =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) =>
      (typeof value === "string" ? [value] : value).map((one): [string, string] => [name, one]),
    ),
  ).toString();

/** Sends one request as Proxmox's clients do. @param token "user@realm!name=secret"; empty for none */
export function send(
  sim: ProxmoxSim,
  method: string,
  path: string,
  fields: Fields = {},
  token = tokenText(exampleToken()),
): Promise<Reply> {
  const text = encode(fields);
  const inBody = method === "POST" || method === "PUT";
  const url = new URL(`/api2/json/${path}${inBody || text === "" ? "" : `?${text}`}`, sim.endpoint);
  const headers = token === "" ? {} : { authorization: `PVEAPIToken=${token}` };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, ca: sim.caCert, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => {
        const parsed = JSON.parse(body) as { data: unknown; errors?: unknown };
        resolve({ ...parsed, status: response.statusCode ?? 0, message: response.statusMessage ?? "" });
      });
    });
    asked.on("error", reject);
    asked.end(inBody ? text : undefined);
  });
}

/** The same with the example's token; returns the data. @throws Error for a refusal, with its text */
export async function data(sim: ProxmoxSim, method: string, path: string, fields: Fields = {}): Promise<unknown> {
  const reply = await send(sim, method, path, fields);
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.message} ${JSON.stringify(reply.errors ?? {})}`);
  return reply.data;
}

/** Starts a task and returns its exit status. */
export async function outcome(sim: ProxmoxSim, method: string, path: string, fields: Fields = {}): Promise<string> {
  const upid = String(await data(sim, method, path, fields));
  const node = upid.split(":")[1] ?? "";
  const status = (await data(sim, "GET", `nodes/${node}/tasks/${encodeURIComponent(upid)}/status`)) as {
    exitstatus: string;
  };
  return status.exitstatus;
}

/** A VM with a GPU, as the official provider asks for it. */
export const gpuVm = (vmid: number, more: Fields = {}): Fields => ({
  vmid: String(vmid),
  name: `vm-${vmid}`,
  cores: "4",
  memory: "8192",
  balloon: "0",
  bios: "ovmf",
  machine: "q35",
  efidisk0: "file=ceph:1,efitype=4m,format=raw,pre-enrolled-keys=0",
  scsi0: "file=ceph:32,format=raw,discard=on,",
  net0: "model=virtio,bridge=vmbr0",
  tags: "b;a",
  ...more,
});

export const GPU = "mapping=gpu0,pcie=1,rombar=1,x-vga=0";
/** The RTX 3090 of pve1 with both its functions. */
export const MAP = "id=10de:2204,node=pve1,path=0000:01:00,iommugroup=14,subsystem-id=1043:87af";

/** The example's token without one privilege, or with privileges of its own on one path. */
export const tokenWithout = (privilege: string): TokenState => {
  const [entry] = exampleToken().acl;
  return exampleToken((entry?.privileges ?? []).filter((one) => one !== privilege));
};
