/** What to do about what an engine, Serve or the scheduler said. The same table as `fix_of` of scripts/serving-wait.sh. */

const fixes: readonly (readonly [RegExp, string])[] = [
  [
    /[Ii]nsufficient|untolerated taint|didn't match/,
    "free the GPUs, or correct the pool's labels, taint or gpusPerNode",
  ],
  [/ImagePull|InvalidImageName/, "check images.ray, and that the nodes reach its registry"],
  [
    /KV cache|max seq len|max_model_len/,
    "lower contextTokens or raise gpuMemoryUtilization; a cold compile cache leaves less: run again",
  ],
  [
    /out of memory|OutOfMemory|less than desired GPU memory utilization/,
    "lower gpuMemoryUtilization, and look for another process on the GPU",
  ],
  [
    /Unknown engine argument|Extra inputs are not permitted/,
    "images.ray has another Ray or vLLM than the plan is made for",
  ],
  [
    /compute capability|not supported on this GPU|no kernel image/,
    "take another format of the model or another dtype: this card has no such kernel",
  ],
  [/config\.json|No such file|not a valid model/, "look at the download of the model: its directory is not whole"],
  [/NCCL|Distributed/, "check the network between the nodes, and that the plan knows which cards have peer-to-peer"],
  [/ImportError|ModuleNotFoundError/, "images.ray lacks a package: take the image of the catalogue"],
];

/** Undefined where nobody knows. The first that fits. */
export const engineFix = (said: string): string | undefined => fixes.find(([pattern]) => pattern.test(said))?.[1];
