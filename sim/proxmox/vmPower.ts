/** Starting and stopping VMs, and their agents. @see qemu-server src/PVE/API2/Qemu.pm */
import { nodeOf, vmOf, vmidOf, type Call, type Handler } from "./call";
import { claimDevices } from "./hostPci";
import { parseParts } from "./propertyString";
import { failed } from "./pveError";
import { startTask } from "./tasks";
import { nextNumber, type VmState } from "./world";

/** GET nodes/{node}/qemu/{vmid}/status/current */
export const status: Handler = (call) => {
  const vm = vmOf(call);
  call.rights.need(`/vms/${vm.vmid}`, "VM.Audit");
  const { config, running } = vm;
  const state = running === undefined ? "stopped" : "running";
  const agent = parseParts(config["agent"] ?? "0", "enabled").get("enabled") === "1";
  return {
    status: state,
    qmpstatus: state,
    vmid: vm.vmid,
    name: config["name"] ?? `VM ${vm.vmid}`,
    cpus: Number(config["cores"] ?? 1) * Number(config["sockets"] ?? 1),
    maxmem: Number(config["memory"] ?? 512) * 2 ** 20,
    maxdisk: 0,
    uptime: running === undefined ? 0 : Math.max(1, Math.floor(call.now / 1000) - running.since),
    ha: { managed: 0 },
    ...(running === undefined ? {} : { pid: running.pid }),
    ...(agent ? { agent: 1 } : {}),
    ...(config["tags"] === undefined ? {} : { tags: config["tags"] }),
    ...(vm.lock === undefined ? {} : { lock: vm.lock }),
  };
};

function powerTask(call: Call, type: string, work: (vm: VmState, log: string[]) => void): string {
  const node = nodeOf(call);
  const vmid = vmidOf(call);
  call.rights.need(`/vms/${vmid}`, "VM.PowerMgmt");
  const vm = vmOf(call);
  return startTask(call, node.name, type, String(vmid), (log) => work(vm, log));
}

function boot(call: Call, vm: VmState): void {
  const devices = claimDevices(call.world, nodeOf(call), vm);
  const since = Math.floor(call.now / 1000);
  vm.running = { pid: nextNumber(call.world), since, config: { ...vm.config }, devices };
}

/** POST .../status/start */
export const start: Handler = (call) => {
  call.form.allowOnly("timeout", "skiplock", "machine", "force-cpu", "stateuri", "migratefrom", "targetstorage");
  return powerTask(call, "qmstart", (vm) => {
    if (vm.running !== undefined) throw failed(`VM ${vm.vmid} already running`);
    if (vm.lock !== undefined) throw failed(`VM is locked (${vm.lock})`);
    boot(call, vm);
  });
};

/** POST .../status/stop */
export const stop: Handler = (call) => {
  call.form.allowOnly("timeout", "skiplock", "keepActive", "migratedfrom", "overrule-shutdown");
  return powerTask(call, "qmstop", (vm) => {
    delete vm.running;
  });
};

/** POST .../status/shutdown: without an agent where one is expected, only `forceStop` ends it. */
export const shutdown: Handler = (call) => {
  call.form.allowOnly("timeout", "skiplock", "keepActive", "forceStop");
  return powerTask(call, "qmshutdown", (vm, log) => {
    if (vm.running === undefined) throw failed(`VM ${vm.vmid} not running`);
    if (!answers(vm) && !call.form.flag("forceStop")) throw failed("VM quit/powerdown failed - got timeout");
    if (!answers(vm)) log.push("VM still running - terminating now with SIGTERM");
    delete vm.running;
  });
};

/** POST .../status/reboot */
export const reboot: Handler = (call) => {
  call.form.allowOnly("timeout");
  return powerTask(call, "qmreboot", (vm) => {
    if (vm.running === undefined) throw failed(`VM ${vm.vmid} not running`);
    if (!answers(vm)) throw failed("VM quit/powerdown failed - got timeout");
    delete vm.running;
    boot(call, vm);
  });
};

/** A VM without a configured agent is asked by ACPI, which our guests follow. */
function answers(vm: VmState): boolean {
  const asksAgent = parseParts(vm.running?.config["agent"] ?? "0", "enabled").get("enabled") === "1";
  return !asksAgent || vm.guestAddress !== undefined;
}

function agentAddress(call: Call): { vm: VmState; address: string } {
  const vm = vmOf(call);
  if (vm.running === undefined) throw failed(`VM ${vm.vmid} is not running`);
  if (parseParts(vm.config["agent"] ?? "0", "enabled").get("enabled") !== "1")
    throw failed("No QEMU guest agent configured");
  if (vm.guestAddress === undefined) throw failed("QEMU guest agent is not running");
  return { vm, address: vm.guestAddress };
}

/** GET .../agent/network-get-interfaces */
export const networkInterfaces: Handler = (call) => {
  call.rights.needAny(`/vms/${vmidOf(call)}`, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted");
  const { vm, address } = agentAddress(call);
  const mac = /[0-9A-F]{2}(?::[0-9A-F]{2}){5}/i.exec(vm.config["net0"] ?? "")?.[0].toLowerCase() ?? "";
  const of = (text: string, prefix: number): object => ({ "ip-address": text, prefix, "ip-address-type": "ipv4" });
  return {
    result: [
      { name: "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [of("127.0.0.1", 8)] },
      { name: "eth0", "hardware-address": mac, "ip-addresses": [of(address, 24)] },
    ],
  };
};

/** POST .../agent/ping */
export const ping: Handler = (call) => {
  call.rights.needAny(`/vms/${vmidOf(call)}`, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted");
  agentAddress(call);
  return { result: {} };
};
