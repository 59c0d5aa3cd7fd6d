import assert from "node:assert/strict";
import { Shell, type ShellOptions, type ShellOutput } from "../../../../engine/standins/command/shell";
import { goQuote } from "../../../../engine/standins/command/goText";
import { LineSplitter } from "../../../../engine/standins/command/lineSplitter";

const NONE: ShellOutput = { stdout: "", stderr: "" };

describe("engine/standins/command: the shell", () => {
  const run = (command: string, options: ShellOptions = {}, previous = NONE): Promise<ShellOutput> =>
    new Shell().run(command, options, previous, () => undefined);

  it("gives both outputs, each without one trailing newline", async () => {
    assert.deepEqual(await run("echo out; echo; echo err >&2"), { stdout: "out\n", stderr: "err" });
  });

  it("passes stdin, folder and environment", async () => {
    const options = { stdin: "in", dir: "/", environment: { A: "1" } };
    assert.equal((await run('cat; pwd; echo "$A"', options)).stdout, "in/\n1");
  });

  it("runs the interpreter that is asked for, the default when the list is empty", async () => {
    assert.equal((await run("a b", { interpreter: ["echo", "-n"] })).stdout, "a b");
    assert.equal((await run("echo $0", { interpreter: [] })).stdout, "/bin/sh");
  });

  it("passes the last output, unless it is empty or not wanted", async () => {
    const show = 'echo "$PULUMI_COMMAND_STDOUT|${PULUMI_COMMAND_STDERR-unset}"';
    const last = { stdout: "o", stderr: "" };
    assert.equal((await run(show, {}, last)).stdout, "o|unset");
    assert.equal((await run(show, { addPreviousOutputInEnv: false }, last)).stdout, "|unset");
  });

  it("does not mind a command that leaves its stdin unread", async () => {
    await run("exec <&-", { stdin: "x".repeat(1_000_000) });
  });

  const logged: readonly [ShellOptions["logging"], string[]][] = [
    [undefined, ["err", "out"]],
    ["stdoutAndStderr", ["err", "out"]],
    ["stdout", ["out"]],
    ["stderr", ["err"]],
    ["none", []],
  ];
  for (const [logging, expected] of logged) {
    it(`logs ${expected.join(" and ") || "nothing"} with logging ${logging ?? "unset"}`, async () => {
      const lines: string[] = [];
      await new Shell().run("echo out; echo err >&2", { logging }, NONE, (line) => lines.push(line));
      assert.deepEqual(lines.sort(), expected);
    });
  }

  const failures: readonly [string, string, ShellOptions, string][] = [
    ["an exit status", "echo o; exit 3", {}, 'exit status 3: running "echo o; exit 3":\no\n'],
    ["a signal", "kill -9 $$", {}, 'signal: killed: running "kill -9 $$":\n'],
    ["no such folder", "true", { dir: "/no/dir" }, 'chdir /no/dir: no such file or directory: running "true":\n'],
    [
      "no such interpreter",
      "true",
      { interpreter: ["no-such-shell"] },
      'exec: "no-such-shell": executable file not found in $PATH: running "true":\n',
    ],
    [
      "no such interpreter by path",
      "true",
      { interpreter: ["/no/shell"] },
      'fork/exec /no/shell: no such file or directory: running "true":\n',
    ],
  ];
  for (const [name, command, options, message] of failures) {
    it(`fails as the official plugin does: ${name}`, () => assert.rejects(run(command, options), { message }));
  }

  it("ends all that runs, with what it has started", async () => {
    const shell = new Shell();
    const started = new Promise<void>((resolve) => {
      const command = "sleep 600 & echo started; wait";
      const running = shell.run(command, {}, NONE, () => resolve());
      void assert.rejects(running, /signal: terminated/);
    });
    await started;
    await shell.cancel();
  });
});

describe("engine/standins/command: text", () => {
  it("is quoted as by Go's %q", () => {
    assert.equal(
      goQuote('a "b" \\ \t\n\x1b\x7f é 語 \u00a0\u{1f600}\u{e0001}'),
      '"a \\"b\\" \\\\ \\t\\n\\x1b\\x7f é 語 \\u00a0😀\\U000e0001"',
    );
  });

  it("is cut into lines whatever the chunks", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const bytes = Buffer.from("one\r\ntwö\n\nlast");
    for (const byte of bytes) splitter.write(Buffer.from([byte]));
    splitter.end();
    assert.deepEqual(lines, ["one", "twö", "", "last"]);
  });
});
