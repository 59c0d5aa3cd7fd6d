import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A Secret's mount as the kubelet makes it: a dated directory, `..data` to it, and one symlink a key through `..data`.
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
 */
export class SecretMount {
  private round = 0;
  private keys: string[] = [];

  constructor(readonly dir: string) {
    mkdirSync(dir);
  }

  /** Replaces all content at once, as an update of the Secret does. */
  put(content: Readonly<Record<string, string>>): void {
    const dated = `..2026_11_22_${(this.round += 1)}`;
    mkdirSync(join(this.dir, dated));
    for (const [name, text] of Object.entries(content))
      writeFileSync(join(this.dir, dated, name), text, { mode: 0o440 });
    symlinkSync(dated, join(this.dir, "..data_tmp"));
    renameSync(join(this.dir, "..data_tmp"), join(this.dir, "..data"));
    const names = Object.keys(content);
    for (const name of names.filter((key) => !this.keys.includes(key)))
      symlinkSync(join("..data", name), join(this.dir, name));
    for (const name of this.keys.filter((key) => !names.includes(key))) unlinkSync(join(this.dir, name));
    if (this.round > 1) rmSync(join(this.dir, `..2026_11_22_${this.round - 1}`), { recursive: true });
    this.keys = names;
  }
}
