import { utils, type ParsedKey } from "ssh2";

/** A host key as one line of authorized_keys or known_hosts without the host: its type and its bytes. */
export interface HostKey {
  readonly type: string;
  readonly bytes: Buffer;
}

/** @throws Error with the text of the official plugin */
export function parseHostKey(line: string): HostKey {
  const [type = "", data = ""] = line.trim().split(/\s+/);
  const key = utils.parseKey(`${type} ${data}`);
  if (key instanceof Error) throw new Error("failed to parse host key: ssh: no key found");
  return { type: key.type, bytes: Buffer.from(data, "base64") };
}

/** @throws Error with the text of the official plugin, which tells nothing of the key */
export function parsePrivateKey(text: string, passphrase: string | undefined): ParsedKey {
  const key: ParsedKey | Error = utils.parseKey(text, passphrase);
  if (!(key instanceof Error)) return key;
  if (!/encrypted|passphrase/i.test(key.message)) throw new Error("ssh: no key found");
  throw new Error(
    passphrase === undefined ? "ssh: this private key is passphrase protected" : "x509: decryption password incorrect",
  );
}
