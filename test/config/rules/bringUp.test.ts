import { parseStack } from "../../../config/parse";
import { selfSigned } from "../madeCertificates";
import { changed, existing, hash as gatewayHash, proxmox, proxmoxSecrets, refuses, secrets } from "../stacks";

/** Everything that a bring-up on Proxmox needs. */
const whole = { ...proxmox, ...proxmoxSecrets };
/** The same on an existing cluster. */
const rented = { ...existing, ...secrets, kubeconfig: "clusters: []\nusers: []\ncontexts: []\n" };

const user = (name: string) => ({ name, email: `${name}@k8s.lan`, accessLevel: "User" });
const hash = `$2y$10$${"a".repeat(53)}`;
const hashAdvice =
  'make each with `htpasswd -BnC 10 "" | tr -d \':\\n\'` and run `pulumi config set --secret tokenrack:clusterPasswordHashes` with {"<user>": "<hash>"}';
const ca = selfSigned("ca", true);

const ceph = { name: "rbd", clusterId: "x", monitors: ["192.168.2.3:6789"], user: "k8s" };

describe("a bring-up is refused with", () => {
  refuses(parseStack, [
    [
      "3: no token",
      changed(whole, "proxmoxApiToken", undefined),
      [
        "proxmoxApiToken: found nothing; expected a secret; fix: run `pulumi config set --secret tokenrack:proxmoxApiToken` and enter user@realm!id=uuid, as `pveum user token add` shows it",
      ],
    ],
    [
      "5: a token of root",
      changed(whole, "proxmoxApiToken", "root@pam!x=12345678-1234-1234-1234-123456789abc"),
      [
        "proxmoxApiToken: found a token of root@pam, which may do anything (not shown); expected a token of a user made for this, with the privileges that it needs; fix: make one (`pveum user add`, `pveum user token add`), or write `platform.allowRootToken: true`",
      ],
    ],
    [
      "10: a host that anybody could answer for",
      changed(whole, "hosts[0].ssh.hostKey", undefined),
      [
        "hosts[0].ssh.hostKey: found nothing; expected the host's public key: without it anybody could answer in its place; fix: run `ssh-keyscan -t ed25519 <address>`, compare its fingerprint on the host (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), and paste the line",
      ],
    ],
    [
      "38: an edition without its licence",
      changed(whole, "cluster.edition", "EE"),
      [
        "deckhouseLicenseKey: found nothing; expected a licence key, which edition EE needs; fix: run `pulumi config set --secret tokenrack:deckhouseLicenseKey` with the key of your licence, or write `cluster.edition: CE`",
      ],
    ],
    [
      "49: names of examples, and no certificate",
      changed(
        changed(changed(whole, "ingress.host", "openai-api.example.com"), "ingress.tlsIssuer", undefined),
        "platform.endpoint",
        "https://pve1.example.com:8006",
      ),
      [
        "platform.endpoint: found pve1.example.com, a name kept for examples; expected a domain of yours, like pve1.my.org; fix: write your own",
        "ingress.host: found openai-api.example.com, a name kept for examples; expected a domain of yours, like llm.my.org; fix: write your own",
        "ingress.tlsIssuer: found nothing; expected the name of a ClusterIssuer: the API is not served without TLS; fix: add `ingress.tlsIssuer`",
      ],
    ],
    [
      "a certificate's issuer with a Gateway, which has one, and a role that nobody made",
      {
        ...whole,
        ingress: { host: "llm.lan", kind: "gatewayApi", gateway: { name: "public", namespace: "gateways" } },
        gateway: { roles: [{ name: "staff" }] },
        users: JSON.stringify([
          { name: "admin", passwordHash: gatewayHash, scopes: ["chat:write"], models: ["*"], role: "CANARY" },
          { name: "bob", passwordHash: gatewayHash, scopes: ["chat:write"], models: ["*"], role: "staff" },
        ]),
      },
      [
        "users[0].role: found a role that gateway.roles does not have (not shown); expected one of staff; fix: correct it, or add the role to gateway.roles",
      ],
    ],
    [
      "no domain for the platform's pages",
      changed(whole, "cluster.publicDomainTemplate", undefined),
      [
        "cluster.publicDomainTemplate: found nothing; expected a domain of yours, like %s.k8s.my.org; fix: add `cluster.publicDomainTemplate`",
      ],
    ],
    [
      "48: a key that everybody knows, tokens without an end, a quick hash",
      changed(
        changed(changed(whole, "signingKey", "default_jwt_key"), "gateway.tokenLifetimeMinutes", 0),
        "users",
        JSON.stringify([{ name: "admin", passwordHash: "5e88".repeat(16), scopes: [], models: [] }]),
      ),
      [
        "gateway.tokenLifetimeMinutes: found number 0; expected a whole number of minutes from 1 to 1440; fix: correct it, or remove it to get the default",
        "signingKey: found text of 15 characters (not shown); expected an Ed25519 private key (PKCS8 PEM, starts with -----BEGIN PRIVATE KEY-----); fix: run `openssl genpkey -algorithm ed25519 | pulumi config set --secret tokenrack:signingKey`",
        "users[0].passwordHash: found 64 hexadecimal characters: a plain SHA-256, which is quick to guess; expected a scrypt hash ($scrypt$ln=..,r=..,p=..$salt$hash); fix: run `npm run hash-password` and use the line it prints",
      ],
    ],
    [
      "no image, a bootstrap host that anybody could answer for",
      changed(changed(whole, "platform.image", undefined), "cluster.bootstrap.host", { address: "192.168.2.9" }),
      [
        "platform.image: found nothing; expected the image that the VMs start from; fix: add `platform.image` with the `url` of a cloud image of one version, and the `checksum` that its maker publishes",
        "cluster.bootstrap.host.ssh.hostKey: found nothing; expected the host's public key: without it anybody could answer in its place; fix: run `ssh-keyscan -t ed25519 <address>`, compare its fingerprint on the host (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), and paste the line",
      ],
    ],
    [
      "users without a password",
      changed(whole, "cluster.users", [user("ann"), user("bob")]),
      [
        `clusterPasswordHashes: found nothing; expected a bcrypt hash for ann, bob of cluster.users; fix: ${hashAdvice}`,
      ],
    ],
    [
      "a password of nobody, and a user without one",
      { ...changed(whole, "cluster.users", [user("bob")]), clusterPasswordHashes: JSON.stringify({ CANARY: hash }) },
      [
        `clusterPasswordHashes: found no hash of that name (not shown); expected a bcrypt hash for bob of cluster.users; fix: ${hashAdvice}`,
        "cluster.users: found no user for a name in the secret clusterPasswordHashes (not shown); expected whose password it is; fix: add the user, or remove the name from the secret",
      ],
    ],
    [
      "a CA without its key",
      changed(whole, "cluster.internalCa.certificate", ca.certificate),
      [
        "internalCaKey: found nothing; expected the private key of cluster.internalCa.certificate; fix: run `pulumi config set --secret tokenrack:internalCaKey < ca.key` with the CA's private key in PEM",
      ],
    ],
    [
      "a CA with another's key",
      { ...changed(whole, "cluster.internalCa.certificate", ca.certificate), internalCaKey: selfSigned("b", true).key },
      [
        "internalCaKey: found the key of another certificate (not shown); expected the private key of cluster.internalCa.certificate; fix: set the key that belongs to it",
      ],
    ],
    [
      "a key of no CA",
      { ...changed(whole, "cluster.internalCa", {}), internalCaKey: ca.key },
      [
        "cluster.internalCa.certificate: found nothing, and the secret internalCaKey, which nobody would use; expected the CA whose key it is; fix: add the certificate; or remove the secret, and cert-manager makes a CA of its own",
      ],
    ],
    [
      "a Ceph user whose key is another's",
      { ...changed(whole, "cluster.ceph.connections", [ceph]), cephKeys: '{"fs":"QUJDQUJDQUJDQUJDQUJDQUJD"}' },
      [
        'cephKeys: found no key of that name (not shown); expected the key of rbd of cluster.ceph.connections; fix: run `pulumi config set --secret tokenrack:cephKeys` with {"<connection>": "<key>"}; `ceph auth get-key client.<user>` shows a key',
      ],
    ],
    [
      "an existing cluster without its kubeconfig and its name",
      changed(changed(rented, "kubeconfig", undefined), "ingress", {}),
      [
        "ingress.host: found nothing; expected a domain of yours, like llm.my.org; fix: add `ingress.host`",
        "ingress.tlsIssuer: found nothing; expected the name of a ClusterIssuer: the API is not served without TLS; fix: add `ingress.tlsIssuer`",
        "kubeconfig: found nothing; expected a secret; fix: run `pulumi config set --secret tokenrack:kubeconfig < kubeconfig.yaml`",
      ],
    ],
  ]);
});
