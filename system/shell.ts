/** Text for a POSIX shell. */

/** One word of a shell's command line that stands for `text`, whatever is in it; quoted only where it has to be. */
export const shellQuote = (text: string): string =>
  /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
