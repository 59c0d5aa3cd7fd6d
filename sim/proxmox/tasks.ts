/** Work that Proxmox does in the background. Here it is done at once, and its outcome kept under its id. */
import { pathPart, type Call, type Handler } from "./call";
import { failed, PveError } from "./pveError";
import { nextNumber, type TaskState } from "./world";

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, "0");

/**
 * Runs `work` as a task and returns its id. What `work` throws becomes the exit status, as in Proxmox: the request that
 * started it has been answered by then.
 * @param log lines besides the last one, which says how it ended
 */
export function startTask(call: Call, node: string, type: string, id: string, work: (log: string[]) => void): string {
  const log: string[] = [];
  const exitStatus = outcome(() => work(log));
  const pid = nextNumber(call.world);
  const startTime = Math.floor(call.now / 1000);
  const upid = `UPID:${node}:${hex(pid)}:${hex(pid)}:${hex(startTime)}:${type}:${id}:${call.token.id}:`;
  const last = exitStatus === "OK" ? "TASK OK" : `TASK ERROR: ${exitStatus}`;
  const task = { upid, node, type, id, user: call.token.id, pid, startTime, polls: call.world.taskPolls, exitStatus };
  call.world.tasks.push({ ...task, log: [...log, last] });
  return upid;
}

function outcome(work: () => void): string {
  try {
    work();
    return "OK";
  } catch (error) {
    if (error instanceof PveError) return error.message;
    throw error;
  }
}

function taskOf(call: Call): TaskState {
  const upid = pathPart(call, "upid");
  const task = call.world.tasks.find((one) => one.upid === upid);
  if (task === undefined) throw failed(`no such task '${upid}'`);
  if (task.user !== call.token.id) call.rights.need(`/nodes/${task.node}`, "Sys.Audit");
  return task;
}

/** GET nodes/{node}/tasks/{upid}/status */
export const taskStatus: Handler = (call) => {
  const task = taskOf(call);
  const running = task.polls > 0;
  if (running) task.polls -= 1;
  const { upid, node, type, id, user, pid, startTime, exitStatus } = task;
  const common = { upid, node, type, id, user, pid, pstart: pid, starttime: startTime };
  return running ? { ...common, status: "running" } : { ...common, status: "stopped", exitstatus: exitStatus };
};

/** GET nodes/{node}/tasks/{upid}/log */
export const taskLog: Handler = (call) => taskOf(call).log.map((t, index) => ({ n: index + 1, t }));

/** DELETE nodes/{node}/tasks/{upid}: stops a task; ours have all ended. */
export const stopTask: Handler = (call) => {
  taskOf(call);
  return null;
};
