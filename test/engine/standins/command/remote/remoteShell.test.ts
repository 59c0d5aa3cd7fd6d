import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remoteInputs, type Connection } from "../../../../../engine/standins/command/inputs";
import { RemoteShell, type RemoteOptions } from "../../../../../engine/standins/command/remote/remoteShell";
import type { Properties } from "../../../../../engine/standins/values";
import type { ShellOutput } from "../../../../../engine/standins/command/output";
import { startHost, type SimHost } from "../../../../../sim/host/simHost";

const NONE: ShellOutput = { stdout: "", stderr: "" };

/** Another key of the same type. */
function anotherKey(): { publicKey: string; privateKey: string; locked: string } {
  const dir = mkdtempSync(join(tmpdir(), "tokenrack-key-"));
  const make = (name: string, passphrase: string): string => {
    const file = join(dir, name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", file]);
    return readFileSync(file, "utf8");
  };
  try {
    const privateKey = make("open", "");
    return {
      privateKey,
      publicKey: readFileSync(join(dir, "open.pub"), "utf8"),
      locked: make("locked", "open sesame"),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Against a real sshd. What the official plugin says was seen of it, or read in its source. */
describe("engine/standins/command: the remote shell", function () {
  this.timeout(20_000);
  let host: SimHost;
  before(async () => {
    host = await startHost({ cpu: "intel", loader: "grub", kernel: "6.8", gpus: [] });
  });
  after(() => host.stop());

  const connection = (more: Properties = {}): Connection =>
    remoteInputs({
      connection: {
        host: "127.0.0.1",
        port: host.port,
        hostKey: host.hostKey,
        privateKey: host.privateKey,
        dialErrorLimit: 0,
        ...more,
      },
    }).connection;
  const lines: string[] = [];
  const warnings: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    warnings.length = 0;
  });
  const screen = { log: (line: string) => lines.push(line), warn: (line: string) => warnings.push(line) };
  const run = (command: string, more: Partial<RemoteOptions> = {}, previous = NONE): Promise<ShellOutput> =>
    new RemoteShell().run(command, { connection: connection(), ...more }, previous, screen);

  it("gives both outputs, each without one trailing newline, and shows them as they come", async () => {
    assert.deepEqual(await run("echo out; echo; echo err >&2"), { stdout: "out\n", stderr: "err" });
    assert.deepEqual(lines.toSorted(), ["", "err", "out"]);
  });

  it("passes stdin, and does not mind a command that leaves it unread", async () => {
    assert.equal((await run("wc -c", { stdin: "x".repeat(3_000_000) })).stdout, "3000000");
    await run("exec <&-", { stdin: "x".repeat(3_000_000) });
  });

  it("fails as the official plugin does", async () => {
    const failures: readonly [string, string][] = [
      ["echo o; exit 3", 'Process exited with status 3: running "echo o; exit 3":\no\n'],
      ["kill -9 $$", 'Process exited with status 137 from signal KILL: running "kill -9 $$":\n'],
      ["kill -9 $PPID", 'wait: remote command exited without exit status or exit signal: running "kill -9 $PPID":\n'],
    ];
    for (const [command, message] of failures) await assert.rejects(run(command, { logging: "none" }), { message });
    assert.deepEqual(lines, []);
  });

  it("refuses another host key before it has said who it is", async () => {
    const log = host.read(".sim/sshd.log").length;
    const bad = connection({ hostKey: anotherKey().publicKey });
    await assert.rejects(run("true", { connection: bad }), {
      message: "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    });
    const said = host.read(".sim/sshd.log").slice(log);
    assert.match(said, /Connection from 127\.0\.0\.1/);
    assert.doesNotMatch(said, /userauth|publickey|for root/i);
  });

  it("says why it did not get in", async () => {
    const { privateKey, locked } = anotherKey();
    const refusals: readonly [Properties, RegExp][] = [
      [
        { privateKey },
        /^after 0 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods \[none publickey\], no supported methods remain$/,
      ],
      [{ privateKey: "no key" }, /^ssh: no key found$/],
      [{ privateKey: locked }, /^ssh: this private key is passphrase protected$/],
      [{ privateKey: locked, privateKeyPassword: "wrong" }, /^x509: decryption password incorrect$/],
      [{ privateKey: locked, privateKeyPassword: "open sesame" }, /unable to authenticate/],
      [{ hostKey: "no key" }, /^failed to parse host key: ssh: no key found$/],
      [
        { host: "no-such-host.invalid" },
        /^after 0 failed attempts: dial tcp: lookup no-such-host\.invalid: no such host$/,
      ],
    ];
    for (const [more, message] of refusals) {
      await assert.rejects(run("true", { connection: connection(more) }), { message }, String(message));
    }
  });

  it("dials again, and counts as the official plugin does", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(run("true", { connection: connection({ port, dialErrorLimit: 2 }) }), {
      message: `after 2 failed attempts: dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
    assert.deepEqual(lines, ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
  });

  it("meets a host after its reboot", async () => {
    const back = host.reboot();
    const before = host.bootId();
    const { stdout } = await run("cat /proc/sys/kernel/random/boot_id", {
      connection: connection({ dialErrorLimit: 20 }),
    });
    await back;
    assert.notEqual(stdout, before);
  });

  it("passes variables that sshd takes, and refuses others by name", async () => {
    assert.equal((await run('echo "$TOKENRACK_A"', { environment: { TOKENRACK_A: "1 2" } })).stdout, "1 2");
    await assert.rejects(run("true", { environment: { OTHER: "1" } }), {
      message: 'could not set environment variable "OTHER": ssh: setenv failed',
    });
  });

  it("warns where it cannot pass the last output, unless that is not wanted", async () => {
    const last = { stdout: "o", stderr: "" };
    await run("true", {}, last);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^Unable to set 'PULUMI_COMMAND_STDOUT'/);
    await run("true", { addPreviousOutputInEnv: false }, last);
    assert.equal(warnings.length, 1);
  });

  it("ends what runs, and what dials, when it is cancelled", async () => {
    const shell = new RemoteShell();
    const started = new Promise<void>((resolve) => {
      const running = shell.run("echo started; sleep 600", { connection: connection() }, NONE, {
        ...screen,
        log: () => resolve(),
      });
      void assert.rejects(running, /exited without exit status/);
    });
    await started;
    const dialling = shell.run("true", { connection: connection({ port: 1, dialErrorLimit: -1 }) }, NONE, screen);
    shell.cancel();
    await assert.rejects(dialling, { message: "context canceled" });
  });
});
