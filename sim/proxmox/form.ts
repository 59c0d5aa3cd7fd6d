import { badParameters } from "./pveError";

/** Parameters of a request. A name may come several times, as `map` of a mapping does. */
export class Form {
  constructor(private readonly parameters: URLSearchParams) {}

  get names(): readonly string[] {
    return [...new Set(this.parameters.keys())];
  }

  get(name: string): string | undefined {
    return this.parameters.get(name) ?? undefined;
  }

  all(name: string): readonly string[] {
    return this.parameters.getAll(name);
  }

  flag(name: string): boolean {
    return this.get(name) === "1";
  }

  /** @throws PveError 400 without it */
  need(name: string): string {
    const value = this.get(name);
    if (value === undefined || value === "") {
      throw badParameters({ [name]: "property is missing and it is not optional" });
    }
    return value;
  }

  /** @throws PveError 400 for every other name: Proxmox's schemas allow no additional properties */
  allowOnly(...patterns: readonly (string | RegExp)[]): void {
    const known = (name: string): boolean =>
      patterns.some((pattern) => (typeof pattern === "string" ? pattern === name : pattern.test(name)));
    const unknown = this.names.filter((name) => !known(name));
    if (unknown.length === 0) return;
    const reason = "property is not defined in schema and the schema does not allow additional properties";
    throw badParameters(Object.fromEntries(unknown.map((name) => [name, reason])));
  }

  /** For the request log: values by name; a list where a name came more than once. */
  toJSON(): Record<string, string | readonly string[]> {
    const entries = this.names.map((name): [string, string | readonly string[]] => {
      const values = this.all(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    });
    return Object.fromEntries(entries);
  }
}
