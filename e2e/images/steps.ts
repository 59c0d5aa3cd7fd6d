/** What images are built with. Whatever a step starts ends with this process, also when it is killed. */
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runChild } from "../../engine/child";

export type OnProgress = (line: string) => void;

/** One step: an hour, in ms, for a slow link. */
const STEP_TIMEOUT_MS = 60 * 60_000;

/** Runs a program. @throws Error with the end of what it printed */
export async function run(command: string, args: readonly string[], env = process.env, cwd?: string): Promise<string> {
  const options = { env, timeoutMs: STEP_TIMEOUT_MS, ...(cwd === undefined ? {} : { cwd }) };
  const result = await runChild("setpriv", ["--pdeathsig=KILL", command, ...args], options);
  if (result.code === 0) return result.stdout;
  const tail = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`${command} ${args.join(" ").slice(0, 200)}: ${result.startError?.message ?? tail}`);
}

/** Mounts that a step makes, and processes that it leaves, are seen by nobody else and end with it. */
const apart = ["--mount", "--pid", "--fork", "--kill-child=KILL"];

/** Without what belongs to this machine's user; a proxy is needed inside, too. */
const bareEnv = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name))),
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
});

/** Runs a shell script with `root` as its root directory. */
export const inRoot = (root: string, script: string): Promise<string> =>
  run(
    "unshare",
    [...apart, `--mount-proc=${path.join(root, "proc")}`, "chroot", root, "/bin/sh", "-euc", script],
    bareEnv(),
  );

/** The release of Debian that images are made from. */
export const debian = "bookworm";

/**
 * Removes what no program reads, and the machine's own: as it would be in every image.
 * dpkg then leaves the same out of packages that are installed later.
 */
const slim = `cat > /etc/dpkg/dpkg.cfg.d/slim <<'end'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
end
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/locale/*`;

const tidy = "apt-get clean; rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*";

/** The smallest Debian, into a directory that is not there yet. */
export async function debootstrap(root: string): Promise<void> {
  // A site's own mirror; else debootstrap's own default.
  const mirror = process.env["DEBIAN_MIRROR"];
  const args = ["--variant=minbase", debian, root, ...(mirror === undefined ? [] : [mirror])];
  await run("unshare", [...apart, "--mount-proc", "debootstrap", ...args], bareEnv());
  await inRoot(root, `${slim}; ${tidy}`);
}

export const installPackages = (root: string, packages: readonly string[]): Promise<string> =>
  inRoot(
    root,
    `apt-get -qq update; apt-get -qq install --yes --no-install-recommends ${packages.join(" ")} >/dev/null; ${tidy}`,
  );

/** The user that an image's programs run as. */
export function addUser(root: string, { name, id }: { readonly name: string; readonly id: number }): void {
  appendFileSync(path.join(root, "etc/passwd"), `${name}:x:${id}:${id}::/home/${name}:/bin/sh\n`);
  appendFileSync(path.join(root, "etc/group"), `${name}:x:${id}:\n`);
}

/** What a container runtime mounts over, and nothing else. */
export function emptyRoot(root: string, user: string): void {
  for (const name of ["dev", "proc", "sys", "etc"]) mkdirSync(path.join(root, name), { recursive: true });
  mkdirSync(path.join(root, "tmp"));
  chmodSync(path.join(root, "tmp"), 0o1777);
  writeFileSync(path.join(root, "etc/passwd"), `root:x:0:0::/:/\nnonroot:x:${user}:${user}::/:/\n`);
}
