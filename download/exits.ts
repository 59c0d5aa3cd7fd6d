/**
 * Exit codes of the Job's program. 75 is EX_TEMPFAIL of BSD's sysexits.h: a Job's podFailurePolicy can tell it from 1.
 * @see https://man.freebsd.org/cgi/man.cgi?query=sysexits
 */
export const EX = { ready: 0, fault: 1, transient: 75 } as const;
