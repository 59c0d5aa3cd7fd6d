/** What this machine must have before anything is made. Looks only; all faults at once. */
import type { Fault } from "../config/errors";
import { canMakeVenv, findPython, freeDiskGib, onPath } from "../local/machine";
import { environmentDirectory, isInstalled } from "../local/pythonEnv";
import type { LocalStackPlan } from "../plan/plan";
import { isFree } from "./ports";

/** Disk for the Python environment and its downloads in GiB: 7.2 for the CPU build as measured, and room to unpack. */
const environmentDiskGib = { cpu: 8, cuda: 14 } as const;
/** Disk that a start needs in any case, in GiB: logs, compiled kernels, state. */
const runDiskGib = 0.5;

function pythonFaults(plan: LocalStackPlan): Fault[] {
  const { paths, python } = plan.local;
  if (isInstalled(environmentDirectory(paths.cache, python.lock))) return [];
  const found = findPython();
  if (found.path === undefined) {
    const { checked, ...fault } = found.fault;
    return [{ path: checked, ...fault }];
  }
  if (onPath("uv") !== undefined || canMakeVenv(found.path)) return [];
  return [
    {
      path: "Python",
      found: `${found.path} cannot make virtual environments (no venv or ensurepip module)`,
      needed: "Python's venv module, or uv on PATH",
      fix: "install it (Debian, Ubuntu: `apt-get install python3-venv`)",
    },
  ];
}

function compilerFaults(plan: LocalStackPlan): Fault[] {
  if (plan.local.accelerator === "cuda" || onPath("g++") !== undefined) return [];
  return [
    {
      path: "g++",
      found: "no g++ on PATH",
      needed: "a C++ compiler: vLLM compiles kernels for this CPU while it runs",
      fix: "install it (Debian, Ubuntu: `apt-get install g++`)",
    },
  ];
}

function diskFaults(plan: LocalStackPlan, freeGib: (directory: string) => number): Fault[] {
  const { paths, python } = plan.local;
  const installed = isInstalled(environmentDirectory(paths.cache, python.lock));
  const needed = installed ? runDiskGib : environmentDiskGib[python.lock];
  const free = freeGib(paths.cache);
  if (free >= needed) return [];
  return [
    {
      path: "disk",
      found: `${free} GiB free at ${paths.cache}`,
      needed: `${needed} GiB${installed ? "" : " for Ray and vLLM"}`,
      fix: "free some, or put the checkout on a larger disk",
    },
  ];
}

async function portFaults(plan: LocalStackPlan, ours: ReadonlySet<number>): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [name, port] of Object.entries(plan.local.ports)) {
    if (ours.has(port) || (await isFree(port))) continue;
    faults.push({
      path: `ports.${name}`,
      found: `port ${port}, and another program listens there`,
      needed: "a free port",
      fix: `end that program, or set another port at tokenrack:ports in the stack file (or none: then a free one is chosen)`,
    });
  }
  return faults;
}

/**
 * Everything that would make the bring-up fail later.
 * @param ours ports that this stack's own processes hold
 * @param freeGib tells the free disk at a directory in GiB
 */
export async function preflight(
  plan: LocalStackPlan,
  ours: ReadonlySet<number>,
  freeGib = freeDiskGib,
): Promise<Fault[]> {
  const faults = [...pythonFaults(plan), ...compilerFaults(plan), ...diskFaults(plan, freeGib)];
  return [...faults, ...(await portFaults(plan, ours))];
}
