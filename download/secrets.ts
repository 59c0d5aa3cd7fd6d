import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, UserFault } from "./faults";

export type SecretName = "token" | "accessKeyId" | "secretAccessKey" | "sessionToken";

/** Reads one credential from the mounted Secret. @returns undefined when the file, or the Secret, is not there */
export type ReadSecret = (name: SecretName) => string | undefined;

function fault(file: string, found: string): UserFault {
  return new UserFault({
    path: file,
    found,
    needed: "one line of printable ASCII",
    fix: `write it again: kubectl create secret generic <name> --from-file=<key>=<file>, and mount it`,
  });
}

/** Credentials come from files only: an environment variable can be read by every child and shows in `kubectl describe`. */
export function secretsIn(directory: string | undefined): ReadSecret {
  return (name) => {
    if (directory === undefined) return undefined;
    const file = join(directory, name);
    let text: string;
    try {
      text = readFileSync(file, "utf8").trim();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw fault(file, `a file that cannot be read (${errorCode(error)})`);
    }
    // A line break or a wide character would make an invalid header, whose error quotes the value.
    if (!/^[\x21-\x7e]+$/.test(text)) throw fault(file, text === "" ? "an empty file" : "text that is no credential");
    return text;
  };
}
