/** An answer other than 200, as Proxmox gives it: the text is in the status line and in the body. */
export class PveError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What is wrong with each parameter; only with 400. */
    readonly errors?: Readonly<Record<string, string>>,
  ) {
    super(message);
  }
}

/** What Perl's `die` becomes. */
export const failed = (message: string): PveError => new PveError(500, message);

/** @see pve-common src/PVE/Exception.pm, raise_perm_exc */
export const denied = (what?: string): PveError =>
  new PveError(403, what === undefined ? "Permission check failed" : `Permission check failed (${what})`);

/** @see pve-common src/PVE/Exception.pm, raise_param_exc */
export const badParameters = (errors: Readonly<Record<string, string>>): PveError =>
  new PveError(400, "Parameter verification failed.", errors);
