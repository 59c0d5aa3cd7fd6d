/** Questions to a cluster through kubectl. The kubeconfig lies in a file of our own for as long as they are asked. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as z from "zod";
import { runChild } from "../../../engine/child";
import { writePrivate } from "../../../system/privateFile";

/** What came of a question. */
export type Answer<T> =
  | { readonly kind: "given"; readonly value: T }
  /** There is no such object, or no such kind of object. */
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly said: string };

/** What happened to be said last, on one line. */
const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 600) ?? "";

/** Only messages: names and labels are what objects are found by. */
function cleanMessages(value: unknown, clean: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => cleanMessages(one, clean));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      key === "message" && typeof inner === "string" ? clean(inner) : cleanMessages(inner, clean),
    ]),
  );
}

/** A cluster that can be asked. Every question is a GET. */
export class Cluster {
  private readonly directory = mkdtempSync(join(tmpdir(), "tokenrack-doctor-"));
  private readonly file = join(this.directory, "kubeconfig");
  private readonly remove = (): void => rmSync(this.directory, { recursive: true, force: true });

  /**
   * @param seconds bound of one answer
   * @param clean takes secrets out of what a cluster says; before any of it is cut, as a part of a secret is not known again
   */
  constructor(
    kubeconfig: string,
    private readonly seconds: number,
    private readonly clean: (text: string) => string,
  ) {
    writePrivate(this.file, kubeconfig);
    // A Ctrl-C ends us by an orderly exit.
    process.on("exit", this.remove);
  }

  /** Removes the kubeconfig. */
  close(): void {
    process.off("exit", this.remove);
    this.remove();
  }

  /** What kubectl prints. */
  async text(...args: readonly string[]): Promise<Answer<string>> {
    const given = ["--kubeconfig", this.file, `--request-timeout=${this.seconds}s`, ...args];
    const ran = await runChild("kubectl", given, { timeoutMs: (this.seconds + 5) * 1000 });
    if (ran.startError !== undefined) return { kind: "failed", said: "there is no kubectl on PATH" };
    if (ran.timedOut) return { kind: "failed", said: `no answer within ${this.seconds} s` };
    if (ran.code === 0) return { kind: "given", value: ran.stdout };
    if (/\(NotFound\)|doesn't have a resource type/.test(ran.stderr)) return { kind: "none" };
    return {
      kind: "failed",
      said: lastLine(ran.stderr) || `kubectl ended with ${ran.code ?? ran.signal ?? "nothing"}`,
    };
  }

  /** An object, or a list of them, as JSON. */
  async json<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<Answer<T>> {
    const answer = await this.text("get", ...args, "-o", "json");
    if (answer.kind !== "given") return answer;
    try {
      const parsed = schema.safeParse(cleanMessages(JSON.parse(answer.value), this.clean));
      if (parsed.success) return { kind: "given", value: parsed.data };
    } catch {
      // Told below.
    }
    return { kind: "failed", said: `an answer that is not understood to \`kubectl get ${args.join(" ")}\`` };
  }

  /** The last lines of all containers of a pod; empty where there are none. */
  async logs(namespace: string, pod: string, lines: number): Promise<readonly string[]> {
    const answer = await this.text("logs", "-n", namespace, pod, "--all-containers", `--tail=${lines}`);
    if (answer.kind !== "given") return [];
    return this.clean(answer.value)
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-lines);
  }
}
