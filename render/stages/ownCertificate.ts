/** A certificate for one service of ours, which only those who ask it trust. */
import type { Manifest } from "../manifest";

/**
 * Signs itself: whoever asks the service trusts that one and no other. cert-manager puts it into a Secret of the same name
 * (`tls.crt`, `tls.key`, `ca.crt`) and renews it. Ten years: who serves with it reads it again only when it restarts.
 * @param labels of both objects
 */
export function ownCertificate(
  name: string,
  dnsName: string,
  { namespace, labels }: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): readonly [issuer: Manifest, certificate: Manifest] {
  const metadata = { name, namespace, labels };
  const apiVersion = "cert-manager.io/v1";
  return [
    { apiVersion, kind: "Issuer", metadata, spec: { selfSigned: {} } },
    {
      apiVersion,
      kind: "Certificate",
      metadata,
      spec: {
        secretName: name,
        duration: "87600h",
        dnsNames: [dnsName],
        issuerRef: { name, kind: "Issuer" },
        privateKey: { algorithm: "ECDSA", size: 256 },
      },
    },
  ];
}
