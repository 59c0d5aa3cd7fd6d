/** What is shown at a public name: the certificate, whether or not it is believed. Nothing is sent there. */
import { isIP } from "node:net";
import { connect, rootCertificates, type PeerCertificate, type TLSSocket } from "node:tls";
import { systemAuthorities } from "../../../system/certificates";
import type { Certificate, TlsFacts } from "../judge/gateway";
import type { Address } from "../options";

/** The authorities that clients on this machine trust, and those of the stack. */
export const authorities = (own: string | undefined): readonly string[] =>
  [...rootCertificates, systemAuthorities() ?? "", own ?? ""].filter((pem) => pem !== "");

/** What to ask. */
export interface TlsQuestion {
  readonly host: string;
  /** Where the name is, in place of its DNS. */
  readonly at?: Address | undefined;
  /** PEM of an authority of the stack's own. */
  readonly ca?: string | undefined;
  readonly issuer?: string | undefined;
  readonly seconds: number;
}

const first = (text: string | string[] | undefined): string => (Array.isArray(text) ? text[0] : text) ?? "";

function certificateOf(peer: PeerCertificate): Certificate {
  const names = (peer.subjectaltname ?? "")
    .split(", ")
    .flatMap((name) => /^(?:DNS|IP Address):(.*)$/.exec(name)?.[1] ?? []);
  const issuer = [first(peer.issuer.CN), first(peer.issuer.O)].find((name) => name !== "") ?? "nobody";
  const common = first(peer.subject.CN);
  return {
    names: names.length > 0 || common === "" ? names : [common],
    issuer,
    validFrom: Date.parse(peer.valid_from),
    validTo: Date.parse(peer.valid_to),
  };
}

type Shown = Pick<TlsFacts, "certificate" | "distrust">;

/** With `rejectUnauthorized` off it is a text at run time: OpenSSL's code. */
const codeOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function shownBy(socket: TLSSocket): Shown {
  const peer = socket.getPeerCertificate();
  if (Object.keys(peer).length === 0) return {};
  const distrust = socket.authorized ? {} : { distrust: codeOf(socket.authorizationError) };
  return { certificate: certificateOf(peer), ...distrust };
}

/** Looks at the certificate of a name. */
export async function lookAtTls({ host, at, ca, issuer, seconds }: TlsQuestion): Promise<TlsFacts> {
  const where = at ?? { host, port: 443 };
  const asked = `${where.host}:${where.port}`;
  const about = { host, asked, ...(issuer === undefined ? {} : { issuer }) };
  const name = isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve) => {
    const end = (seen: Shown | Pick<TlsFacts, "error">): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...about, ...seen, now: Date.now() });
    };
    const fail = (code: string, message: string): void => end({ error: { code, message } });
    // To be told what is shown there; nothing is sent over it.
    const socket = connect({ ...where, ...name, ca: [...authorities(ca)], rejectUnauthorized: false });
    const timer = setTimeout(() => fail("ETIMEDOUT", `nothing in ${seconds} s`), seconds * 1000);
    socket.on("secureConnect", () => end(shownBy(socket)));
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? "", error.message));
  });
}
