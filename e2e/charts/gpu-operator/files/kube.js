// The API of the cluster, asked as this pod's account.
const { readFileSync } = require("node:fs");
const { request } = require("node:https");

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/** @returns the parsed answer; rejects with what the server says */
exports.ask = (method, path, body) =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const options = {
      method,
      host: process.env.KUBERNETES_SERVICE_HOST,
      port: process.env.KUBERNETES_SERVICE_PORT,
      path,
      ca: readFileSync(`${account}/ca.crt`),
      // Read anew each time: the kubelet renews it.
      headers: {
        authorization: `Bearer ${readFileSync(`${account}/token`, "utf8")}`,
        ...(text === "" ? {} : { "content-type": "application/merge-patch+json" }),
      },
      timeout: 10_000,
    };
    const asked = request(options, (answer) => {
      let said = "";
      answer.on("data", (part) => (said += part));
      answer.on("end", () =>
        answer.statusCode < 300 ? resolve(JSON.parse(said)) : reject(new Error(`${path} ${answer.statusCode} ${said}`)),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error(`${path}: no answer`)));
    asked.on("error", reject);
    asked.end(text);
  });

/** Does it again and again; what goes wrong is told and tried again. */
exports.forever = async (seconds, work) => {
  process.on("SIGTERM", () => process.exit(0));
  for (;;) {
    await work().catch((error) => console.error(error.message));
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
};
