import type { SourceConfig } from "../config";
import { huggingFace } from "./huggingFace";
import { modelScope } from "./modelScope";
import { s3 } from "./s3";
import type { Source, SourceTools } from "./source";

/** The source that a configuration names. */
export function openSource(config: SourceConfig, tools: SourceTools): Source {
  switch (config.kind) {
    case "huggingface":
      return huggingFace(config, tools);
    case "modelscope":
      return modelScope(config, tools);
    case "s3":
    case "oss":
      return s3(config, tools);
  }
}
