/** The control plane of a rack, with its DNS: on one address of the rack's own network, on the ports that it always has. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import * as path from "node:path";
import { findOnPath } from "../../engine/executables";
import { findCoreDns, findKubernetes, type KubernetesPart } from "../../engine/kubernetesTools";
import { CACHE_DIR } from "../../test/engine/harness";
import { accountKey, apiServerFlags, controllerFlags, etcdFlags, kubeconfigOf } from "../support/kubeFlags";
import { coreFile, schedulerFlags } from "./configs";
import type { Programs } from "./programs";
import type { Ranges } from "./ranges";

const etcdPorts = { client: 2379, peer: 2380 } as const;
export const apiPort = 6443;
/** The server answers after about 2 s on two idle cores; in ms. */
const START_TIMEOUT_MS = 120_000;

/** Those that run as long as the rack, by the names of their logs. */
export const controlPrograms = ["etcd", "apiserver", "controllers", "scheduler", "coredns"] as const;

/** Paths of the programs of a rack. */
export type Tools = Readonly<Record<"etcd" | "coredns" | "containerd" | "ctr" | KubernetesPart, string>>;

/** What Debian has, with the package that it is in. */
const ofDebian = {
  etcd: "etcd-server",
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  nsenter: "util-linux",
  ip: "iproute2",
  iptables: "iptables",
  conntrack: "conntrack",
} as const;

/** @throws Error when a package is not installed, or a program cannot be built */
export async function findTools(progress: (line: string) => void): Promise<Tools> {
  const env = process.env;
  const missing = Object.entries(ofDebian).filter(([name]) => findOnPath(name, env["PATH"]) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))].join(" ");
    throw new Error(`no ${missing.map(([name]) => name).join(", ")} on PATH (Debian: apt-get install ${packages})`);
  }
  const onPath = (name: keyof typeof ofDebian): string => findOnPath(name, env["PATH"]) ?? name;
  const options = { cacheDir: CACHE_DIR, env, progress };
  const kubernetes = (part: KubernetesPart): Promise<string> => findKubernetes(part, options);
  return {
    etcd: onPath("etcd"),
    containerd: onPath("containerd"),
    ctr: onPath("ctr"),
    "kube-apiserver": await kubernetes("kube-apiserver"),
    "kube-controller-manager": await kubernetes("kube-controller-manager"),
    "kube-scheduler": await kubernetes("kube-scheduler"),
    "kube-proxy": await kubernetes("kube-proxy"),
    kubelet: await kubernetes("kubelet"),
    kubectl: await kubernetes("kubectl"),
    coredns: await findCoreDns(options),
  };
}

/** Status and text of an answer of the API; undefined when there is none. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

export class Control {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfigFile: string;
  readonly server: string;
  private readonly token = randomBytes(24).toString("hex");
  private ca: string | undefined;

  constructor(
    private readonly tools: Tools,
    private readonly programs: Programs,
    private readonly ranges: Ranges,
    private readonly directory: string,
  ) {
    this.kubeconfigFile = path.join(directory, "kubeconfig");
    this.server = `https://${ranges.gateway}:${apiPort}`;
  }

  /** @returns content of the kubeconfig, once the API answers */
  async start(): Promise<string> {
    const file = (name: string): string => path.join(this.directory, name);
    writeFileSync(file("tokens.csv"), `${this.token},admin,admin,system:masters\n`, { mode: 0o600 });
    writeFileSync(file("accounts.key"), accountKey(), { mode: 0o600 });
    this.programs.start("etcd", this.tools.etcd, etcdFlags(file("etcd"), etcdPorts.client, etcdPorts.peer));
    await this.startServer();
    const kubeconfig = kubeconfigOf(this.server, this.ca ?? "", this.token);
    writeFileSync(this.kubeconfigFile, kubeconfig, { mode: 0o600 });
    this.programs.start("controllers", this.tools["kube-controller-manager"], controllerFlags(this.directory));
    this.programs.start("scheduler", this.tools["kube-scheduler"], schedulerFlags(this.kubeconfigFile));
    writeFileSync(file("Corefile"), coreFile(this.kubeconfigFile, this.ranges.gateway));
    this.programs.start("coredns", this.tools.coredns, ["-conf", file("Corefile")]);
    return kubeconfig;
  }

  private async startServer(): Promise<void> {
    const { gateway, services } = this.ranges;
    const inCluster = { address: gateway, services };
    const flags = apiServerFlags(this.directory, etcdPorts.client, apiPort, inCluster);
    this.programs.start("apiserver", this.tools["kube-apiserver"], flags);
    await this.programs.until("the API server is ready", ["etcd", "apiserver"], START_TIMEOUT_MS, async () => {
      this.ca ??= this.certificate();
      return (await this.ask("/readyz"))?.status === 200;
    });
  }

  /** Made by the server at its first start. */
  private certificate(): string | undefined {
    try {
      return readFileSync(path.join(this.directory, "certificates", "apiserver.crt"), "utf8") || undefined;
    } catch {
      return undefined;
    }
  }

  async restartServer(): Promise<void> {
    await this.programs.end("apiserver");
    await this.startServer();
  }

  /** Asks the API with all rights; undefined when it does not answer. */
  ask(url: string, method: "GET" | "DELETE" = "GET"): Promise<ApiAnswer | undefined> {
    const { ca, token } = this;
    if (ca === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = { method, ca, headers, agent: false, timeout: 5_000 };
      const asked = request(`${this.server}${url}`, options, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.on("error", () => resolve(undefined));
      asked.on("timeout", () => asked.destroy());
      asked.end();
    });
  }
}
