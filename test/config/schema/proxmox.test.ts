import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses, sshKeys } from "../stacks";

describe("a stack on Proxmox refuses, of its platform and hosts,", () => {
  refuses(parseProfile, [
    [
      "1: an endpoint on plain http",
      changed(proxmox, "platform.endpoint", "http://10.0.0.2:8006"),
      [
        'platform.endpoint: found text "http://10.0.0.2:8006"; expected an https URL with a port and nothing after it, like "https://pve1.lan:8006"; fix: write `https://10.0.0.2:8006`',
      ],
    ],
    [
      "2: an endpoint without a port",
      changed(proxmox, "platform.endpoint", "https://pve"),
      [
        'platform.endpoint: found text "https://pve"; expected an https URL with a port and nothing after it, like "https://pve1.lan:8006"; fix: write `https://pve:8006`',
      ],
    ],
    [
      "an endpoint with a name and a path",
      changed(proxmox, "platform.endpoint", "https://root:CANARY@pve:8006/api2"),
      [
        'platform.endpoint: found an address with a user or a password in it (not shown); expected an https URL with a port and nothing after it, like "https://pve1.lan:8006"; fix: write `https://pve:8006`',
      ],
    ],
    [
      "4: a token beside the endpoint",
      changed(proxmox, "platform.apiToken", "CANARY"),
      [
        "platform.apiToken: found an unknown key; expected one of kind, endpoint, caCert, allowInsecureTls, allowRootToken, diskStorage, imageStorage, imageShared, image, pool; fix: remove it and run `pulumi config set --secret tokenrack:proxmoxApiToken` with a new token: this one has been seen",
      ],
    ],
    [
      "7: no check of the certificate, in passing",
      changed(proxmox, "platform.insecure", true),
      [
        "platform.insecure: found an unknown key; expected one of kind, endpoint, caCert, allowInsecureTls, allowRootToken, diskStorage, imageStorage, imageShared, image, pool; fix: give the CA's certificate as `caCert`, or write `allowInsecureTls: true`",
      ],
    ],
    [
      "8: no host",
      changed(proxmox, "hosts", []),
      [
        "hosts: found a list of 0; expected at least one host; fix: write one entry for each host: name, address, cores, memoryGib, and its gpus",
      ],
    ],
    [
      "11: a private key where the public one belongs",
      changed(proxmox, "hosts[0].ssh.hostKey", sshKeys.open),
      [
        'hosts[0].ssh.hostKey: found a private key (not shown); expected the host\'s ed25519 or ecdsa public key as one line, like "ssh-ed25519 AAAA...", as `ssh-keyscan -t ed25519` prints it after the address; fix: write the public key, and make a new pair: the private one has been seen',
      ],
    ],
    [
      "a private key beside the host",
      changed(proxmox, "hosts[0].ssh.privateKey", sshKeys.open),
      [
        "hosts[0].ssh.privateKey: found an unknown key; expected one of user, port, hostKey; fix: remove it and run `pulumi config set --secret tokenrack:hostSshKey` with a new key: this one has been seen",
      ],
    ],
    [
      "13: a port that is none",
      changed(proxmox, "hosts[0].ssh.port", 70000),
      [
        "hosts[0].ssh.port: found number 70000; expected a port from 1 to 65535; fix: correct it, or remove it to get the default",
      ],
    ],
    [
      "14: a reboot that is neither",
      changed(proxmox, "hosts[0].reboot", "yes"),
      [
        'hosts[0].reboot: found text "yes"; expected never or ifNeeded; fix: correct it, or remove it to get the default',
      ],
    ],
    [
      "15: a PCI address without its domain",
      changed(proxmox, "hosts[0].gpus[0].pci", "1:00.0"),
      [
        'hosts[0].gpus[0].pci: found text "1:00.0"; expected the full PCI address of a function 0, like "0000:01:00.0" (domain:bus:device.function); fix: write `0000:01:00.0`',
      ],
    ],
    [
      "16: the card's sound instead of the card",
      changed(proxmox, "hosts[0].gpus[0].pci", "0000:01:00.1"),
      [
        'hosts[0].gpus[0].pci: found text "0000:01:00.1"; expected the full PCI address of a function 0, like "0000:01:00.0" (domain:bus:device.function); fix: write `0000:01:00.0`: function .1 is a part of the same card (.1 is its sound), and follows it into the VM',
      ],
    ],
    [
      "18: a mapping and an id",
      changed(changed(proxmox, "hosts[0].gpus[0].mapping", "gpu0"), "hosts[0].gpus[0].id", "0000:01:00"),
      [
        "hosts[0].gpus[0].mapping: found an unknown key; expected one of pci, card, name, slot; fix: remove it: the resource mapping is made from the address",
        "hosts[0].gpus[0].id: found an unknown key; expected one of pci, card, name, slot; fix: remove it: a raw id needs root's password; the resource mapping is made from the address",
      ],
    ],
    [
      "a slot that no card has",
      changed(proxmox, "hosts[0].gpus[0].slot", { generation: 2, width: 12 }),
      [
        "hosts[0].gpus[0].slot.generation: found number 2; expected 3, 4 or 5; fix: correct it, or remove it to get the default",
        "hosts[0].gpus[0].slot.width: found number 12; expected 1, 2, 4, 8 or 16; fix: correct it, or remove it to get the default",
      ],
    ],
    [
      "a host without what must be there",
      changed(proxmox, "hosts[1]", { name: "PVE 2" }),
      [
        'hosts[1].name: found text "PVE 2"; expected 1 to 63 lower-case letters, digits and dashes that start and end with a letter or digit (RFC 1123); fix: write `pve-2`',
        "hosts[1].address: found nothing; expected an IPv4 address or a domain name in lower case; fix: add `hosts[1].address`",
        "hosts[1].cores: found nothing; expected a whole number of threads from 1 to 1024; fix: add `hosts[1].cores`",
        "hosts[1].memoryGib: found nothing; expected a whole number of GiB from 4 to 32768; fix: add `hosts[1].memoryGib`",
      ],
    ],
  ]);
});
