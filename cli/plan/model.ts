/** `--model`: a catalogue id, or a config.json on this machine. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { modelShape, modelShapes, type ModelShape } from "../../catalog/modelShapes";
import { shapeFromConfig } from "../../catalog/shapes/fromConfig";
import type { Fault } from "../../config/errors";
import { inspectDirectory } from "../../local/model";
import { nearestModelIds } from "../../plan/cluster/names";
import { shortName } from "../../plan/explain/words";
import { userDirectory } from "../house";
import { UsageError } from "./usage";

/** A model to plan for. */
export interface GivenModel {
  readonly shape: ModelShape;
  /** Size of the weights, where they lie beside the config.json. */
  readonly weightBytes?: number;
}

/** The catalogue's row by its id, or by the last part of it when only one row has that. */
function fromCatalogue(text: string): ModelShape | undefined {
  const exact = modelShape(text);
  if (exact !== undefined || text.includes("/")) return exact;
  const short = modelShapes.filter(({ id }) => shortName(id).toLowerCase() === text.toLowerCase());
  return short.length === 1 ? short[0] : undefined;
}

const usage = (found: string, needed: string, fix: string): UsageError =>
  new UsageError([{ path: "--model", found, needed, fix }]);

/** "./model", "/models/x", "model/config.json": not an id on the hub, which has one slash at most and no .json. */
const looksLikePath = (text: string): boolean => /^[./~]|\.json$|\/.*\//.test(text);

function fromFile(file: string): GivenModel {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const found = `${file}, which is no JSON (${error instanceof Error ? error.message : String(error)})`;
    throw usage(found, "a model's config.json", "take the file as it is published with the model");
  }
  const directory = dirname(file);
  const named = basename(file) === "config.json" ? basename(directory) : basename(file, ".json");
  const result = shapeFromConfig(config, named);
  if ("faults" in result) {
    throw new UsageError(result.faults.map((own): Fault => ({ ...own, path: `${file}: ${own.path}` })));
  }
  const weightBytes = basename(file) === "config.json" ? inspectDirectory(directory).weightsBytes : undefined;
  return { shape: result.shape, ...(weightBytes === undefined ? {} : { weightBytes }) };
}

/**
 * The model that was asked for.
 * @param from directory that relative paths start from
 * @throws UsageError when nobody knows it, or its config.json cannot be understood
 */
export function givenShape(text: string, from = userDirectory()): GivenModel {
  const shape = fromCatalogue(text);
  if (shape !== undefined) return { shape };
  const path = resolve(from, text);
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "config.json") : path;
  if (existsSync(file)) return fromFile(file);
  if (looksLikePath(text))
    throw usage(`${path}, which is not there`, "a config.json, or a directory with one", "check the path");
  const near = nearestModelIds(
    text,
    modelShapes.map(({ id }) => id),
  );
  throw usage(
    `"${text}", which is neither in the catalogue nor a file or directory with a config.json`,
    "a Hugging Face id of the catalogue, or a path to a config.json",
    `did you mean ${near.join(", ")}?`,
  );
}
