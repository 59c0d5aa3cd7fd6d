import { z } from "zod";
import type { StandInResource } from "../provider";
import type { Properties } from "../values";
import { checkWith, plain } from "./checks";
import { ApiError, type Client } from "./client";
import { during } from "./context";
import { diffInputs } from "./diffs";

const schema = z.strictObject({ poolId: z.string(), comment: z.string().optional() });
const foundSchema = z.array(z.object({ comment: z.string().optional() }));

const outputsOf = (inputs: Properties): Properties => ({ ...inputs, members: [] });

/** `proxmoxve:index/poolLegacy:PoolLegacy`. @see bpg v0.111.1 proxmoxtf/resource/pool.go */
export function pool(client: Client): StandInResource {
  const path = (id: string): string => `pools?poolid=${encodeURIComponent(id)}`;
  return {
    check: (news, name) => checkWith(schema, news, name),
    diff: (olds, news) => diffInputs(olds, news, (changed) => changed === "poolId"),
    async create(call, properties) {
      if (call.preview) return { id: "", outputs: outputsOf(properties) };
      const { poolId, comment } = schema.parse(plain(properties));
      await during("error creating pool", () =>
        client.send("POST", "pools", { poolid: poolId, comment: comment ?? "" }),
      );
      await client.send("GET", path(poolId));
      return { id: poolId, outputs: outputsOf(properties) };
    },
    async update(call, _, properties) {
      if (call.preview) return outputsOf(properties);
      const { poolId, comment } = schema.parse(plain(properties));
      await during("error updating pool", () => client.send("PUT", path(poolId), { comment: comment ?? "" }));
      return outputsOf(properties);
    },
    async delete(_, state) {
      const id = z.string().parse(plain(state)["poolId"]);
      try {
        await during("error deleting pool", () => client.send("DELETE", path(id)));
      } catch (error) {
        if (!(error instanceof Error && error.cause instanceof ApiError && error.cause.isMissing)) throw error;
      }
    },
    async read(_, state, inputs) {
      const id = z.string().parse(plain(state)["poolId"]);
      try {
        const [found] = foundSchema.parse(await client.send("GET", path(id)));
        if (found === undefined) return undefined;
        const live: Properties = { ...inputs, comment: found.comment ?? "" };
        if (inputs["comment"] === undefined && live["comment"] === "") delete live["comment"];
        return { inputs: live, outputs: outputsOf(live) };
      } catch (error) {
        if (error instanceof ApiError && error.isMissing) return undefined;
        throw error;
      }
    },
  };
}
