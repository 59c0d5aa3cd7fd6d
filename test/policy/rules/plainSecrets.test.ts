import { plainSecretRule } from "../../../policy/rules/plainSecrets";
import { deployment, holds, object } from "../fixtures";

const env = (...list: readonly object[]) => deployment({ env: list });
const key = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----";

holds(
  plainSecretRule,
  {
    "a secret by reference, and the path of one": [
      env(
        { name: "RAY_AUTH_TOKEN", valueFrom: { secretKeyRef: { name: "ray-token", key: "token" } } },
        { name: "TOKEN_PATH", value: "/run/token" },
        { name: "TOKENIZERS_PARALLELISM", value: "false" },
      ),
    ],
    "a private key in a Secret": [object("core/v1:Secret", { stringData: { key } })],
  },
  {
    "secrets in an environment": [
      [env({ name: "HF_TOKEN", value: "CANARY" }, { name: "DB_PASSWORD", value: "CANARY" })],
      [/^deployment: variable HF_TOKEN holds its secret in the clear/, /DB_PASSWORD/],
    ],
    "a chart's": [
      [object("helm.sh/v3:Release", { values: { extraEnvVars: [{ name: "OPENAI_API_KEY", value: "CANARY" }] } })],
      [/^release: variable OPENAI_API_KEY/],
    ],
    "a private key in a ConfigMap": [
      [object("core/v1:ConfigMap", { data: { "key.pem": key } })],
      [/^configmap: holds a private key and is no Secret/],
    ],
  },
);
