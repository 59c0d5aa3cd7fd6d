/** Which of a stack's ports can be reached from other machines. Ray binds a few to all interfaces and has no setting for it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { findProcesses } from "./processes";

/** A port open to the network. */
export interface OpenPort {
  readonly port: number;
  readonly process: string;
}

/** Whether an address in the kernel's notation is loopback: 127.0.0.0/8 with its bytes reversed, ::1, ::ffff:127.x. @see proc(5) */
export function isLoopback(address: string): boolean {
  return /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/.test(address);
}

/** Sockets that listen beyond loopback: inode to port. */
function openSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  // A kernel without IPv6 has no second file.
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"].filter(existsSync)) {
    for (const row of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
      const fields = row.trim().split(/\s+/);
      const [address = "", port = ""] = (fields[1] ?? "").split(":");
      const listening = fields[3] === "0A";
      if (listening && !isLoopback(address)) sockets.set(fields[9] ?? "", Number.parseInt(port, 16));
    }
  }
  return sockets;
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return []; // It ended meanwhile.
  }
}

/** Ports of the stack's processes that are open to the network, by number. */
export function openPorts(runDirectory: string): OpenPort[] {
  const sockets = openSockets();
  const found = new Map<number, string>();
  for (const ref of [...findProcesses(runDirectory, "ray"), ...findProcesses(runDirectory, "gateway")]) {
    for (const inode of socketInodes(ref.pid)) {
      const port = sockets.get(inode);
      if (port !== undefined) found.set(port, basename(ref.name.split(" ")[0] ?? ""));
    }
  }
  return [...found].map(([port, process]) => ({ port, process })).sort((a, b) => a.port - b.port);
}
