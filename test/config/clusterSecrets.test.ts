import { parseStack } from "../../config/parse";
import { selfSigned } from "./madeCertificates";
import { changed, existing, proxmox, proxmoxSecrets, refuses, secrets, sshKeys } from "./stacks";

/** Everything that a bring-up on Proxmox needs. */
const whole = { ...proxmox, ...proxmoxSecrets };
/** The same on an existing cluster. */
const rented = { ...existing, ...secrets, kubeconfig: "clusters: []\nusers: []\ncontexts: []\n" };
const admin = { name: "admin", email: "admin@k8s.lan", accessLevel: "SuperAdmin" };
const ca = selfSigned("ca", true);
const hashes =
  'make each with `htpasswd -BnC 10 "" | tr -d \':\\n\'` and run `pulumi config set --secret tokenrack:clusterPasswordHashes` with {"<user>": "<hash>"}';
/** Of the password that the article and Deckhouse's own guide print. */
const published = "JDJ5JDEwJEpiNU5taU56TnFESXQvdmxlS2RyenV4OEVRcnB2Ui90UEhLVzZQZC85NFpBTjE0VWdpZGpPCgo=";

const logins = (text: string) => ({ ...rented, imagePullSecret: "registry", registryLogins: text });
const noLogins = (found: string) => [
  `registryLogins: found ${found}; expected JSON like {"auths": {"registry.my.org": {"auth": "<user:password in base64>"}}}, as \`docker login\` writes it; fix: run \`pulumi config set --secret tokenrack:registryLogins\` < config.json, after \`docker login\` with DOCKER_CONFIG set to a directory of its own`,
];

describe("logins of registries", () => {
  it("are taken as docker login writes them", () => {
    parseStack(logins('{"auths":{"registry.lan":{"auth":"dTpw"},"b.lan":{"username":"u","password":"p"}}}'));
  });

  refuses(parseStack, [
    [
      "held by a helper of the desktop",
      logins('{"auths":{"CANARY.lan":{}},"credsStore":"desktop"}'),
      noLogins("text of 50 characters (not shown)"),
    ],
    ["no JSON", logins("CANARY"), noLogins("text of 6 characters (not shown)")],
    [
      "for no Secret",
      { ...rented, registryLogins: '{"auths":{"registry.lan":{"auth":"CANARY"}}}' },
      [
        "imagePullSecret: found nothing, and the secret registryLogins, which no pod would use; expected the name that the Secret with these logins gets; fix: add `imagePullSecret: registry`, or remove the secret",
      ],
    ],
  ]);
});

describe("secrets of a cluster are refused when they are", () => {
  refuses(parseStack, [
    [
      "6: a token of another form",
      changed(whole, "proxmoxApiToken", "CANARY"),
      [
        "proxmoxApiToken: found text of 6 characters (not shown); expected user@realm!id=uuid; fix: run `pulumi config set --secret tokenrack:proxmoxApiToken` and enter user@realm!id=uuid, as `pveum user token add` shows it",
      ],
    ],
    [
      "12: a locked key without its passphrase",
      changed(whole, "hostSshKey", sshKeys.locked),
      [
        "hostSshKey: found a private key that is locked by a passphrase, and no hostSshKeyPassphrase; expected a key that opens; fix: run `pulumi config set --secret tokenrack:hostSshKeyPassphrase`, or make a key without one for this stack alone",
      ],
    ],
    [
      "no key at all",
      changed(whole, "hostSshKey", "CANARY"),
      [
        "hostSshKey: found text of 6 characters (not shown); expected a private key (starts with -----BEGIN OPENSSH PRIVATE KEY----- or another PEM line); fix: run `pulumi config set --secret tokenrack:hostSshKey < key` with the private key that opens the hosts",
      ],
    ],
    [
      "a locked key where nobody can enter a passphrase",
      changed(whole, "nodeSshKey", sshKeys.locked),
      [
        "nodeSshKey: found a private key that is locked by a passphrase, which the installer cannot enter; expected a private key without a passphrase; fix: run `ssh-keygen -t ed25519 -N '' -f node` and `pulumi config set --secret tokenrack:nodeSshKey < node`",
      ],
    ],
    [
      "38: a placeholder",
      changed(changed(whole, "cluster.edition", "EE"), "deckhouseLicenseKey", "license_key"),
      [
        "deckhouseLicenseKey: found a placeholder out of a document (not shown); expected the licence key itself; fix: run `pulumi config set --secret tokenrack:deckhouseLicenseKey` with the key of your licence, or write `cluster.edition: CE`",
      ],
    ],
    [
      "39: the hash of a published password",
      changed(changed(whole, "cluster.users", [admin]), "clusterPasswordHashes", JSON.stringify({ admin: published })),
      [
        `clusterPasswordHashes: found the hash of a published sample, whose password everybody knows; expected bcrypt hashes of your own passwords; fix: ${hashes}`,
      ],
    ],
    [
      "a password where its hash belongs, and a CA's key that is none",
      {
        ...changed(changed(whole, "cluster.users", [admin]), "cluster.internalCa.certificate", ca.certificate),
        ...{ clusterPasswordHashes: '{"admin":"CANARY"}', internalCaKey: "CANARY" },
      },
      [
        `clusterPasswordHashes: found text of 18 characters (not shown); expected JSON like {"<user>": "<hash>"}, each hash bcrypt ($2y$10$..), as it is or in base64; fix: ${hashes}`,
        "internalCaKey: found text of 6 characters (not shown); expected the CA's private key in PEM, without a passphrase; fix: run `pulumi config set --secret tokenrack:internalCaKey < ca.key` with the CA's private key in PEM",
      ],
    ],
    [
      "a hash of another kind, a kubeconfig of none, a token of another hub",
      { ...changed(rented, "kubeconfig", "CANARY: ["), hfToken: "CANARY" },
      [
        "kubeconfig: found text of 9 characters (not shown); expected a kubeconfig: YAML with clusters, users and contexts; fix: run `pulumi config set --secret tokenrack:kubeconfig < kubeconfig.yaml`",
        "hfToken: found text of 6 characters (not shown); expected a token of Hugging Face (hf_...); fix: run `pulumi config set --secret tokenrack:hfToken` with a token of https://huggingface.co/settings/tokens",
      ],
    ],
  ]);
});
