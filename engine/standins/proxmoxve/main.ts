import { versions } from "../../../catalog/versions";
import { serve } from "../serve";
import { Client } from "./client";
import { checkConfig, parseConfig } from "./config";
import { downloadFile } from "./downloadFile";
import { pciMapping } from "./pciMapping";
import { pool } from "./pool";
import { virtualMachine } from "./vm";

/**
 * Stand-in for the official `proxmoxve` provider: a client of Proxmox's API, real or simulated (`sim/proxmox`). Has the
 * resources that Tokenrack uses, authenticates with an API token only, and never opens SSH.
 * @see https://github.com/muhlba91/pulumi-proxmoxve v8.3.0, https://github.com/bpg/terraform-provider-proxmox v0.111.1
 */
const client = new Client();

void serve(
  {
    name: "proxmoxve",
    version: versions.pluginProxmoxve,
    resources: {
      "proxmoxve:index/vmLegacy:VmLegacy": virtualMachine(client),
      "proxmoxve:hardware/mapping/pci:Pci": pciMapping(client),
      "proxmoxve:download/file:File": downloadFile(client),
      "proxmoxve:index/poolLegacy:PoolLegacy": pool(client),
    },
    checkConfig,
    configure: (config) => client.configure(parseConfig(config)),
    cancel: () => {
      client.cancel();
      return Promise.resolve();
    },
  },
  process.argv.slice(2),
);
