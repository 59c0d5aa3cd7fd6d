/** Who may do what: access-control lists by path. */
import { denied } from "./pveError";
import type { AclEntry, TokenState, World } from "./world";

/** The entry for a path: the deepest one decides, as a role on a path replaces those from above. */
function entryFor(acl: readonly AclEntry[], path: string): AclEntry | undefined {
  const above = acl.filter((entry) => entry.path === "/" || path === entry.path || path.startsWith(`${entry.path}/`));
  return above.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** All privileges of a token on a path. A VM in a pool has those of the pool, too. */
export function privilegesOn(world: World, token: TokenState, path: string): ReadonlySet<string> {
  const own = entryFor(token.acl, path)?.privileges ?? [];
  const vmid = /^\/vms\/(\d+)$/.exec(path)?.[1];
  const pool = vmid === undefined ? undefined : world.pools.find(({ vmids }) => vmids.includes(Number(vmid)));
  const ofPool = pool === undefined ? [] : (entryFor(token.acl, `/pool/${pool.id}`)?.privileges ?? []);
  return new Set([...own, ...ofPool]);
}

/** The questions that a request asks about its token. */
export class Rights {
  constructor(
    private readonly world: World,
    private readonly token: TokenState,
  ) {}

  has(path: string, ...privileges: readonly string[]): boolean {
    const own = privilegesOn(this.world, this.token, path);
    return privileges.every((privilege) => own.has(privilege));
  }

  hasAny(path: string, ...privileges: readonly string[]): boolean {
    return privileges.some((privilege) => this.has(path, privilege));
  }

  /** @throws PveError 403 that names path and privilege */
  need(path: string, ...privileges: readonly string[]): void {
    const missing = privileges.find((privilege) => !this.has(path, privilege));
    if (missing !== undefined) throw denied(`${path}, ${missing}`);
  }

  /** @throws PveError 403 that names path and privileges */
  needAny(path: string, ...privileges: readonly string[]): void {
    if (!this.hasAny(path, ...privileges)) throw denied(`${path}, ${privileges.join("|")}`);
  }

  /** For a VM: a privilege on the pool that it goes into is enough. */
  needOnVm(vmid: number, pool: string | undefined, ...privileges: readonly string[]): void {
    if (pool !== undefined && this.has(`/pool/${pool}`, ...privileges)) return;
    this.need(`/vms/${vmid}`, ...privileges);
  }

  /** The same, where any of the privileges is enough. */
  needAnyOnVm(vmid: number, pool: string | undefined, ...privileges: readonly string[]): void {
    if (pool !== undefined && this.hasAny(`/pool/${pool}`, ...privileges)) return;
    this.needAny(`/vms/${vmid}`, ...privileges);
  }
}
