import { z } from "zod";
import { ApiError, type Client } from "./client";

/** Time, in ms, between two questions about a task. @see bpg v0.111.1 proxmox/nodes/tasks/tasks.go, WaitForTask */
const POLL_MS = 1000;

const statusSchema = z.object({ status: z.string(), exitstatus: z.string().default("") });
const logSchema = z.array(z.object({ t: z.string() }));

/** The node in "UPID:<node>:...". */
const nodeOf = (upid: string): string => upid.split(":")[1] ?? "";

/**
 * Waits until a task has ended.
 * @throws Error with its exit status and log when it failed
 */
export async function waitForTask(client: Client, upid: unknown): Promise<void> {
  const id = z.string({ error: "the server did not include a data object in the response" }).parse(upid);
  const path = `nodes/${nodeOf(id)}/tasks/${encodeURIComponent(id)}`;
  for (;;) {
    const { status, exitstatus } = statusSchema.parse(await client.send("GET", `${path}/status`));
    if (status !== "running") {
      if (exitstatus === "OK" || exitstatus.startsWith("WARNINGS: ")) return;
      throw new Error(await failureText(client, id, path, exitstatus));
    }
    await client.wait(POLL_MS);
  }
}

async function failureText(client: Client, id: string, path: string, exitStatus: string): Promise<string> {
  const text = `task "${id}" failed to complete with exit code: ${exitStatus}`;
  try {
    const lines = logSchema.parse(await client.send("GET", `${path}/log`)).map(({ t }) => t);
    return lines.length === 0 ? text : `${text}\ntask log:\n  ${lines.join("\n  ")}`;
  } catch (error) {
    if (error instanceof ApiError) return text;
    throw error;
  }
}
