/** Mounts of the volume that the models are on. */

/** A directory of a volume, as a mount takes it; nothing for all of it. */
export function subPath(...directories: readonly (string | undefined)[]): { readonly subPath?: string } {
  const path = directories.filter((one) => one !== undefined).join("/");
  return path === "" ? {} : { subPath: path };
}
