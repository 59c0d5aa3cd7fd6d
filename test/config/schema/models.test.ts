import { parseProfile } from "../../../config/parse";
import { clusterModelSchema } from "../../../config/schema";
import { changed, existing, proxmox, refuses } from "../stacks";

const modelKeys = Object.keys(clusterModelSchema.shape).join(", ");

describe("a model on a cluster is refused with", () => {
  refuses(parseProfile, [
    [
      "45: more memory than the GPU has",
      changed(proxmox, "models[0].gpuMemoryUtilization", 1.5),
      [
        "models[0].gpuMemoryUtilization: found number 1.5; expected a share of the GPU's memory above 0 and at most 1; fix: correct it, or remove it to get the default",
      ],
    ],
    [
      "45: no memory at all",
      changed(existing, "models[0].gpuMemoryUtilization", 0),
      [
        "models[0].gpuMemoryUtilization: found number 0; expected a share of the GPU's memory above 0 and at most 1; fix: correct it, or remove it to get the default",
      ],
    ],
    [
      "47: code of its own",
      changed(proxmox, "models[0].trustRemoteCode", true),
      [
        `models[0].trustRemoteCode: found an unknown key; expected one of ${modelKeys}; fix: remove it: code out of a model's repository is not run`,
      ],
    ],
    [
      "a source that the nodes cannot reach",
      changed(proxmox, "models[0].source", "./llama"),
      [
        'models[0].source: found text "./llama"; expected a Hugging Face id like "org/name"; fix: write the id under which the hub has it; its config.json may be given as `config`',
      ],
    ],
    [
      "pins that are none",
      changed(proxmox, "models[0]", {
        source: "org/name",
        tensorParallel: 0,
        layerPartition: [3],
        dtype: "int8",
        kvCacheDtype: "fp16",
        toolParser: "Hermes!",
      }),
      [
        "models[0].tensorParallel: found number 0; expected a whole number of GPUs from 1 to 64; fix: correct it, or remove it to get the default",
        "models[0].layerPartition: found a list of 1; expected a list of layers for each pipeline rank, such as [31, 31]; fix: correct it, or remove it to get the default",
        'models[0].kvCacheDtype: found text "fp16"; expected auto or fp8; fix: correct it, or remove it to get the default',
        'models[0].dtype: found text "int8"; expected bfloat16 or float16; fix: correct it, or remove it to get the default',
        'models[0].toolParser: found text "Hermes!"; expected the name of one of vLLM\'s parsers: lower-case letters, digits and _; fix: correct it, or remove it to get the default',
      ],
    ],
  ]);
});
