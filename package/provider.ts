#!/usr/bin/env node
/**
 * The package as a provider, for programs in other languages: the package's `main`, which Pulumi's language host loads by the
 * directory, while importers get `exports`. It answers with the schema that was made at the build (`npm run build:package`):
 * the host's own way (`componentProviderHost`) would need the sources and TypeScript in the package, and would fail at the
 * first component whose arguments are parts of a plan.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { main, type Provider } from "@pulumi/pulumi/provider";
import { z } from "zod";
import { ServedCluster, type ServedClusterArgs } from "./servedCluster";

const schema = readFileSync(join(__dirname, "..", "schema.json"), "utf8");
const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(schema));

const secrets = ["kubeconfig", "rayToken", "signingKey", "users", "firstUserPassword"] as const;

/** Only that the secrets are there: all else is judged by the plan. An SDK made from the schema checks them all before. */
const argsSchema = z.custom<ServedClusterArgs>(
  (value) => typeof value === "object" && value !== null && secrets.every((key) => key in value),
);

const provider: Provider = {
  version,
  schema,
  construct: (name, type, inputs, options) => {
    if (type !== ServedCluster.type)
      throw new pulumi.RunError(`${type}: found no such component; use ${ServedCluster.type}`);
    const args = argsSchema.safeParse(inputs);
    if (!args.success) {
      const missing = secrets
        .filter((key) => !(key in inputs))
        .map((key) => ({ propertyPath: key, reason: "is missing" }));
      throw new pulumi.InputPropertiesError({ message: "arguments are missing", errors: missing });
    }
    const made = new ServedCluster(name, args.data, options);
    const { urn, endpoint, gpus, firstTokens } = made;
    return Promise.resolve({ urn, state: { endpoint, gpus, firstTokens } });
  },
};

void main(provider, process.argv.slice(2));
