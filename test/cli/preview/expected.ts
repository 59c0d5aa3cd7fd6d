/** By case: dangers, exit code, and resources that are created, updated, replaced, deleted. */
export const expected: Readonly<Record<string, readonly [dangers: string[], code: number, counts: number[]]>> = {
  nothing: [[], 0, [0, 0, 0, 0]],
  "a GPU node added": [
    ["reboot: srv8 may reboot", "downtime: every model stops, and the gateway answers 503 for about 2 min 36 s"],
    3,
    [11, 8, 1, 0],
  ],
  "a host without GPUs added": [[], 0, [0, 0, 0, 0]],
  "a GPU in another slot": [
    [
      "reboot: srv1 may reboot",
      "downtime: GPU mapping w-gpu-1-0000:65:00.0 is deleted: its VM is without the GPU meanwhile",
    ],
    3,
    [1, 5, 0, 1],
  ],
  "consent to a reboot": [["reboot: srv2 may reboot"], 3, [0, 5, 0, 0]],
  "more memory for a pool": [[], 2, [0, 3, 0, 0]],
  "a pool on other hosts": [
    [
      "refused: an up refuses: w-db-1..3 are protected, and would go",
      "vm: VM w-db-1..3 deleted and made anew with an empty disk, out of the cluster meanwhile",
    ],
    3,
    [0, 2, 6, 0],
  ],
  "one node less": [["data: VM w-std-6 deleted with disk, drained before"], 3, [0, 2, 0, 3]],
  "a taint renamed": [["downtime: taints of w-db change: pods without that toleration are evicted"], 3, [0, 1, 0, 0]],
  "another image": [[], 2, [0, 0, 10, 0]],
  "another Kubernetes": [["cluster: Kubernetes Automatic -> 1.34: every node is drained in turn"], 3, [0, 2, 0, 0]],
  "a user added": [[], 2, [3, 0, 0, 0]],
  "another model": [
    [
      "downtime: model gemma-3-27b is served no more (but qwen3-14b): who names it gets 404; its files stay",
      "downtime: every model stops, and the gateway answers 503 for about 2 min 33 s",
    ],
    3,
    [2, 5, 2, 3],
  ],
  "a bigger context": [[], 2, [0, 3, 0, 0]],
  "one replica to two": [
    ["downtime: every model stops, and the gateway answers 503 for about 2 min 36 s"],
    3,
    [0, 4, 1, 0],
  ],
  "a larger model store": [[], 2, [0, 1, 0, 0]],
  "another serving image": [
    ["downtime: every model stops, and the gateway answers 503 for about 2 min 36 s"],
    3,
    [0, 2, 1, 0],
  ],
  "another GPU driver": [
    [
      "downtime: GPU driver: node by node, pods with GPUs are evicted and the driver is loaded anew; models on them stop",
    ],
    3,
    [0, 1, 0, 0],
  ],
  "a quota raised": [
    [
      "quota: quota of everybody raised: requests a minute 60 -> 600",
      "quota: quota of everybody lowered: tokens a minute no bound -> 200,000",
    ],
    3,
    [0, 1, 0, 0],
  ],
  "a gateway user added": [[], 2, [0, 1, 0, 0]],
  "another signing key": [
    ["access: another signing key: every token ends, but with the old key as the secret previousSigningKey"],
    3,
    [0, 3, 0, 0],
  ],
  "another API host": [
    [
      "exposure: public name https://llm.lan -> https://ai.lan: clients of the old one are cut off; the new one needs DNS and a certificate",
      "access: every token ends: the API has another name, which tokens carry as their issuer",
    ],
    3,
    [0, 5, 0, 0],
  ],
  "a chat page added": [
    [
      "exposure: NetworkPolicy serving-policy-gateway lets more through",
      "exposure: https://chat.lan is published: a web page whose people use the models",
    ],
    3,
    [6, 3, 0, 0],
  ],
  "a chat page removed": [
    [
      "data: the chat page goes: accounts, chats and uploads on its volume are lost; those in a database of its own stay",
    ],
    3,
    [0, 3, 0, 6],
  ],
  "monitoring off": [["blind: monitoring goes off: no alert tells of a model that does not answer"], 3, [0, 4, 0, 10]],
  "a100: another model": [
    [
      "refused: volume models-volume cannot shrink (313Gi -> 151Gi): the cluster refuses it",
      "downtime: model deepseek-r1-70b is served no more (but qwen3-32b): who names it gets 404; its files stay",
      "downtime: every model stops, and the gateway answers 503 for about 3 min 24 s",
    ],
    3,
    [3, 5, 2, 2],
  ],
  "a100: a bigger context": [
    ["downtime: deepseek-r1-70b starts again in place: about 1 min 59 s without an answer"],
    3,
    [0, 2, 0, 0],
  ],
  "a100: a quota lowered": [["quota: quota of everybody lowered: requests a minute 60 -> 20"], 3, [0, 1, 0, 0]],
  "a100: another storage class of the models": [
    [
      "refused: an up refuses: models-volume is protected, and would go",
      "data: PersistentVolumeClaim models-volume is deleted and made anew, with the data in it; every model is downloaded again",
    ],
    3,
    [0, 0, 1, 0],
  ],
  "a100: another API host": [
    [
      "exposure: public name https://llm.lan -> https://ai.lan: clients of the old one are cut off; the new one needs DNS and a certificate",
      "access: every token ends: the API has another name, which tokens carry as their issuer",
    ],
    3,
    [0, 5, 0, 0],
  ],
  "a100: a gateway user added": [[], 2, [0, 1, 0, 0]],
};
