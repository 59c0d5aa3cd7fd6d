/** The environment that Ray and whoever talks to it run in: loopback, token, our own Python modules, caches of ours. */
import { delimiter, join } from "node:path";
import { inherited } from "./environment";
import { markOf } from "./processes";
import { partDirectory, rayTempDirectory } from "./runFiles";

/** Where Ray lives on this machine. */
export interface RayHome {
  readonly runDirectory: string;
  readonly cacheDirectory: string;
  readonly pythonDirectory: string;
}

/** Where Ray reads its token from: a file, so that no process carries it in its environment. */
export function rayTokenFile(runDirectory: string): string {
  return join(partDirectory(runDirectory, "ray"), "token");
}

/** Our own Python modules as Ray's processes see them: a copy, as Python writes compiled files next to what it imports. */
export const pythonModules = (runDirectory: string): string => join(partDirectory(runDirectory, "ray"), "python");

/** Environment of every process that belongs to this Ray. */
export function rayEnvironment({ runDirectory, cacheDirectory, pythonDirectory }: RayHome): NodeJS.ProcessEnv {
  const cache = (name: string): string => join(cacheDirectory, name);
  return {
    ...inherited(),
    ...markOf(runDirectory, "ray"),
    PATH: `${join(pythonDirectory, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    // Where `callback_class` of the Serve config is found.
    PYTHONPATH: pythonModules(runDirectory),
    TMPDIR: rayTempDirectory(runDirectory),
    RAY_AUTH_MODE: "token",
    RAY_AUTH_TOKEN_PATH: rayTokenFile(runDirectory),
    // Ray replaces a loopback address by the machine's own, unless it is told that there is no cluster beyond this machine.
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER: "0",
    RAY_USAGE_STATS_ENABLED: "0",
    VLLM_NO_USAGE_STATS: "1",
    DO_NOT_TRACK: "1",
    // The model is on disk by now: serving asks no hub, and caches stay in ours instead of the home directory.
    HF_HUB_OFFLINE: "1",
    HF_HOME: cache("huggingface"),
    XDG_CACHE_HOME: cache("xdg/cache"),
    XDG_CONFIG_HOME: cache("xdg/config"),
    VLLM_CACHE_ROOT: cache("vllm"),
    TORCHINDUCTOR_CACHE_DIR: cache("inductor"),
    // PyTorch keeps precompiled headers in TMPDIR and not in the cache above: each start would make them again, for 6 s.
    TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS: "0",
    TRITON_CACHE_DIR: cache("triton"),
    TORCH_HOME: cache("torch"),
  };
}
